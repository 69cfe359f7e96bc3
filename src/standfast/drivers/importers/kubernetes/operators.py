"""Stores that an operator runs: what they are, how many, and by which Services and Secrets they are reached.

The names of the Services are the operators' own conventions; `{}` stands for the resource's name.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from standfast.drivers.importers import nodes
from standfast.drivers.importers.nodes import at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from standfast.drivers.importers.kubernetes.resource import Resource
    from standfast.spec.tree import Node


@dataclass(frozen=True, slots=True, kw_only=True)
class Operated:
    """`groups` are parts of API groups, since operators change owners and keep their kinds."""

    kind: str
    groups: tuple[str, ...]
    type: str
    services: tuple[str, ...] = ("{}",)
    secrets: tuple[str, ...] = ()  # beginnings or whole names
    count: tuple[str, ...] = ()  # where `spec` says how many
    ephemeral: tuple[str, ...] = ()  # where `spec` would say that its disk is lost with the pod


def _of(
    kind: str,
    groups: str,
    type_: str,
    services: str = "{}",
    *,
    secrets: str = "",
    count: str = "",
    ephemeral: str = "",
) -> Operated:
    return Operated(
        kind=kind,
        groups=tuple(groups.split()),
        type=type_,
        services=tuple(services.split()),
        secrets=tuple(secrets.split()),
        count=tuple(count.split(".")) if count else (),
        ephemeral=tuple(ephemeral.split(".")) if ephemeral else (),
    )


TABLE = (
    _of("Cluster", "postgresql.cnpg.io", "postgresql", "{}-rw {}-ro {}-r",
        secrets="{}-app {}-superuser", count="instances"),
    _of("postgresql", "acid.zalan.do", "postgresql", "{} {}-repl {}-pooler",
        secrets=".{}.credentials.postgresql", count="numberOfInstances"),
    _of("PostgresCluster", "postgres-operator.crunchydata.com", "postgresql",
        "{}-primary {}-replicas {}-ha {}-pgbouncer", secrets="{}-pguser-"),
    _of("PerconaPGCluster", "percona.com", "postgresql", "{}-ha {}-primary {}-replicas {}-pgbouncer",
        secrets="{}-pguser-"),
    _of("SGCluster", "stackgres.io", "postgresql", "{} {}-primary {}-replicas", count="instances"),
    _of("Kafka", "kafka.strimzi.io", "kafka", "{}-kafka-bootstrap {}-kafka-brokers",
        secrets="{}-cluster-ca-cert", count="kafka.replicas", ephemeral="kafka.storage"),
    _of("Redpanda", "cluster.redpanda.com", "kafka", count="clusterSpec.statefulset.replicas"),
    _of("RedisFailover", "databases.spotahome.com", "redis", "rfs-{} rfr-{} rfrm-{} rfrs-{}",
        count="redis.replicas"),
    _of("Redis", "redis.opstreelabs.in", "redis", "{} {}-additional"),
    _of("RedisReplication", "redis.opstreelabs.in", "redis", "{} {}-master {}-replica",
        count="clusterSize"),
    _of("RedisCluster", "redis.opstreelabs.in", "redis", "{}-leader {}-follower {}-master",
        count="clusterSize"),
    _of("RedisEnterpriseDatabase", "app.redislabs.com", "redis", secrets="redb-{}"),
    _of("Dragonfly", "dragonflydb.io", "redis", count="replicas"),
    _of("Elasticsearch", "elasticsearch.k8s.elastic.co", "elasticsearch", "{}-es-http {}-es-transport",
        secrets="{}-es-elastic-user {}-es-http-certs"),
    _of("OpenSearchCluster", "opensearch.opster.io opensearch.org", "elasticsearch"),
    _of("MongoDBCommunity", "mongodbcommunity.mongodb.com", "mongodb", "{}-svc",
        secrets="{}-admin- {}-", count="members"),
    _of("MongoDB", "mongodb.com", "mongodb", "{}-svc", count="members"),
    _of("PerconaServerMongoDB", "psmdb.percona.com", "mongodb", "{}-rs0 {}-mongos {}-cfg"),
    _of("RabbitmqCluster", "rabbitmq.com", "queue", "{} {}-nodes", secrets="{}-default-user",
        count="replicas"),
    _of("ActiveMQArtemis", "broker.amq.io", "queue", "{}-hdls-svc {}-ss",
        count="deploymentPlan.size"),
    _of("NatsCluster", "nats.io", "queue", count="size"),
    _of("InnoDBCluster", "mysql.oracle.com", "mysql", "{} {}-instances", count="instances"),
    _of("PerconaXtraDBCluster", "pxc.percona.com", "mysql", "{}-haproxy {}-pxc {}-proxysql {}-haproxy-replicas",
        count="pxc.size"),
    _of("PerconaServerMySQL", "ps.percona.com", "mysql", "{}-haproxy {}-mysql {}-router",
        count="mysql.size"),
    _of("VitessCluster", "planetscale.com", "mysql", "{}-vtgate"),
    _of("MariaDB", "mariadb.com mariadb.mmontes.io", "mariadb", "{} {}-primary {}-secondary",
        count="replicas"),
    _of("Tenant", "minio.min.io", "object-store", "minio {}-hl {}-console"),
    _of("CassandraDatacenter", "cassandra.datastax.com", "other", "{}-service", count="size"),
    _of("K8ssandraCluster", "k8ssandra.io", "other", "{}-dc1-service"),
    _of("ScyllaCluster", "scylladb.com", "other", "{}-client"),
    _of("ClickHouseInstallation", "altinity.com", "other", "clickhouse-{}"),
    _of("CrdbCluster", "cockroachlabs.com", "other", "{}-public {}", count="nodes"),
    _of("TidbCluster", "pingcap.com", "mysql", "{}-tidb"),
    _of("ZookeeperCluster", "zookeeper.pravega.io", "other", "{}-client {}-headless",
        count="replicas"),
    _of("EtcdCluster", "etcd", "other", "{} {}-client"),
    *(
        _of(kind, "kubedb.com", type_, "{} {}-pods {}-standby", secrets="{}-auth", count="replicas")
        for kind, type_ in (
            ("Postgres", "postgresql"), ("MySQL", "mysql"), ("MariaDB", "mariadb"), ("Redis", "redis"),
            ("MongoDB", "mongodb"), ("Elasticsearch", "elasticsearch"), ("Kafka", "kafka"),
            ("RabbitMQ", "queue"),
        )
    ),
)  # fmt: skip


def operated(one: Resource) -> Operated | None:
    for row in TABLE:
        if row.kind == one.kind and any(group in one.group for group in row.groups):
            return row
    return None


def count(one: Resource, row: Operated) -> Node | None:
    """The node that says how many of it run, where it is one number."""
    found = at(one.spec, *row.count) if row.count else None
    if found is None and row.kind == "Elasticsearch":
        sets = [at(each, "count") for each in nodes.items(one.spec, "nodeSets")]
        return (
            sets[0] if len(sets) == 1 else None
        )  # masters and data nodes are no replicas of each other
    if found is None and row.kind == "PostgresCluster":
        sets = [at(each, "replicas") for each in nodes.items(one.spec, "instances")]
        return sets[0] if len(sets) == 1 else None
    return found if found is not None and nodes.number(found) is not None else None


def services(one: Resource, row: Operated) -> Iterator[str]:
    for pattern in row.services:
        yield pattern.format(one.name)
        if one.was:
            yield pattern.format(one.was)


def owns_secret(one: Resource, row: Operated, secret: str) -> bool:
    for pattern in row.secrets:
        name = pattern.format(one.name)
        if secret == name or (name.endswith("-") and secret.startswith(name)):
            return True
        if name.startswith(".") and name in f".{secret}":
            return True
    return False


def is_ephemeral(one: Resource, row: Operated) -> Node | None:
    """The node that says that the data goes with the pod."""
    found = at(one.spec, *row.ephemeral) if row.ephemeral else None
    return at(found, "type") if nodes.text(found, "type") == "ephemeral" else None
