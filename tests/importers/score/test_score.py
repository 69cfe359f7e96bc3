"""Score files: the workloads, the resources that they ask for, and where they speak of them."""

from __future__ import annotations

import json
from pathlib import Path as FilePath
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imported_drafts import cited, draft, edges, facts, is_taken_whole, notes
from standfast.drivers.importers.folder import Disk
from standfast.drivers.importers.score.importer import Score
from standfast.drivers.importers.source import Source
from standfast.spec.drafting.draft import Draft, NoteKind

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

API = """
    apiVersion: score.dev/v1b1
    metadata: {name: api}
    containers:
      main:
        image: team/api:1
        variables:
          DB: "postgres://${resources.db.username}:${resources.db.password}@${resources.db.host}/x"
          WEB_URL: http://web:8080
          SELF: ${metadata.name}
        livenessProbe: {httpGet: {path: /live, port: 8080}}
        readinessProbe: {exec: {command: ["true"]}}
    service: {ports: {http: {port: 80}}}
    resources:
      db: {type: postgres}
      queue: {type: amqp, id: shared.orders-queue}
      dns: {type: dns}
      route: {type: route, params: {host: "${resources.dns.host}", path: /, port: 80}}
"""
WEB = """
    apiVersion: score.dev/v1b1
    metadata: {name: web}
    containers: {main: {image: nginx:1, variables: {API_URL: "http://${resources.api.name}"}}}
    service: {ports: {www: {port: 80}}}
    resources:
      api: {type: service}
      gone: {type: service}
      queue: {type: amqp, id: shared.orders-queue}
      files: {type: s3, class: large}
      route: {type: route, params: {host: shop.example.com, path: /shop}}
"""


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., Draft]:
    def reading(**files: str) -> Draft:
        found = draft(
            Score(), tmp_path, {f"{name}/score.yaml": text for name, text in files.items()}
        )
        assert is_taken_whole(found)
        return found

    return reading


def test_several_files_are_one_system(read: Callable[..., Draft]) -> None:
    found = read(api=API, web=WEB)
    assert set(found.names("components")) == {"api", "web", "api-db", "orders-queue", "web-files"}
    assert edges(found) == {
        "api -> api-db", "api -> orders-queue", "api -> web",
        "web -> api", "web -> orders-queue", "web -> web-files",
    }  # fmt: skip


def test_a_need_cites_where_it_is_declared_and_where_it_is_spoken_of(
    read: Callable[..., Draft],
) -> None:
    found = read(api=API)
    assert cited(found, "api.needs.api-db") == ["api/score.yaml:15", "api/score.yaml:8"]


def test_types_follow_the_resources(read: Callable[..., Draft]) -> None:
    said = facts(read(api=API, web=WEB))
    assert said["api.type"] == "http"
    assert said["api-db.type"] == "postgresql"
    assert said["orders-queue.type"] == "queue"
    assert said["web-files.type"] == "object-store"


def test_probes_are_health_endpoints_and_commands_are_told(read: Callable[..., Draft]) -> None:
    found = read(api=API)
    assert facts(found)["api.health.live.path"] == "/live"
    assert "api.health.ready.path" not in facts(found)
    assert any("readinessProbe" in one for one in notes(found, NoteKind.UNSUPPORTED))


def test_a_route_is_a_url_where_its_host_is_written(read: Callable[..., Draft]) -> None:
    found = read(api=API, web=WEB)
    assert facts(found)["web.url"] == "https://shop.example.com/shop"
    assert "api.url" not in facts(found)
    assert any("${resources.dns.host}" in one for one in notes(found, NoteKind.PLACEHOLDER))


def test_what_is_asked_for_and_nowhere_defined_is_told(read: Callable[..., Draft]) -> None:
    found = read(web=WEB.replace("resources.api.name", "resources.other.name"))
    assert any("service gone" in one for one in notes(found, NoteKind.DETECTED))
    assert any("resource other" in one for one in notes(found, NoteKind.PLACEHOLDER))


def test_secrets_are_told_and_not_taken_along(read: Callable[..., Draft]) -> None:
    found = read(api=API.replace("SELF: ${metadata.name}", "API_TOKEN: hunter2-x"))
    assert "hunter2" not in repr(found)
    assert any("API_TOKEN" in one for one in notes(found, NoteKind.SECRET))


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("containers: {a: {image: postgres:18}}", "postgresql"),
        ("containers: {a: {image: x}}\nservice: {ports: {grpc: {port: 1234}}}", "grpc"),
        ("containers: {a: {image: x}}\nservice: {ports: {tcp: {port: 1234}}}", "other"),
        ("containers: {a: {image: x}}\nservice: {ports: {tcp: {port: 8080}}}", "http"),
        ("containers: {a: {image: x}}", "worker"),
    ],
)
def test_the_type_of_a_workload(read: Callable[..., Draft], body: str, expected: str) -> None:
    text = f"apiVersion: score.dev/v1b1\nmetadata: {{name: a}}\n{body}\n"
    assert facts(read(a=text))["a.type"] == expected


def test_volumes_and_files_in_both_their_forms_speak_of_resources(
    read: Callable[..., Draft],
) -> None:
    text = """
        apiVersion: score.dev/v1b1
        metadata: {name: a}
        containers:
          main:
            image: x
            files: [{target: /conf, content: "host=${resources.cache.host}"}]
            volumes: {/data: {source: "${resources.disk}"}}
        resources: {cache: {type: redis}, disk: {type: volume}}
    """
    found = read(a=text)
    assert edges(found) == {"a -> a-cache", "a -> a-disk"}
    assert facts(found)["a-disk.type"] == "volume"
    assert len(cited(found, "a.needs.a-cache")) == 2


def test_an_autoscaler_says_the_least_number(read: Callable[..., Draft]) -> None:
    text = WEB + "      hpa: {type: horizontal-pod-autoscaler, params: {minReplicas: 2}}\n"
    assert facts(read(web=text))["web.replicas"] == 2


def test_of_two_files_for_one_workload_the_plain_one_counts(tmp_path: Path) -> None:
    files = {"a/score-ai.yaml": API.replace("team/api:1", "redis:8"), "a/score.yaml": API}
    found = draft(Score(), tmp_path, files)
    assert facts(found)["api.type"] == "http"
    assert len(notes(found, NoteKind.SKIPPED)) == 1


def test_load_generators_are_left(read: Callable[..., Draft]) -> None:
    found = read(web=WEB, load=API.replace("name: api", "name: loadgenerator"))
    assert "loadgenerator" not in found.names("components")


@pytest.mark.parametrize(
    ("text", "claimed"),
    [
        ("apiVersion: score.dev/v1b1\nmetadata: {name: a}\n", True),
        ("apiVersion: v1\nkind: Pod\n", False),
        ("services: {a: {image: b}}\n", False),
        ("apiVersion: score.dev/v1b1\nmetadata: [\n", True),
        ("", False),
    ],
)
def test_claims(text: str, claimed: bool) -> None:
    assert Score().claims(Source(path="score.yaml", text=text)) is claimed


_HERE = FilePath(__file__).parent
TREES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(["${resources.a.b}", "x", "${metadata.name}"]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(["a", "type", "params", "host", "image", "variables", "livenessProbe", "httpGet",
                         "ports", "main", "id", "path"]),
        inner, max_size=4,
    ),
    max_leaves=10,
)  # fmt: skip


@given(meta=TREES, containers=TREES, service=TREES, resources=TREES)
def test_whatever_the_shapes_nothing_is_raised(
    meta: object, containers: object, service: object, resources: object
) -> None:
    text = json.dumps({
        "apiVersion": "score.dev/v1b1", "metadata": {"name": meta}, "containers": containers,
        "service": service, "resources": resources,
    })  # fmt: skip
    Score().read([Source(path="score.yaml", text=text)], Disk(_HERE, [_HERE]))
