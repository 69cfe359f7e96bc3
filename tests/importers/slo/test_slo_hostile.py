"""Hostile files of these formats: a clear note in bounded time, whatever they hold."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from standfast.app.importing import IMPORTERS
from standfast.drivers.importers.folder import Disk
from standfast.drivers.importers.levels import percent, span
from standfast.drivers.importers.openslo.importer import OpenSlo
from standfast.drivers.importers.prometheus.rules import PrometheusRules
from standfast.drivers.importers.prometheus.scrape import PrometheusScrape
from standfast.drivers.importers.pyrra.importer import Pyrra
from standfast.drivers.importers.sloth.importer import Sloth
from standfast.drivers.importers.source import Source

if TYPE_CHECKING:
    from pathlib import Path

    from standfast.drivers.importers.source import Importer

OURS: tuple[Importer, ...] = (OpenSlo(), Sloth(), Pyrra(), PrometheusRules(), PrometheusScrape())
MARKS = {
    "openslo": "apiVersion: openslo/v1\nkind: SLO\n",
    "sloth": "version: prometheus/v1\nservice: a\nslos: []\n",
    "pyrra": "apiVersion: pyrra.dev/v1alpha1\nkind: ServiceLevelObjective\n",
    "prometheus-rules": "groups: [{name: a, rules: [{alert: A, expr: b}]}]\n",
    "prometheus-scrape": "scrape_configs: [{job_name: a, static_configs: [{targets: ['a:1']}]}]\n",
}
BOMB = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{two}: &{two} [*{one}, *{one}, *{one}, *{one}, *{one}, *{one}, *{one}, *{one}, *{one}, *{one}]\n"
    for one, two in zip("abcdefghi", "bcdefghij", strict=True)
)
SECONDS = 30  # the machine may be busy; what grows by the square takes minutes


@pytest.mark.parametrize("importer", OURS, ids=lambda one: one.name)
@pytest.mark.parametrize(
    "text", [BOMB, "\t: [", "a: [" * 100, "{{ if .x }}\n", "\x01"], ids=str.__len__
)
def test_what_is_broken_is_told_and_never_raises(
    importer: Importer, text: str, tmp_path: Path
) -> None:
    source = Source(path="x.yaml", text=MARKS[importer.name] + text)
    for one in IMPORTERS:
        one.claims(source)
    found = importer.read([source], Disk(tmp_path, [tmp_path]))
    assert found.notes
    assert len(found.notes) <= 60


SLOTH = (
    "  - {name: same, objective: 99.OBJECTIVE, sli: {events: {error_query: 'e[{{.window}}]', "
    "total_query: 't[{{.window}}]'}}}\n"
)
EACH = {
    "openslo": "---\napiVersion: openslo/v1\nkind: SLO\nmetadata: {name: nNUMBER}\n"
    "spec: {service: s, indicatorRef: i}\n",
    "sloth": SLOTH.replace("OBJECTIVE", "9NUMBER1"),
    "pyrra": "---\napiVersion: pyrra.dev/v1alpha1\nkind: ServiceLevelObjective\nmetadata: {name: same}\n"
    "spec: {target: '99.9NUMBER1', window: 1d, indicator: {bool_gauge: {metric: x}}}\n",
    "prometheus-rules": "  - {alert: same, expr: \"x{job='a'} > NUMBER\"}\n",
    "prometheus-scrape": "  - {job_name: same, static_configs: [{targets: ['aNUMBER:1']}]}\n",
}
BEFORE = {
    "sloth": "version: prometheus/v1\nservice: a\nslos:\n",
    "prometheus-rules": "groups:\n- rules:\n",
    "prometheus-scrape": "scrape_configs:\n",
}


def many(name: str, number: int) -> str:
    each = EACH[name]
    return BEFORE.get(name, "") + "".join(each.replace("NUMBER", f"{n:05d}") for n in range(number))


@pytest.mark.parametrize("importer", OURS, ids=lambda one: one.name)
def test_very_many_of_one_name_take_no_more_than_their_reading(
    importer: Importer, tmp_path: Path
) -> None:
    source = Source(path="x.yaml", text=many(importer.name, 8_000))
    began = time.perf_counter()
    found = importer.read([source], Disk(tmp_path, [tmp_path]))
    assert time.perf_counter() - began < SECONDS
    assert len(found.notes) <= 260


@pytest.mark.parametrize(
    "query",
    ["[" * 7000, "(" * 3000 + "a" + ")" * 3000, "a" * 7000, "a{" + "b" * 7000, "[ " + " " * 7000, '"' * 7001,
     "a[5m] " * 1000, "{{" * 3500, "<" * 7000, "a" * 9_000_000],
    ids=lambda one: f"{one[:5]}{len(one)}",
)  # fmt: skip
def test_no_query_takes_long(query: str, tmp_path: Path) -> None:
    text = "groups:\n- rules:\n" + "".join(
        f"  - alert: A{n}\n    expr: '{query.replace(chr(39), '')}'\n"
        for n in range(20 if len(query) < 8000 else 1)
    )
    began = time.perf_counter()
    found = PrometheusRules().read([Source(path="x.yaml", text=text)], Disk(tmp_path, [tmp_path]))
    assert time.perf_counter() - began < SECONDS
    assert found.notes


@pytest.mark.parametrize(
    "text", ["1e-999999999", "1e999999999", "9" * 100_000, "NaN", "-1", "0", "1_0_0_0", "٩٩"]
)
def test_numbers_that_are_none_are_refused_at_once(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        percent(text)


@pytest.mark.parametrize("text", ["30s", "1M", "0d", "", "99999999d", "٣d", "1h30m"])
def test_lengths_of_time_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no duration"):
        span(text)
