"""What manifests say of a component: how many, where, how it is probed and scraped, what it keeps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from imported_drafts import deployment, edges, facts, notes
from standfast.spec.drafting.draft import Draft, NoteKind

if TYPE_CHECKING:
    from collections.abc import Callable


def test_replicas_are_what_the_autoscaler_keeps_at_least(read: Callable[..., Draft]) -> None:
    found = read(
        deployment("api", meta=", namespace: a")
        + """
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: api, namespace: a}
spec: {minReplicas: 3, maxReplicas: 9, scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: api}}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: api, namespace: b}
spec: {minReplicas: 7, scaleTargetRef: {kind: Deployment, name: api}}
"""
    )
    assert facts(found)["api.replicas"] == 3


def test_replicas_that_nobody_states_are_left_out(read: Callable[..., Draft]) -> None:
    assert "api.replicas" not in facts(read(deployment("api")))


def test_probes_are_health_endpoints_with_what_is_stated(read: Callable[..., Draft]) -> None:
    found = read(
        """
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
          livenessProbe: {httpGet: {path: /live, port: 8080}, periodSeconds: 10, timeoutSeconds: 2}
          readinessProbe: {httpGet: {path: /ready, port: 8080}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: rpc}
spec:
  template:
    metadata: {labels: {app: rpc}}
    spec:
      containers: [{name: rpc, image: team/rpc, livenessProbe: {grpc: {port: 5000}}}]
"""
    )
    said = facts(found)
    assert said["api.health.live.path"] == "/live"
    assert said["api.health.live.every"] == "10s"
    assert said["api.health.live.timeout"] == "2s"
    assert said["api.health.ready.path"] == "/ready"
    assert "api.health.ready.every" not in said
    assert said["rpc.type"] == "grpc"
    assert any("rpc ask by gRPC" in one for one in notes(found, NoteKind.UNSUPPORTED))


def test_a_command_that_asks_its_own_address_is_a_health_endpoint(
    read: Callable[..., Draft],
) -> None:
    command = '[sh, -c, "curl -fs http://localhost:8080/ready || exit 1"]'
    pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: api}\nspec:\n  containers:\n"
    probe = f"readinessProbe: {{exec: {{command: {command}}}, periodSeconds: 5}}"
    found = read(f"{pod}    - {{name: a, image: team/a, {probe}}}\n")
    assert facts(found)["api.health.ready.path"] == "/ready"
    assert facts(found)["api.health.ready.every"] == "5s"


def test_scrape_annotations_become_an_address_where_a_service_shows_the_port(
    read: Callable[..., Draft],
) -> None:
    text = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: NAME}
spec:
  template:
    metadata:
      labels: {app: NAME}
      annotations: {prometheus.io/scrape: "true", prometheus.io/port: "9100", prometheus.io/path: /m}
    spec: {containers: [{name: x, image: team/x, ports: [{name: metrics, containerPort: 9100}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: NAME, namespace: shop}
spec: {selector: {app: NAME}, ports: [{port: PORT, targetPort: TARGET}]}
"""
    shown = text.replace("NAME", "a").replace("PORT", "80").replace("TARGET", "metrics")
    hidden = text.replace("NAME", "b").replace("PORT", "80").replace("TARGET", "8080")
    found = read(shown + "---" + hidden)
    assert facts(found)["a.scrape"] == "http://a.shop:80/m"
    assert "b.scrape" not in facts(found)
    assert any(one.startswith("b is scraped") for one in notes(found, NoteKind.UNSUPPORTED))


def test_a_service_monitor_scrapes_what_its_labels_select(read: Callable[..., Draft]) -> None:
    found = read(
        deployment("api").replace(
            "ports: [{port: 80}]", "ports: [{name: http, port: 80}, {name: metrics, port: 9000}]"
        ).replace("Service\nmetadata: {name: api", "Service\nmetadata: {labels: {team: a}, name: api")
        + deployment("other")
        + """
---
apiVersion: monitoring.coreos.com/v1
kind: ServiceMonitor
metadata: {name: m}
spec: {selector: {matchLabels: {team: a}}, endpoints: [{port: metrics, interval: 15s}]}
"""
    )  # fmt: skip
    assert facts(found)["api.scrape"] == "http://api:9000/metrics"
    assert facts(found)["api.scrape_every"] == "15s"
    assert "other.scrape" not in facts(found)


@pytest.mark.parametrize(
    ("route", "url"),
    [
        (
            ("networking.k8s.io/v1 Ingress {tls: [{hosts: [a.example.com]}], rules: [{host: a.example.com, "
            "http: {paths: [{path: /, backend: {service: {name: web}}}]}}]}"),
            "https://a.example.com",
        ),
        (
            ("networking.k8s.io/v1 Ingress {rules: [{host: a.example.com, "
            "http: {paths: [{path: /api, backend: {service: {name: web}}}]}}]}"),
            "http://a.example.com/api",
        ),
        (
            ("extensions/v1beta1 Ingress {rules: [{host: a.example.com, "
            "http: {paths: [{backend: {serviceName: web, servicePort: 80}}]}}]}"),
            "http://a.example.com",
        ),
        (
            ("gateway.networking.k8s.io/v1 HTTPRoute {hostnames: [a.example.com], "
            "rules: [{backendRefs: [{name: web, port: 80}]}]}"),
            "https://a.example.com",
        ),
        (
            ("networking.istio.io/v1 VirtualService {hosts: [a.example.com], gateways: [out], "
            "http: [{route: [{destination: {host: web}}]}]}"),
            "https://a.example.com",
        ),
        ("route.openshift.io/v1 Route {host: a.example.com, to: {name: web}, tls: {}}", "https://a.example.com"),
        (
            "traefik.io/v1 IngressRoute {routes: [{match: 'Host(`a.example.com`)', services: [{name: web}]}]}",
            "http://a.example.com",
        ),
        (
            ("projectcontour.io/v1 HTTPProxy {virtualhost: {fqdn: a.example.com, tls: {}}, "
            "routes: [{services: [{name: web}]}]}"),
            "https://a.example.com",
        ),
    ],
)  # fmt: skip
def test_a_route_from_outside_is_the_url(read: Callable[..., Draft], route: str, url: str) -> None:
    version, kind, spec = route.split(" ", 2)
    found = read(
        deployment("web")
        + f"---\napiVersion: {version}\nkind: {kind}\nmetadata: {{name: r}}\nspec: {spec}\n"
    )
    assert facts(found)["web.url"] == url


@pytest.mark.parametrize("host", ["", "host: '*.example.com', ", "host: 'HOST-{{ x }}', "])
def test_a_route_without_a_plain_host_gives_no_url(read: Callable[..., Draft], host: str) -> None:
    found = read(
        deployment("web")
        + "---\napiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: r}\nspec:\n"
        + f"  rules: [{{{host}http: {{paths: [{{backend: {{service: {{name: web}}}}}}]}}}}]\n"
    )
    assert "web.url" not in facts(found)
    assert any("no address that can be asked" in one.text for one in found.notes)


def test_where_data_is_kept_is_told(read: Callable[..., Draft]) -> None:
    found = read(
        """
apiVersion: apps/v1
kind: Deployment
metadata: {name: cache}
spec:
  template:
    metadata: {labels: {app: cache}}
    spec:
      containers: [{name: redis, image: "redis:8", volumeMounts: [{name: d, mountPath: /data}]}]
      volumes: [{name: d, emptyDir: {}}]
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  template:
    metadata: {labels: {app: db}}
    spec: {containers: [{name: pg, image: "postgres:18"}]}
  volumeClaimTemplates: [{metadata: {name: data}}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: wordpress}
spec:
  template:
    metadata: {labels: {app: wordpress}}
    spec:
      containers: [{name: w, image: "wordpress:6"}]
      volumes: [{name: f, persistentVolumeClaim: {claimName: wp-files}}]
"""
    )
    told = notes(found, NoteKind.DETECTED)
    assert any(one.startswith("cache ") and "emptyDir" in one for one in told)
    assert any(one.startswith("db ") and "db-data" in one for one in told)
    assert facts(found)["wp-files.type"] == "volume"
    assert edges(found) == {"wordpress -> wp-files"}
    assert "db-data" not in found.names("components")


def test_a_house_image_of_a_database_is_known_by_its_port(read: Callable[..., Draft]) -> None:
    found = read(
        """
apiVersion: v1
kind: Pod
metadata: {name: catalogue-data}
spec: {containers: [{name: c, image: team/catalogue-data, ports: [{containerPort: 3306}]}]}
---
apiVersion: v1
kind: Pod
metadata: {name: broker}
spec: {containers: [{name: b, image: team/broker, ports: [{name: metrics, containerPort: 9092}]}]}
"""
    )
    assert facts(found)["catalogue-data.type"] == "mysql"
    assert facts(found)["broker.type"] == "worker"


def test_an_image_that_serves_a_store_is_none(read: Callable[..., Draft]) -> None:
    pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: a, image: IMAGE}]}\n"
    assert facts(read(pod.replace("IMAGE", "team/wildfly-mysql-javaee7")))["a.type"] == "worker"


def test_the_system_is_called_after_what_everything_is_part_of(read: Callable[..., Draft]) -> None:
    labels = ", labels: {app.kubernetes.io/part-of: shop}"
    found = read(deployment("a", meta=labels) + deployment("b", meta=labels))
    assert facts(found)["system.name"] == "shop"
