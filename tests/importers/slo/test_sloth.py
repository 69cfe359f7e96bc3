"""Sloth: its own files and its Kubernetes objects, and what runs in Sloth only."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from imported_drafts import draft, facts, is_taken_whole, notes
from standfast.drivers.importers.kubernetes.importer import Kubernetes
from standfast.drivers.importers.sloth.importer import Sloth
from standfast.drivers.importers.source import Source
from standfast.spec.drafting.draft import Draft, NoteKind

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

FILE = """
version: "prometheus/v1"
service: shop
labels: {owner: storefront}
slos:
  - name: availability
    objective: 99.95
    sli:
      events:
        error_query: sum(rate(http_total{job="shop",code=~"(5..|429)"}[{{.window}}]))
        total_query: sum(rate(http_total{job="shop"}[{{ .window }}]))
    alerting:
      name: ShopErrors
      annotations: {runbook: "https://wiki.example.com/shop", summary: Too many errors}
      page_alert: {labels: {severity: pageteam}}
      ticket_alert: {disable: true}
"""
OBJECT = """
apiVersion: sloth.slok.dev/v1
kind: PrometheusServiceLevel
metadata: {name: shop, namespace: monitoring}
spec:
  service: shop
  labels: {owner: storefront}
  slos:
    - name: availability
      objective: 99.95
      sli:
        events:
          errorQuery: sum(rate(http_total{job="shop",code=~"(5..|429)"}[{{.window}}]))
          totalQuery: sum(rate(http_total{job="shop"}[{{.window}}]))
      alerting:
        name: ShopErrors
        annotations: {runbook: "https://wiki.example.com/shop", summary: Too many errors}
        pageAlert: {labels: {severity: pageteam}}
        ticketAlert: {disable: true}
"""
SLI = FILE.partition("    sli:")[0]


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., Draft]:
    def reading(*texts: str) -> Draft:
        files = {f"{number}.yaml": text for number, text in enumerate(texts)}
        found = draft(Sloth(), tmp_path, files)
        assert is_taken_whole(found)
        return found

    return reading


@pytest.mark.parametrize("text", [FILE, OBJECT])
def test_a_file_and_an_object_say_the_same(read: Callable[..., Draft], text: str) -> None:
    total = 'sum(rate(http_total{job="shop"}[$window]))'
    bad = 'sum(rate(http_total{job="shop",code=~"(5..|429)"}[$window]))'
    assert facts(read(text)) == {
        "shop": None,
        "shop.owner": "storefront",
        "service_levels.shop-availability.of": "shop",
        "service_levels.shop-availability.sli": "query",
        "service_levels.shop-availability.query.bad": bad,
        "service_levels.shop-availability.query.total": total,
        "service_levels.shop-availability.slo": "99.95%",
        "service_levels.shop-availability.window": "30d",
        "alerts.ShopErrors.of": "shop",
        "alerts.ShopErrors.when": "burn rate of shop-availability",
        "alerts.ShopErrors.severity": "P2",
        "alerts.ShopErrors.runbook": "https://wiki.example.com/shop",
        "alerts.ShopErrors.summary": "Too many errors",
        "teams.storefront.members": (),
    }


def test_one_objective_in_two_files_is_one(read: Callable[..., Draft]) -> None:
    found = read(FILE, OBJECT)
    assert found.names("service_levels") == ("shop-availability",)
    assert found.names("alerts") == ("ShopErrors",)
    assert not notes(found, NoteKind.CONFLICT)


def test_two_objectives_of_one_name_are_two_and_told(read: Callable[..., Draft]) -> None:
    found = read(FILE, OBJECT.replace("99.95", "99"))
    assert found.names("service_levels") == ("shop-availability", "shop-availability-2")
    assert found.names("alerts") == ("ShopErrors", "shop-availability-2-ShopErrors")
    assert any("promises something else" in one for one in notes(found, NoteKind.CONFLICT))


def test_a_plugin_is_told_with_its_options(read: Callable[..., Draft]) -> None:
    found = read(SLI + "    sli: {plugin: {id: sloth-common/k8s, options: {job: shop}}}\n")
    assert not found.names("service_levels")
    assert any(
        "sloth-common/k8s" in one and "job: shop" in one
        for one in notes(found, NoteKind.UNSUPPORTED)
    )


def test_a_chain_of_plugins_is_told_and_the_objective_kept(read: Callable[..., Draft]) -> None:
    chain = "slo_plugins: {chain: [{id: sloth.dev/core/debug/v1}]}\nslos:"
    found = read(FILE.replace("slos:", chain))
    assert found.names("service_levels")
    assert any("sloth.dev/core/debug/v1" in one for one in notes(found, NoteKind.UNSUPPORTED))


@pytest.mark.parametrize(
    ("query", "part"),
    [
        (
            "sum(rate(bad[{{.window}}])) / sum(rate(all[{{.window}}]))",
            {"query.bad": "sum(rate(bad[$window]))"},
        ),
        (
            "1 - (sum(rate(ok[{{.window}}])) / sum(rate(all[{{.window}}])))",
            {"query.good": "sum(rate(ok[$window]))"},
        ),
    ],
)
def test_a_raw_ratio_that_is_a_quotient_gives_its_counts(
    read: Callable[..., Draft], query: str, part: dict[str, str]
) -> None:
    found = facts(read(SLI + f'    sli: {{raw: {{error_ratio_query: "{query}"}}}}\n'))
    assert found["service_levels.shop-availability.query.total"] == "sum(rate(all[$window]))"
    for key, text in part.items():
        assert found[f"service_levels.shop-availability.{key}"] == text


@pytest.mark.parametrize(
    "query", ["job:errors:ratio", "avg(a[{{.window}}]) / 2 + 1", "a / b / c", "1 - x"]
)
def test_any_other_raw_ratio_is_told(read: Callable[..., Draft], query: str) -> None:
    found = read(SLI + f'    sli: {{raw: {{error_ratio_query: "{query}"}}}}\n')
    assert not found.names("service_levels")
    assert notes(found, NoteKind.UNSUPPORTED)


def test_metricsql_is_told(read: Callable[..., Draft]) -> None:
    found = read(
        FILE.replace(
            'sum(rate(http_total{job="shop"}', 'sum(keep_last_value(http_total{job="shop"}'
        )
    )
    assert any("MetricsQL" in one for one in notes(found, NoteKind.UNSUPPORTED))


def test_alerts_that_are_disabled_and_tickets_are_told(read: Callable[..., Draft]) -> None:
    silent = read(
        FILE.replace("page_alert: {labels: {severity: pageteam}}", "page_alert: {disable: true}")
    )
    assert not silent.names("alerts")
    assert any("wakes nobody" in one for one in notes(silent, NoteKind.UNSUPPORTED))
    ticket = read(
        FILE.replace("ticket_alert: {disable: true}", "ticket_alert: {labels: {severity: slack}}")
    )
    assert ticket.names("alerts")
    assert any("ticket alerts" in one for one in notes(ticket, NoteKind.UNSUPPORTED))


def test_its_objects_are_not_for_the_kubernetes_importer() -> None:
    source = Source(path="x.yaml", text=OBJECT)
    assert Sloth().claims(source)
    assert not Kubernetes().claims(source)
    assert not Sloth().claims(
        Source(path="x.yaml", text='version: "3"\nservices: {a: {image: prometheus/v1}}')
    )


@pytest.mark.parametrize(
    "text", ["slos: 1", "service: a\nslos: [1, {}, {name: x}]", "service: {a: b}\nslos: []"]
)
def test_nonsense_is_told_and_never_raises(tmp_path: Path, text: str) -> None:
    draft(Sloth(), tmp_path, {"a.yaml": f"version: prometheus/v1\n{text}\n"})
