"""Rule files: which component an alert is about, how bad it is, and what stays behind."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from imported_drafts import deployment, draft, facts, is_taken_whole, notes
from standfast.app.importing import IMPORTERS, run
from standfast.drivers.importers.folder import Disk
from standfast.drivers.importers.kubernetes.importer import Kubernetes
from standfast.drivers.importers.prometheus.rules import PrometheusRules
from standfast.drivers.importers.source import Source
from standfast.spec.drafting.draft import Draft, Fact, NoteKind

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path


def rules(*alerts: str) -> str:
    return "groups:\n- name: all\n  rules:\n" + "".join(f"  - {{{one}}}\n" for one in alerts)


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., Draft]:
    def reading(*texts: str) -> Draft:
        files = {f"{number}.yaml": text for number, text in enumerate(texts)}
        found = draft(PrometheusRules(), tmp_path, files)
        assert is_taken_whole(found)
        return found

    return reading


def beside(tmp_path: Path, text: str, **types: str) -> Draft:
    """With what other sources know: components by their names."""
    known = Draft(
        facts=tuple(
            Fact(path=("components", name, "type"), value=kind, places=())
            for name, kind in types.items()
        )
    )
    disk = Disk(tmp_path, [tmp_path])
    return PrometheusRules().read([Source(path="r.yml", text=text)], disk, known)


def test_an_alert_is_taken_with_its_expression_and_its_words(read: Callable[..., Draft]) -> None:
    found = read("""
        groups:
          - name: api
            rules:
              - alert: ApiErrors
                expr: |
                  sum(rate(http_total{job="api",code="500"}[5m]))   # bad ones
                    > 3
                for: 5m
                labels: {severity: critical}
                annotations: {summary: Too many errors, runbook_url: "https://wiki.example.com/api"}
    """)
    assert facts(found) == {
        "api": None,
        "alerts.ApiErrors.of": "api",
        "alerts.ApiErrors.when.expr": 'sum(rate(http_total{job="api",code="500"}[5m])) > 3',
        "alerts.ApiErrors.when.for": "5m",
        "alerts.ApiErrors.severity": "P1",
        "alerts.ApiErrors.runbook": "https://wiki.example.com/api",
        "alerts.ApiErrors.summary": "Too many errors",
    }
    assert any("'critical' is taken as P1" in one for one in notes(found, NoteKind.DETECTED))


@pytest.mark.parametrize(
    ("word", "severity"),
    [
        ("critical", "P1"), ("page", "P2"), ("warning", "P3"), ("info", "P4"), ("SEV2", "P2"), ("P4", "P4"),
        ("pageteam", "P2"), ("loud", "P3"), ("", "P3"),
    ],
)  # fmt: skip
def test_severities(read: Callable[..., Draft], word: str, severity: str) -> None:
    label = f"labels: {{severity: {word}}}, " if word else ""
    found = read(rules(f"alert: A, {label}expr: \"up{{job='api'}} == 0\""))
    assert facts(found)["alerts.A.severity"] == severity
    assert bool([one for one in notes(found, NoteKind.DETECTED) if "taken as" in one]) == (
        word != "P4"
    )


def test_variants_of_one_alert_are_told_apart_by_their_severity(read: Callable[..., Draft]) -> None:
    found = read(
        rules(*(f'alert: A, labels: {{severity: {word}}}, expr: "x{{job=\'api\'}} > {n}"'
                for n, word in enumerate(("warning", "critical"))))
    )  # fmt: skip
    assert found.names("alerts") == ("A", "A-P1")


@pytest.mark.parametrize(
    ("rule", "component"),
    [
        ("alert: A, expr: up == 0, labels: {service: api}", "api"),
        ("alert: A, expr: \"up{job='shop/api'} == 0\"", "api"),
        ("alert: A, expr: \"x{container='y', app='api'} > 1\"", "api"),
        ("alert: A, expr: pg_up == 0", "orders"),
        ("alert: A, expr: \"x{job=~'api'} > 1\"", "api"),
        ("alert: A, expr: \"container_memory_usage_bytes{name='api'} > 1\"", "api"),
        ("alert: A, expr: 'job:pg_up:sum == 0'", "orders"),
    ],
)
def test_an_alert_is_about_the_component_that_it_names(
    tmp_path: Path, rule: str, component: str
) -> None:
    found = beside(tmp_path, rules(rule), api="http", orders="postgresql")
    assert facts(found)["alerts.A.of"] == component


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("alert: A, expr: up == 0", "watches what watches"),
        ("alert: A, expr: some_metric > 1", "nothing names the component"),
        ("alert: A, expr: \"x{job='gone'} > 1\"", "gone, which no source defines"),
        ("alert: A, expr: \"kube_pod_info{job='kube-state-metrics'} > 1\"", "about the cluster"),
        ("alert: A, expr: redis_up == 0", "no source has one"),
        ("alert: A, expr: pg_up == 0", "nothing says which"),
    ],
)
def test_an_alert_that_names_none_is_told(tmp_path: Path, rule: str, said: str) -> None:
    found = beside(tmp_path, rules(rule), api="http", orders="postgresql", users="postgresql")
    assert not found.names("alerts")
    assert any(said in one for one in notes(found, NoteKind.UNSUPPORTED))


def test_where_nothing_else_is_known_what_rules_name_is_there(read: Callable[..., Draft]) -> None:
    found = read(
        rules(
            "alert: A, expr: pg_up == 0",
            "alert: B, expr: \"x{job='api'} > 1\"",
            "alert: C, expr: a > 1",
        )
    )
    assert facts(found)["postgresql.type"] == "postgresql"
    assert set(found.names("components")) == {"postgresql", "api"}
    assert found.names("alerts") == ("A", "B")


def test_recording_rules_are_counted_in_a_line_for_each_group(read: Callable[..., Draft]) -> None:
    found = read(
        rules(
            "record: a:b, expr: a", "record: c:d, expr: c", "alert: A, expr: \"x{job='api'} > 1\""
        )
    )
    assert (
        len(
            [
                one
                for one in notes(found, NoteKind.UNSUPPORTED)
                if "2 recording rules of the group all" in one
            ]
        )
        == 1
    )


def test_what_cannot_be_said_is_told_one_by_one(read: Callable[..., Draft]) -> None:
    found = read(
        rules(
            "alert: Metrics, expr: \"rollup_rate(x{job='api'}[5m]) > 1\"",
            'alert: Logs, expr: \'rate({job="api"} |= "error" [5m]) > 1\'',
            "alert: Open, expr: \"x{job='api'} > {{ .Values.limit }}\"",
            "alert: Watchdog, expr: vector(1), labels: {severity: none}",
            "alert: Broken, expr: \"sum(x{job='api'}\"",
            "alert: Long, expr: \"x{job='api'} > 1\", for: $FOR, keep_firing_for: 5m, "
            "annotations: {summary: 'at {{ $value }}', runbook: see wiki}",
        )
    )
    assert found.names("alerts") == ("Long",)
    assert {"alerts.Long.summary", "alerts.Long.runbook", "alerts.Long.when.for"}.isdisjoint(
        facts(found)
    )
    told = [note.text for note in found.notes]
    for said in (
        "MetricsQL",
        "LogQL",
        "{{",
        "for machines only",
        "stays open",
        "$FOR",
        "keep_firing_for",
        "Go templates",
        "see wiki",
    ):
        assert any(said in one for one in told), said


OBJECT = f"""{deployment("api")}
---
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata: {{name: api}}
spec:
  groups:
    - name: g
      rules:
        - {{alert: ApiDown, expr: "up{{job='api'}} == 0", labels: {{severity: critical}}}}
"""


def test_an_object_in_a_manifest_is_read_here_and_the_rest_there(
    tmp_path: Path, now: datetime
) -> None:
    source = Source(path="all.yaml", text=OBJECT)
    assert PrometheusRules().claims(source)
    assert Kubernetes().claims(source)
    (tmp_path / "all.yaml").write_text(OBJECT)
    done = run([str(tmp_path / "all.yaml")], out=str(tmp_path / "standfast.yaml"), now=now)
    assert done.system.components["api"].type == "http"
    assert done.system.alerts["ApiDown"].of == "api"
    assert not [one for one in done.draft.notes if one.kind == NoteKind.CONFLICT]


@pytest.fixture
def now() -> datetime:
    from datetime import UTC, datetime

    return datetime(2026, 11, 25, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "groups: []", "groups: [{name: a}]", "alert: x", "apiVersion: v1\nkind: ConfigMap\ndata: {alert: a}",
        "groups: [{rules: [{uid: a, title: b}]}]", "groups: [{name: a, members: [b]}]\nalert: x", "[1, 2]",
    ],
)  # fmt: skip
def test_other_files_with_groups_are_not_claimed(text: str) -> None:
    assert not PrometheusRules().claims(Source(path="x.yaml", text=text))


@pytest.mark.parametrize(
    "rule",
    [
        "alert: A",
        "alert: [a], expr: b",
        "alert: A, expr: {a: b}",
        "alert: A, expr: x, labels: 5, annotations: [1]",
    ],
)
def test_nonsense_is_told_and_never_raises(read: Callable[..., Draft], rule: str) -> None:
    assert read(rules(rule)).notes


def test_every_format_is_known_by_its_name() -> None:
    names = [one.name for one in IMPORTERS]
    assert len(set(names)) == len(names) == 12
