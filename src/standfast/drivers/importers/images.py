"""What runs in a container, told by its image's name: a database, a tool of developers, one's own service."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What a container is for; only some of it is part of the system."""

    STORE = "store"  # keeps data
    GATEWAY = "gateway"  # takes requests from outside
    PART = "part"  # somebody's program, part of the system
    COLLECTOR = "collector"  # telemetry is sent to it; without it users notice nothing
    FLAGS = "flags"  # feature flags; clients keep defaults
    MONITOR = "monitor"  # looks at the others
    TOOL = "tool"  # of developers: an admin page, a mail catcher, a load generator
    OPERATOR = "operator"  # looks after containers or backups


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    role: Role
    type: str = ""  # as the reliability file calls it; "" is not told by the image
    what: str = ""  # "clickhouse": a store for which the file has no type of its own


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Names without registry, owner and tag; a trailing "-server", "-alpine" or version is taken off first.
_TYPES = {
    "postgresql": "postgres postgresql postgresql-repmgr postgis timescaledb timescaledb-ha pgvector "
    "pgvecto-rs spilo citus paradedb crunchy-postgres postgres-ha edb-postgres vectorchord",
    "mysql": "mysql percona percona-xtradb-cluster mysql-cluster tidb",
    "mariadb": "mariadb mariadb-galera",
    "redis": "redis redismod redis-stack redis-cluster valkey valkey-cluster keydb dragonfly garnet",
    "mongodb": "mongo mongodb mongodb-community mongodb-sharded ferretdb",
    "elasticsearch": "elasticsearch opensearch elasticsearch-oss",
    "kafka": "kafka cp-kafka redpanda kafka-native confluent-local",
    "queue": "rabbitmq nats nats-streaming activemq activemq-artemis activemq-classic pulsar emqx mosquitto "
    "eclipse-mosquitto nsq beanstalkd hivemq4 elasticmq",
    "object-store": "minio seaweedfs garage rustfs azurite fake-gcs s3mock ceph",
    "search": "solr meilisearch typesense manticore sonic zincsearch",
}  # fmt: skip
_OTHER_STORES = (
    "clickhouse cassandra scylla influxdb neo4j mssql sqlserver azure-sql-edge couchdb couchbase qdrant "
    "weaviate milvus chroma cockroach yugabyte etcd zookeeper cp-zookeeper consul vault rethinkdb "
    "arangodb dgraph surrealdb questdb dynamodb-local oracle-free oracle-xe firebird victoria-metrics immudb "
    "druid trino hazelcast ignite aerospike cp-schema-registry schema-registry openldap"
)  # fmt: skip
_GATEWAYS = (
    "nginx traefik caddy haproxy envoy kong httpd apache nginx-proxy nginx-unprivileged openresty apisix "
    "tyk-gateway krakend varnish nginx-proxy-manager swag oauth2-proxy cloudflared docker-letsencrypt"
)  # fmt: skip
_COLLECTORS = (
    "opentelemetry-collector opentelemetry-collector-contrib otelcol jaeger all-in-one zipkin tempo loki "
    "fluentd fluent-bit vector agent datadog-agent statsd graphite graphite-statsd pyroscope apm apm-agent "
    "otel-lgtm alloy logstash signoz-otel-collector jaeger-collector jaeger-query aspire-dashboard seq "
    "splunk graylog skywalking-oap-server telegraf pushgateway statsd-exporter"
)  # fmt: skip
_FLAGS = "flagd unleash flipt flagsmith growthbook go-feature-flag launchdarkly-relay ld-relay"
_MONITORS = (
    "prometheus grafana grafana-oss grafana-enterprise alertmanager cadvisor node-exporter promtail kibana "
    "opensearch-dashboards netdata uptime-kuma blackbox-exporter thanos kiali cortex karma filebeat "
    "metricbeat heartbeat parca gatus vmagent vmalert perses sitespeed.io graphite-exporter chronograf "
    "newrelic-infrastructure zabbix-agent healthchecks prometheus-node-exporter"
)  # fmt: skip
_TOOLS = (
    "adminer phpmyadmin pgadmin pgadmin4 pgweb mailhog mailpit mailcatcher maildev smtp4dev inbucket "
    "fake-smtp redis-commander redisinsight redisinsight2 phpredisadmin mongo-express kafka-ui kafdrop akhq "
    "redpanda-console console portainer portainer-ce dozzle swagger-ui swagger-editor k6 locust selenium "
    "standalone-chrome standalone-firefox cypress playwright storybook ngrok wiremock mockserver "
    "elasticvue cerebro dejavu cloudbeaver sqlpad dbgate localstack toxiproxy jupyter mitmproxy "
    "webgrind xdebug gremlins beekeeper docker-compose-wait wait-for-it dockerize wait hello-world greenmail "
    "papercut-smtp kafkacat kcat mermaid-live-editor"
)  # fmt: skip
_OPERATORS = (
    "watchtower autoheal ofelia docker-socket-proxy diun postgres-backup postgres-backup-local "
    "postgres-backup-s3 postgres-s3-backup docker-volume-backup volume-backup pgbackrest mysql-backup "
    "docker-gen letsencrypt-nginx-proxy-companion acme-companion docker-letsencrypt-nginx-proxy-companion "
    "certbot dind docker-pgautoupgrade pgautoupgrade restic duplicati rclone"
)  # fmt: skip
_EXPORTER = re.compile(r"[a-z0-9][-_]exporter([-_]|$)")
# One's own image of a database is called after it: shop-mongodb, orders_mysql.
_ENGINES = {
    "mongodb": "mongodb", "mongo": "mongodb", "mysql": "mysql", "mariadb": "mariadb",
    "postgres": "postgresql", "postgresql": "postgresql", "postgis": "postgresql", "redis": "redis",
    "rabbitmq": "queue",
    "elasticsearch": "elasticsearch", "opensearch": "elasticsearch", "minio": "object-store",
}  # fmt: skip
_NO_ENGINE = _words(
    "backup backups exporter admin ui client sync proxy operator commander meta migrator migrate migrations "
    "etl init setup job tools cli worker consumer producer connector bridge monitor insight"
)
_ENDING = re.compile(
    r"[-_](server|alpine|debian|slim|docker|image|standalone|ha|ce|ee|oss|v?\d[\d.]*)$"
)
_VERSION = re.compile(r"(?<=[a-z])[-_]?\d+(\.\d+)*$")


def _table() -> dict[str, Kind]:
    table: dict[str, Kind] = {}
    for kind, names in _TYPES.items():
        role = Role.STORE
        table |= {name: Kind(role=role, type=kind) for name in names.split()}
    table |= {one: Kind(role=Role.STORE, type="other", what=one) for one in _OTHER_STORES.split()}
    table |= {one: Kind(role=Role.GATEWAY, type="http") for one in _GATEWAYS.split()}
    for role, names in (
        (Role.COLLECTOR, _COLLECTORS),
        (Role.FLAGS, _FLAGS),
        (Role.MONITOR, _MONITORS),
        (Role.TOOL, _TOOLS),
        (Role.OPERATOR, _OPERATORS),
    ):
        table |= {one: Kind(role=role, type="other", what=one) for one in names.split()}
    return table


_TABLE = _table()
# Whole names, where the last word alone would say something else.
_WHOLE = {
    "memcached": Kind(
        role=Role.PART, type="other", what="memcached"
    ),  # a cache: nothing in it is kept
    "library/memcached": Kind(role=Role.PART, type="other", what="memcached"),
    "bitnami/memcached": Kind(role=Role.PART, type="other", what="memcached"),
    "minio/mc": Kind(role=Role.TOOL, what="mc"),
    "grafana/agent": Kind(role=Role.COLLECTOR, type="other", what="agent"),
    "datadog/agent": Kind(role=Role.COLLECTOR, type="other", what="agent"),
    "temporalio/server": Kind(role=Role.PART),
    "jaegertracing/all-in-one": Kind(role=Role.COLLECTOR, type="other", what="jaeger"),
    "provectuslabs/kafka-ui": Kind(role=Role.TOOL, what="kafka-ui"),
    "redpandadata/console": Kind(role=Role.TOOL, what="redpanda-console"),
    "tecnativa/docker-socket-proxy": Kind(role=Role.OPERATOR, what="docker-socket-proxy"),
    "datalust/seq": Kind(role=Role.COLLECTOR, type="other", what="seq"),
    "timberio/vector": Kind(role=Role.COLLECTOR, type="other", what="vector"),
    "mcr.microsoft.com/mssql/server": Kind(role=Role.STORE, type="other", what="mssql"),
}
_AMBIGUOUS = _words("agent console wait vector apm ceph sonic chroma seq")
# Words that people call their own services by, too.
_WORDS = _words(
    "agent console wait vector seq heartbeat swag garage druid ignite consul vault sonic chroma loki tempo "
    "karma alloy parca healthchecks apache envoy percona storybook cypress dragonfly garnet solr locust"
)
_OWN = Kind(role=Role.PART)


def image_name(image: str) -> str:
    """Without registry host, tag and digest: `ghcr.io/team/shop:1.2@sha256:…` is `team/shop`."""
    name = image.partition("@")[0]
    head, slash, last = name.rpartition("/")
    name = f"{head}{slash}{last.partition(':')[0]}".lower()
    first, slash, rest = name.partition("/")
    registry = slash and ("." in first or ":" in first or first == "localhost")
    return rest if registry else name


def kind_of(image: str) -> Kind:
    """What an image is known to be; one's own programs and what is not known are a `PART`."""
    name = image_name(image)
    if name in _WHOLE:
        return _WHOLE[name]
    owner, _, last = name.rpartition("/")
    if _EXPORTER.search(last):
        return Kind(role=Role.MONITOR, type="other", what=last)
    for candidate in _shortened(last):
        if candidate in _TABLE and (candidate not in _AMBIGUOUS or owner in ("", "library")):
            return _TABLE[candidate]
    return _engine(last) or _OWN


def kind_by_name(name: str) -> Kind:
    """What is built here is judged by what it is called, where the name leaves no doubt: `redis`, `grafana`."""
    for candidate in _shortened(name.lower()):
        if candidate in _TABLE and candidate not in _AMBIGUOUS and candidate not in _WORDS:
            return _TABLE[candidate]
    return _engine(name.lower()) or _OWN


def _engine(name: str) -> Kind | None:
    words = re.split(r"[-_.]", name)
    if len(words) > 1 and words[-1] in _ENGINES and not _NO_ENGINE & {*words}:
        return Kind(role=Role.STORE, type=_ENGINES[words[-1]])
    return None


def _shortened(name: str) -> list[str]:
    """The name, and what is left of it without endings that say how it was built."""
    found = [name]
    while True:
        shorter = _ENDING.sub("", found[-1])
        shorter = _VERSION.sub("", shorter) if shorter == found[-1] else shorter
        if shorter in (found[-1], ""):
            return found
        found.append(shorter)
