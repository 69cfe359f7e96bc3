"""Stores by the words, schemes and ports that speak of them, where no image tells."""

from __future__ import annotations

import re

WORDS = {
    "postgres": "postgresql", "postgresql": "postgresql", "pg": "postgresql", "postgis": "postgresql",
    "cockroachdb": "other", "mysql": "mysql", "mysqldb": "mysql", "mariadb": "mariadb", "redis": "redis",
    "valkey": "redis", "elasticache": "redis", "memorystore": "redis", "mongo": "mongodb",
    "mongodb": "mongodb", "documentdb": "mongodb", "elasticsearch": "elasticsearch",
    "opensearch": "elasticsearch", "kafka": "kafka", "msk": "kafka", "redpanda": "kafka",
    "rabbitmq": "queue", "amqp": "queue", "nats": "queue", "sqs": "queue", "activemq": "queue",
    "s3": "object-store", "gcs": "object-store", "minio": "object-store", "sqlite": "sqlite",
}  # fmt: skip
SCHEMES = {
    "postgres": "postgresql", "postgresql": "postgresql", "pgsql": "postgresql", "mysql": "mysql",
    "mariadb": "mariadb", "redis": "redis", "rediss": "redis", "valkey": "redis", "mongodb": "mongodb",
    "mongodb+srv": "mongodb", "amqp": "queue", "amqps": "queue", "nats": "queue", "kafka": "kafka",
    "elasticsearch": "elasticsearch",
}  # fmt: skip
PORTS = {
    "5432": "postgresql", "3306": "mysql", "6379": "redis", "27017": "mongodb", "5672": "queue",
    "4222": "queue", "9092": "kafka", "9200": "elasticsearch",
}  # fmt: skip


def by_words(text: str) -> str:
    """The type of the first store that a name speaks of: `orders-postgres`, `AWS::S3`; else ""."""
    words = re.split(r"[^a-z0-9]+", text.lower())
    tidy = (word.rstrip("0123456789") if word not in WORDS else word for word in words)
    return next((WORDS[word] for word in tidy if word in WORDS), "")
