"""Kubernetes files that are somebody else's: secrets, templates, broken documents, other formats."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from imported_drafts import deployment, env, notes
from standfast.drivers.importers.kubernetes.importer import Kubernetes
from standfast.drivers.importers.source import Source
from standfast.spec.drafting.draft import Draft, NoteKind

if TYPE_CHECKING:
    from collections.abc import Callable


def test_secrets_are_told_and_never_taken_along(read: Callable[..., Draft]) -> None:
    found = read(
        deployment("api", env=env(DB_PASSWORD="hunter2-x", DB_URL="postgres://u:hunter2-x@db/x"))
        + """
---
apiVersion: v1
kind: Secret
metadata: {name: s}
stringData: {token: hunter2-x}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: c}
data:
  API_KEY: hunter2-x
  app.yml: |
    db:
      password: "hunter2-x"
"""
    )
    assert "hunter2" not in repr(found)
    said = " ".join(notes(found, NoteKind.SECRET))
    assert all(
        word in said
        for word in (
            "DB_PASSWORD",
            "DB_URL",
            "Secret s",
            "API_KEY of ConfigMap c",
            "password in app.yml",
        )
    )


def test_an_unrendered_chart_is_told_file_by_file(read: Callable[..., Draft]) -> None:
    template = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: {{ .Release.Name }}\n"
    quoted = 'apiVersion: v1\nkind: Pod\nmetadata:\n  name: "{{ .Release.Name }}-x"\nspec: {}\n'
    found = read(deployment("api"), chart__templates__a=template, chart__templates__b=quoted)
    assert found.names("components") == ("api",)
    assert len([one for one in notes(found, NoteKind.PLACEHOLDER) if "helm template" in one]) == 2


def test_a_dashboard_with_braces_is_no_template(read: Callable[..., Draft]) -> None:
    config = '---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: d}\ndata: {d.json: "legend {{pod}}"}\n'
    assert notes(read(deployment("api") + config), NoteKind.PLACEHOLDER) == []


def test_a_variable_without_a_value_is_told(read: Callable[..., Draft]) -> None:
    found = read(deployment("api", env=env(DB_URL="http://${DB}:80")))
    assert any("${DB}" in one for one in notes(found, NoteKind.PLACEHOLDER))


def test_the_default_of_a_placeholder_is_not_repeated(read: Callable[..., Draft]) -> None:
    found = read(
        deployment("api", env=env(A="x-${DB_PASSWORD:-hunter2-x}", B="x-{{ pw | hunter2-y }}"))
    )
    assert len(notes(found, NoteKind.PLACEHOLDER)) == 2
    assert "hunter2" not in repr(found)


def test_a_broken_document_does_not_take_the_others_along(read: Callable[..., Draft]) -> None:
    found = read(deployment("api") + "---\nkind: [\n---\n" + deployment("web")[4:])
    assert found.names("components") == ("api", "web")
    assert len(notes(found, NoteKind.UNREADABLE)) == 1


def test_after_fifty_notes_of_one_kind_the_rest_is_a_count(read: Callable[..., Draft]) -> None:
    values = {f"HOST_{number}": f"${{H{number}}}" for number in range(80)}
    found = read(deployment("api", env=env(**values)))
    told = notes(found, NoteKind.PLACEHOLDER)
    assert len(told) == 50
    assert "and 30 more" in told[-1]


@pytest.mark.parametrize(
    ("path", "text", "claimed"),
    [
        ("a.yaml", "apiVersion: apps/v1\nkind: Deployment\n", True),
        ("a.json", '{"apiVersion": "v1", "kind": "List", "items": []}', True),
        ("kustomization.yaml", "resources: [a.yaml]\n", True),
        ("t.yaml", "apiVersion: v1\nkind: Pod\nmetadata: {{ x }}\n", True),
        ("compose.yaml", "services: {web: {image: nginx}}\n", False),
        ("slo.yaml", "apiVersion: openslo/v1\nkind: SLO\n", False),
        ("slo.yaml", "apiVersion: sloth.slok.dev/v1\nkind: PrometheusServiceLevel\n", False),
        ("slo.yaml", "apiVersion: pyrra.dev/v1alpha1\nkind: ServiceLevelObjective\n", False),
        ("rule.yaml", "apiVersion: monitoring.coreos.com/v1\nkind: PrometheusRule\n", False),
        ("c.yaml", "apiVersion: backstage.io/v1alpha1\nkind: Component\n", False),
        ("score.yaml", "apiVersion: score.dev/v1b1\nmetadata: {name: a}\n", False),
        ("config", "apiVersion: v1\nkind: Config\nusers: []\n", False),
        ("Chart.yaml", "apiVersion: v2\nname: chart\n", False),
        ("a.yaml", "apiVersion: pyrra.dev/v1\nkind: X\n---\napiVersion: v1\nkind: Pod\n", True),
        ("x.yaml", "\x00\x01", False),
        ("x.md", "kind: words\napiVersion: of a text: that: is: none\n", False),
    ],
)  # fmt: skip
def test_claims_go_by_the_documents_own_marks(path: str, text: str, claimed: bool) -> None:
    assert Kubernetes().claims(Source(path=path, text=text)) is claimed


def test_another_way_to_run_the_same_adds_nothing_of_its_own(read: Callable[..., Draft]) -> None:
    shared = deployment("api") + deployment("web") + deployment("jobs")
    found = read(
        install=shared + deployment("cache"),
        ha__install=shared + deployment("cache-ha") + deployment("proxy"),
    )
    assert set(found.names("components")) == {"api", "web", "jobs", "cache-ha", "proxy"}
    assert any(
        "cache of " in one and "another way to run what" in one
        for one in notes(found, NoteKind.SKIPPED)
    )


def test_files_that_share_little_are_all_read(read: Callable[..., Draft]) -> None:
    found = read(
        a=deployment("api") + deployment("web") + deployment("mail"),
        b=deployment("api") + deployment("jobs"),
    )
    assert set(found.names("components")) == {"api", "web", "mail", "jobs"}
