"""What of a cluster is a component, and what is not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from imported_drafts import cited, deployment, draft, edges, env, facts, notes
from standfast.drivers.importers.kubernetes.importer import Kubernetes
from standfast.spec.drafting.draft import Draft, NoteKind

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def test_versions_behind_one_service_are_one_component(read: Callable[..., Draft]) -> None:
    both = "".join(
        f"""
---
apiVersion: apps/v1
kind: Deployment
metadata: {{name: reviews-{version}}}
spec:
  replicas: 2
  template:
    metadata: {{labels: {{app: reviews, version: {version}}}}}
    spec: {{containers: [{{name: reviews, image: "team/reviews:{version}"}}]}}
"""
        for version in ("v1", "v2")
    )
    service = "---\napiVersion: v1\nkind: Service\nmetadata: {name: reviews}\n"
    service += "spec: {selector: {app: reviews}}\n"
    found = read(both + service)
    assert found.names("components") == ("reviews",)
    assert facts(found)["reviews.replicas"] == 4
    assert cited(found, "reviews.replicas") == ["all.yaml:7", "all.yaml:17"]


def test_two_namespaces_with_the_same_name_are_two_components(read: Callable[..., Draft]) -> None:
    found = read(
        deployment("api", meta=", namespace: orders", env=env(DB_HOST="db"))
        + deployment("db", "postgres:16", meta=", namespace: orders")
        + deployment("db", "mysql:9", meta=", namespace: billing")
    )
    assert set(found.names("components")) == {"api", "orders-db", "billing-db"}
    assert edges(found) == {"api -> orders-db"}


def test_of_two_environments_production_is_read_and_the_other_told(
    read: Callable[..., Draft],
) -> None:
    found = read(
        dev__api=deployment("api", "nginx:1"),
        prod__api=deployment("api", "team/api:9").replace(
            "spec:\n  sel", "spec:\n  replicas: 3\n  sel"
        ),
    )
    assert found.names("components") == ("api",)
    assert facts(found)["api.replicas"] == 3
    assert any("dev not read" in one for one in notes(found, NoteKind.SKIPPED))


def test_environments_told_apart_by_namespace_are_not_doubled(read: Callable[..., Draft]) -> None:
    found = read(
        deployment("api", meta=", namespace: shop-staging")
        + deployment("api", meta=", namespace: shop-prod")
    )
    assert found.names("components") == ("api",)
    assert facts(found)["system.name"] == "shop-prod"
    assert any("shop-staging" in one for one in notes(found, NoteKind.SKIPPED))


def test_jobs_system_namespaces_and_rights_are_left_in_one_line_each(
    read: Callable[..., Draft],
) -> None:
    found = read(
        deployment("api")
        + deployment("coredns", meta=", namespace: kube-system")
        + """
---
apiVersion: batch/v1
kind: Job
metadata: {name: migrate}
spec: {template: {spec: {containers: [{name: m, image: team/api}]}}}
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: report}
spec:
  jobTemplate: {spec: {template: {spec: {containers: [{name: r, image: team/api,
    env: [{name: API_URL, value: "http://api"}]}]}}}}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: a}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: b}
---
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: {name: c}
"""
    )
    assert found.names("components") == ("api", "report")
    assert facts(found)["report.type"] == "cron"
    assert edges(found) == {"report -> api"}
    skipped = notes(found, NoteKind.SKIPPED)
    assert len(skipped) == 3
    assert any("Job migrate" in one for one in skipped)
    assert any("Deployment coredns" in one for one in skipped)
    assert any("1 ClusterRole, 1 ServiceAccount" in one for one in skipped)
    assert any("Certificate" in one for one in notes(found, NoteKind.UNSUPPORTED))


def test_load_generators_and_admin_pages_are_no_part_of_the_system(
    read: Callable[..., Draft],
) -> None:
    found = read(
        deployment("api")
        + deployment("loadgenerator", "team/loadgenerator")
        + deployment("tool", "adminer:5")
    )
    assert found.names("components") == ("api",)


def test_who_only_watches_is_left_out_and_a_monitoring_system_is_not(
    read: Callable[..., Draft], tmp_path: Path
) -> None:
    watching = deployment("prometheus", "prom/prometheus:v3")
    found = read(deployment("api") + watching)
    assert found.names("components") == ("api",)
    alone = draft(Kubernetes(), tmp_path / "alone", {"all.yaml": watching})
    assert alone.names("components") == ("prometheus",)


def test_a_sidecar_is_not_the_work_and_its_collector_no_need(read: Callable[..., Draft]) -> None:
    found = read(
        deployment("collector")
        + """
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: db}
spec:
  template:
    metadata: {labels: {app: db}}
    spec:
      containers:
        - {name: istio-proxy, image: "istio/proxyv2:1.28", env: [{name: T_URL, value: "http://collector"}]}
        - {name: pg, image: "postgres:18"}
"""
    )
    assert facts(found)["db.type"] == "postgresql"
    assert edges(found) == set()


def test_backstage_ids_name_the_component(read: Callable[..., Draft]) -> None:
    text = deployment("shop-api-7f").replace(
        "labels: {app: shop-api-7f}",
        "labels: {app: shop-api-7f, backstage.io/kubernetes-id: shop-api}",
    )
    assert read(text).names("components") == ("shop-api",)


def test_lists_in_json_are_opened(tmp_path: Path) -> None:
    one = (
        '{"apiVersion": "v1", "kind": "List", "items": [{"apiVersion": "v1", "kind": "Pod", "metadata": '
        '{"name": "web"}, "spec": {"containers": [{"name": "web", "image": "nginx:1"}]}}]}'
    )
    found = draft(Kubernetes(), tmp_path, {"all.json": one})
    assert found.names("components") == ("web",)


@pytest.mark.parametrize(
    ("kind", "body", "names"),
    [
        ("argoproj.io/v1alpha1 Rollout", "spec: {replicas: 2, template: {%s}}", ("x",)),
        ("apps/v1 DaemonSet", "spec: {template: {%s}}", ("x",)),
        ("serving.knative.dev/v1 Service", "spec: {template: {%s}}", ("x",)),
        ("v1 ReplicationController", "spec: {replicas: 1, template: {%s}}", ("x",)),
    ],
)
def test_everything_that_runs_pods_is_a_component(
    read: Callable[..., Draft], kind: str, body: str, names: tuple[str, ...]
) -> None:
    version, word = kind.split()
    container = "{name: x, image: team/x, ports: [{containerPort: 8080}]}"
    pods = f"metadata: {{labels: {{app: x}}}}, spec: {{containers: [{container}]}}"
    found = read(f"apiVersion: {version}\nkind: {word}\nmetadata: {{name: x}}\n{body % pods}\n")
    assert found.names("components") == names
    assert facts(found)["x.type"] == "http"


@pytest.mark.parametrize(
    ("manifest", "type_", "replicas", "host"),
    [
        ("postgresql.cnpg.io/v1 Cluster {instances: 3}", "postgresql", 3, "store-rw"),
        ("acid.zalan.do/v1 postgresql {numberOfInstances: 2}", "postgresql", 2, "store"),
        ("kafka.strimzi.io/v1beta2 Kafka {kafka: {replicas: 3}}", "kafka", 3, "store-kafka-bootstrap"),
        ("databases.spotahome.com/v1 RedisFailover {redis: {replicas: 3}}", "redis", 3, "rfs-store"),
        (
            "elasticsearch.k8s.elastic.co/v1 Elasticsearch {nodeSets: [{count: 3}]}",
            "elasticsearch", 3, "store-es-http",
        ),
        ("mongodbcommunity.mongodb.com/v1 MongoDBCommunity {members: 3}", "mongodb", 3, "store-svc"),
        ("rabbitmq.com/v1beta1 RabbitmqCluster {replicas: 3}", "queue", 3, "store"),
    ],
)  # fmt: skip
def test_what_an_operator_runs_is_a_store(
    read: Callable[..., Draft], manifest: str, type_: str, replicas: int, host: str
) -> None:
    version, kind, spec = manifest.split(" ", 2)
    found = read(
        f"apiVersion: {version}\nkind: {kind}\nmetadata: {{name: store}}\nspec: {spec}\n"
        + deployment("api", env=env(STORE_HOST=host))
    )
    assert facts(found)["store.type"] == type_
    assert facts(found)["store.replicas"] == replicas
    assert edges(found) == {"api -> store"}


def test_who_reads_the_secret_of_an_operator_needs_its_store(read: Callable[..., Draft]) -> None:
    found = read(
        """
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata: {name: pg}
spec: {instances: 3}
---
apiVersion: v1
kind: Pod
metadata: {name: api}
spec:
  containers:
    - name: api
      image: team/api
      env: [{name: DATABASE_URL, valueFrom: {secretKeyRef: {name: pg-app, key: uri}}}]
"""
    )
    assert edges(found) == {"api -> pg"}
