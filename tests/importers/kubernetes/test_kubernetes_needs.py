"""Who needs whom, by what manifests tell: variables, files, commands, policies, Secrets."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from imported_drafts import cited, deployment, edges, env, facts, notes
from standfast.spec.drafting.draft import Draft, NoteKind

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DB_HOST", "db"),
        ("ANY", "db:5432"),
        ("ANY", "postgresql://user@db:5432/orders"),
        ("ANY", "jdbc:postgresql://db/orders"),
        ("DB_HOST", "db.shop"),
        ("WHATEVER", "db.shop.svc"),
        ("WHATEVER", "db.shop.svc.cluster.local:5432"),
        ("DSN", "host=db port=5432 user=app"),
        ("PEERS", "other.example.com:99,db:5432"),
        ("STORES", "dnssrv+_postgres._tcp.db.shop:5432"),
        ("STORE_ENDPOINT", "dnssrvnoa+_postgres._tcp.db.shop.svc"),
        ("ANY", "dns+db:5432"),
        ("ANY", "http://$(DB_SERVICE_HOST):$(DB_SERVICE_PORT)/x"),
    ],
)
def test_an_address_in_a_variable_is_an_edge(
    read: Callable[..., Draft], name: str, value: str
) -> None:
    meta = ", namespace: shop"
    app = deployment("api", meta=meta, env=env(**{name: value}))
    found = read(app + deployment("db", "postgres:16", port="5432", meta=meta))
    assert "api -> db" in edges(found)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DB_NAME", "db"),  # the database's name, not its host
        ("DB_USER", "db"),
        ("IMAGE", "db:5432"),
        ("DB_HOST", "db.other"),  # another namespace has no such Service here
        ("DB_URL", "https://db.io/docs"),
        ("SELF_URL", "http://api:80"),
    ],
)
def test_a_word_that_is_no_address_of_it_is_no_edge(
    read: Callable[..., Draft], name: str, value: str
) -> None:
    found = read(deployment("api", env=env(**{name: value})) + deployment("db", "postgres:16"))
    assert edges(found) == set()


def test_an_edge_cites_every_place_that_says_it(read: Callable[..., Draft]) -> None:
    app = deployment("api", env=env(DB_HOST="db") + ",\n          " + env(DB_URL="http://db:1234"))
    found = read(app + deployment("db", "postgres:16"))
    assert cited(found, "api.needs.db") == ["all.yaml:11", "all.yaml:12"]
    assert facts(found)["api.needs.db"] is None  # its strength is for somebody to say


def test_only_what_users_cannot_miss_is_soft(read: Callable[..., Draft]) -> None:
    app = deployment("api", env=env(OTLP_URL="http://otel:4317", DB_HOST="db"))
    found = read(
        app + deployment("otel", "otel/opentelemetry-collector:1") + deployment("db", "postgres:18")
    )
    assert facts(found)["api.needs.otel.strength"] == "soft"
    assert "api.needs.db.strength" not in facts(found)


def test_variables_are_read_out_of_config_maps(read: Callable[..., Draft]) -> None:
    found = read(
        deployment("db", "postgres:16")
        + deployment("cache", "redis:7")
        + """
---
apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
data: {DB_HOST: db, cache.address: "cache:6379", UNUSED_HOST: nobody}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: api}
spec:
  template:
    metadata: {labels: {app: api}}
    spec:
      containers:
        - name: api
          image: team/api
          envFrom: [{configMapRef: {name: settings}}]
        - name: second
          image: team/second
          env: [{name: CACHE, valueFrom: {configMapKeyRef: {name: settings, key: cache.address}}}]
"""
    )
    assert edges(found) == {"api -> db", "api -> cache"}


def test_a_mounted_file_tells_of_others_line_by_line(read: Callable[..., Draft]) -> None:
    found = read(
        deployment("api")
        + """
---
apiVersion: v1
kind: ConfigMap
metadata: {name: nginx}
data:
  default.conf: |
    # proxy_pass http://old:80;
    location / {
      proxy_pass http://api:80;
    }
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: proxy}
spec:
  template:
    metadata: {labels: {app: proxy}}
    spec:
      containers: [{name: proxy, image: "nginx:1.29"}]
      volumes: [{name: conf, configMap: {name: nginx}}]
"""
    )
    assert edges(found) == {"proxy -> api"}
    assert cited(found, "proxy.needs.api") == ["all.yaml:26"]


def test_commands_and_init_containers_name_whom_they_wait_for(read: Callable[..., Draft]) -> None:
    found = read(
        deployment("db", "postgres:16")
        + deployment("redis", "redis:7")
        + deployment("queue", "rabbitmq:4")
        + """
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: api}
spec:
  template:
    metadata: {labels: {app: api}}
    spec:
      initContainers:
        - {name: wait, image: busybox, command: [sh, -c, "until nc -z db 5432; do sleep 1; done"]}
      containers:
        - {name: api, image: team/api, args: [--redis, "redis:6379", --queue-host=queue]}
"""
    )
    assert edges(found) == {"api -> db", "api -> redis", "api -> queue"}


def test_a_pod_of_a_stateful_set_is_reached_by_its_headless_service(
    read: Callable[..., Draft],
) -> None:
    found = read(
        deployment("api", env=env(BROKERS="kafka-0.brokers:9092,kafka-1.brokers.default.svc:9092"))
        + """
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: kafka}
spec:
  serviceName: brokers
  replicas: 3
  template:
    metadata: {labels: {app: kafka}}
    spec: {containers: [{name: kafka, image: "apache/kafka:4.1"}]}
  volumeClaimTemplates: [{metadata: {name: data}}]
---
apiVersion: v1
kind: Service
metadata: {name: brokers}
spec: {clusterIP: None, selector: {app: kafka}, ports: [{port: 9092}]}
"""
    )
    assert edges(found) == {"api -> kafka"}
    assert facts(found)["kafka.replicas"] == 3


def test_network_policies_are_edges_that_say_how_weak_they_are(read: Callable[..., Draft]) -> None:
    found = read(
        deployment("api")
        + deployment("db", "postgres:16")
        + """
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: db}
spec:
  podSelector: {matchLabels: {app: db}}
  ingress: [{from: [{podSelector: {matchLabels: {app: api}}}]}]
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: nobody}
spec: {podSelector: {}, policyTypes: [Ingress]}
"""
    )
    assert edges(found) == {"api -> db"}
    assert any("by a NetworkPolicy alone" in said for said in notes(found, NoteKind.DETECTED))


def test_an_external_name_is_something_outside_or_another_service(
    read: Callable[..., Draft],
) -> None:
    found = read(
        deployment("api", env=env(DB_HOST="db", MAIL_HOST="mail"))
        + deployment("smtp", meta=", namespace: infra")
        + """
---
apiVersion: v1
kind: Service
metadata: {name: db}
spec: {type: ExternalName, externalName: orders.abc.eu-west-1.rds.amazonaws.com, ports: [{port: 5432}]}
---
apiVersion: v1
kind: Service
metadata: {name: mail}
spec: {type: ExternalName, externalName: smtp.infra.svc.cluster.local}
"""
    )
    assert edges(found) == {"api -> db", "api -> smtp"}
    assert facts(found)["db.type"] == "external"
    assert facts(found)["db.address"] == "orders.abc.eu-west-1.rds.amazonaws.com:5432"


def test_a_store_that_only_a_connection_string_knows_is_a_component_and_told(
    read: Callable[..., Draft],
) -> None:
    values = env(DATABASE_URL="postgres://app@orders-db.example.net:5432/x", REDIS_HOST="sessions")
    found = read(deployment("api", env=values))
    assert facts(found)["orders-db.type"] == "postgresql"
    assert facts(found)["orders-db.address"] == "orders-db.example.net:5432"
    assert facts(found)["sessions.type"] == "redis"
    assert len([one for one in notes(found, NoteKind.DETECTED) if "no source defines" in one]) == 2


def test_a_host_that_nothing_defines_is_told_and_not_made_up(read: Callable[..., Draft]) -> None:
    found = read(deployment("api", env=env(STRIPE_URL="https://api.stripe.com/v1")))
    assert found.names("components") == ("api",)
    assert any("api.stripe.com" in one for one in notes(found, NoteKind.DETECTED))


def test_a_switch_is_no_host(read: Callable[..., Draft]) -> None:
    found = read(deployment("operator", env=env(KUBELET_ENDPOINT="true")))
    assert not any("true" in one for one in notes(found, NoteKind.DETECTED))
