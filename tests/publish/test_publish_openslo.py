"""Objectives as OpenSLO: of its shape, runnable, and the same objectives when they are read back."""

from __future__ import annotations

import subprocess
from datetime import UTC, date, datetime, time
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from openslo_shapes import Policy, Slo, checked
from standfast import spec
from standfast.app.files import Files
from standfast.drivers.importers.folder import Disk
from standfast.drivers.importers.openslo.importer import OpenSlo
from standfast.drivers.importers.source import Source
from standfast.publish import openslo, render
from standfast.publish.document import Generated
from standfast.publish.edition import Edition
from standfast.review import Measured, examine
from standfast.slo.objective import objectives
from standfast.spec.drafting.draft import NoteKind
from standfast.spec.drafting.writing import write

if TYPE_CHECKING:
    from standfast.slo.objective import Objective
    from standfast.spec.drafting.draft import Draft
    from standfast.spec.system import System

ROOT = Path(__file__).parents[2]
DAY = date(2026, 11, 20)
FILE = """
system: {name: shop, criticality: high}
components:
  api: {type: http, url: https://api.example.com, scrape: "http://api:8000/metrics"}
  db: {type: postgresql}
service_levels:
  api-availability: {of: api, sli: availability, slo: 99.9%, LEVEL}
MORE
"""


REVIEW = examine(
    spec.read_text("system: {name: x}"), Measured(), datetime.combine(DAY, time(12), UTC)
)


def exported(system: System) -> dict[str, str]:
    edition = Edition(system=system, review=REVIEW, as_of=DAY, version="0.1.0")
    return {one.path: one.text for one in openslo.openslo(edition) if isinstance(one, Generated)}


def test_publishing_writes_both_files() -> None:
    outputs = render(system_of(), REVIEW, DAY)
    assert {openslo.SERVICES, openslo.OBJECTIVES} <= set(outputs)


def test_the_index_of_generated_files_names_what_is_left_out() -> None:
    system = system_of("window: 2h30s", more="journeys: {buy: {path: [api], slo: 99.9%}}")
    index = render(system, REVIEW, DAY)["ops/generated/README.md"].text
    assert "openslo/services.yaml" in index
    assert "left out, api-availability: its window of 2h30s has seconds" in index
    assert "left out, buy: a journey multiplies" in index


def read_back(files: dict[str, str]) -> Draft:
    sources = [Source(path=path, text=text) for path, text in files.items()]
    return OpenSlo().read(sources, Disk(Path(), [Path()]))


def promises(all_objectives: tuple[Objective, ...]) -> set[tuple[object, ...]]:
    """What makes an objective the one it is."""
    return {
        (
            openslo.name_of(one),
            one.component,
            one.sli,
            (one.target, one.promise.threshold),
            (one.window, one.calendar),
            tuple(part.weight for part in one.parts),
            *(
                (each.bad_codes, each.route) for each in one.indicators
            ),  # what is scraped, OpenSLO does not know
        )
        for one in all_objectives
    }


def able(system: System, files: dict[str, str]) -> tuple[Objective, ...]:
    """The objectives that the export has; the others it names."""
    text = files[openslo.OBJECTIVES]
    left = {line[4:].split(":")[0] for line in text.splitlines() if line.startswith("#   ")}
    return tuple(one for one in objectives(system) if one.name not in left)


def imported(files: dict[str, str]) -> tuple[System, Draft]:
    draft = read_back(files)
    written = write(draft, "shop")
    new = [note for note in written.draft.notes if note not in draft.notes]
    assert not new, new
    return spec.read_text(written.text), draft


@pytest.mark.parametrize("name", sorted(one.stem for one in (ROOT / "examples").glob("*.yaml")))
def test_the_examples_are_of_openslos_shape_and_read_back_as_the_same_objectives(name: str) -> None:
    system = spec.read(str(ROOT / f"examples/{name}.yaml"), Files())
    files = exported(system)
    found = checked([one for text in files.values() for one in yaml.safe_load_all(text)])
    kept = able(system, files)
    slos = {one.metadata.name for one in found if isinstance(one, Slo)}
    assert slos == {openslo.name_of(one) for one in kept}
    again, _ = imported(files)
    assert promises(kept) <= promises(objectives(again))


def system_of(level: str = "", more: str = "", target: str = "99.9%", zone: str = "") -> System:
    text = FILE.replace(", LEVEL", f", {level}" if level else "").replace("MORE", more)
    text = text.replace("99.9%", target, 1)
    return spec.read_text(text.replace("criticality: high", zone or "criticality: high"))


def test_slices_of_time_are_said_in_its_own_words_and_read_back() -> None:
    system = system_of("slices: {of: 5m, good: 99.5%}")
    files = exported(system)
    (slo,) = (
        one for one in yaml.safe_load_all(files[openslo.OBJECTIVES]) if one and one["kind"] == "SLO"
    )
    assert slo["spec"]["budgetingMethod"] == "Timeslices"
    assert slo["spec"]["objectives"][0]["timeSliceTarget"] == 0.995
    assert slo["spec"]["objectives"][0]["timeSliceWindow"] == "5m"
    assert "[5m]" in files[openslo.OBJECTIVES]
    again, _ = imported(files)
    (level,) = again.service_levels.values()
    assert (level.sli, level.slices) == (
        "availability",
        system.service_levels["api-availability"].slices,
    )


def test_journeys_are_named_and_left_out() -> None:
    system = system_of(more="journeys: {buy: {path: [api], slo: 99.9%}}")
    text = exported(system)[openslo.OBJECTIVES]
    assert "#   buy: a journey multiplies" in text
    assert "name: buy" not in text


WEIGHED = """
  fast: {of: api, sli: latency, slo: [p95 < 200ms, p99 < 1s]}
composites:
  whole: {weighted: {api-availability: 1, fast-p99-1s: 2.5}, SLO}
"""


@pytest.mark.parametrize("slo", ["window: 28d", "slo: 99.25%, window: [7d, 28d]"])
def test_a_composite_by_weight_is_one_of_openslos_and_is_read_back(slo: str) -> None:
    system = system_of(more=WEIGHED.replace("SLO", slo))
    files = exported(system)
    checked_all(files[openslo.OBJECTIVES])
    kept = able(system, files)
    assert any(one.group == "composites" for one in kept)
    again, draft = imported(files)
    assert promises(kept) <= promises(objectives(again))
    assert len(again.service_levels) == 3  # its parts are the levels that stand there already
    assert any("is a composite" in note.text for note in draft.notes)


@pytest.mark.parametrize(
    ("composite", "why"),
    [
        ("all: [api-availability, fast-p99-1s]", "composite of all its parts multiplies"),
        ("weighted: {api-availability: 1, buy: 1}", "buy is a journey, which multiplies"),
        ("weighted: {api-availability: 1, fast-p99-1s: 1}, slo: 99%",
         "it promises 99%; a composite of OpenSLO promises what its objectives come to, 99.45%"),
        ("weighted: {api-availability: 1, fast-p99-1s: 1}, window: 2h30s", "window of 2h30s has seconds"),
    ],
)  # fmt: skip
def test_what_openslo_has_no_composite_for_is_named(composite: str, why: str) -> None:
    more = WEIGHED.replace("weighted: {api-availability: 1, fast-p99-1s: 2.5}, SLO", composite)
    system = system_of(more=f"{more}journeys: {{buy: {{path: [api], slo: 99.9%}}}}\n")
    text = exported(system)[openslo.OBJECTIVES]
    assert f"#   whole: {why}" in text or why in text
    assert "name: whole" not in text


@pytest.mark.parametrize(
    ("window", "duration"), [("28d", "28d"), ("90m", "90m"), ("6h", "6h"), ("1h30m", "90m")]
)
def test_a_window_is_one_number_and_one_unit(window: str, duration: str) -> None:
    text = exported(system_of(f"window: {window}"))[openslo.OBJECTIVES]
    slo = next(one for one in checked_all(text) if isinstance(one, Slo))
    assert slo.spec.timeWindow[0].duration == duration


def checked_all(text: str) -> list[object]:
    things = list(yaml.safe_load_all(exported(system_of())[openslo.SERVICES]))
    return list(checked([*things, *yaml.safe_load_all(text)]))


def test_seconds_are_refused_and_never_rounded() -> None:
    assert openslo.shorthand(spec_duration("90s")) is None
    text = exported(system_of("window: 2h30s"))[openslo.OBJECTIVES]
    assert "api-availability: its window of 2h30s has seconds" in text
    assert not [one for one in checked_all(text) if isinstance(one, Slo)]


def spec_duration(text: str):
    from standfast.spec.units import duration

    return duration(text)


def test_calendar_windows_keep_their_zone() -> None:
    files = exported(system_of("calendar: quarter", zone="timezone: Europe/Berlin"))
    slo = next(one for one in checked_all(files[openslo.OBJECTIVES]) if isinstance(one, Slo))
    assert slo.spec.timeWindow[0].duration == "1Q"
    assert slo.spec.timeWindow[0].calendar is not None
    assert slo.spec.timeWindow[0].calendar.timeZone == "Europe/Berlin"
    again, _ = imported(files)
    assert again.service_levels["api-availability"].calendar == "quarter"


def test_burn_alerts_come_with_the_windows_that_can_fire() -> None:
    text = exported(system_of(more="alerts: {}"))[openslo.OBJECTIVES]
    policies = [one for one in checked_all(text) if isinstance(one, Policy)]
    burns = {one.metadata.name: one.spec.conditions[0].spec.condition for one in policies}
    found = {name: (one.threshold, one.lookbackWindow) for name, one in burns.items()}
    assert found["api-availability-page-quick"] == (14.4, "1h")
    assert found["api-availability-ticket-slow"] == (1.0, "3d")


def test_an_alert_of_the_file_lends_its_severity_and_comes_back_as_one() -> None:
    more = "alerts: {burns: {of: api, when: burn rate of api-availability, severity: P1}}"
    files = exported(system_of(more=more))
    policies = [one for one in checked_all(files[openslo.OBJECTIVES]) if isinstance(one, Policy)]
    assert {one.spec.conditions[0].spec.severity for one in policies} == {"P1"}
    again, _ = imported(files)
    assert [(one.of, one.severity) for one in again.alerts.values()] == [("api", "P1")]


def test_what_somebody_changed_is_taken_as_it_stands() -> None:
    files = exported(system_of())
    files[openslo.OBJECTIVES] = files[openslo.OBJECTIVES].replace("5..", "4..")
    again, draft = imported(files)
    assert again.service_levels["api-availability"].sli == "query"
    assert "4.." in again.service_levels["api-availability"].query.bad
    assert any(
        "was changed since" in one.text for one in draft.notes if one.kind == NoteKind.DETECTED
    )


def test_every_query_is_one_that_prometheus_takes(tmp_path: Path) -> None:
    more = """
  api-latency: {of: api, sli: latency, slo: [p95 < 200ms, p99 < 1s], window: 28d}
  orders:
    of: api
    sli: query
    slo: 99%
    query: {total: "sum(rate(orders_total[$window]))", good: "sum(rate(orders_total{ok='1'}[$window]))"}
"""
    text = exported(system_of(more=more))[openslo.OBJECTIVES]
    queries = [
        metric["metricSource"]["spec"]["query"]
        for one in yaml.safe_load_all(text)
        if one["kind"] == "SLI"
        for metric in (one["spec"]["ratioMetric"]["bad"], one["spec"]["ratioMetric"]["total"])
    ]
    rules = [{"record": f"q:{number}", "expr": query} for number, query in enumerate(queries)]
    path = tmp_path / "rules.yml"
    path.write_text(yaml.safe_dump({"groups": [{"name": "queries", "rules": rules}]}))
    ran = subprocess.run(
        ["promtool", "check", "rules", str(path)], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    assert len(queries) == 8


# ------------------------------------------------------------------ any system


_targets = st.integers(1, 99_999).map(lambda n: f"{n / 1000:.3f}%")
_windows = st.one_of(
    st.tuples(st.integers(1, 90), st.just("d")),
    st.tuples(st.integers(1, 500), st.just("h")),
    st.tuples(st.integers(60, 5000), st.just("m")),
).map(lambda pair: f"window: {pair[0]}{pair[1]}")
_spans = st.one_of(_windows, st.sampled_from(["calendar: month", "calendar: quarter"]))
_milliseconds = st.integers(1, 20_000)
_codes = st.lists(
    st.sampled_from(["5xx", "4xx", "429", "503", "timeout"]), min_size=1, max_size=3, unique=True
)


@st.composite
def levels(draw: st.DrawFn) -> str:
    kind = draw(st.sampled_from(["availability", "errors", "latency", "query", "probe"]))
    span, target = draw(_spans), draw(_targets)
    if kind == "latency":
        return f'{{of: api, sli: latency, slo: "{target} < {draw(_milliseconds)}ms", {span}}}'
    if kind == "query":
        word = draw(st.sampled_from(["good", "bad"]))
        return (
            f'{{of: api, sli: query, slo: "{target}", {span}, query: {{total: "sum(rate(a_total[$window]))", '
            f'{word}: "sum(rate(b_total[$window]))"}}}}'
        )
    bad = f", bad: [{', '.join(draw(_codes))}]" if kind != "probe" else ""
    return f'{{of: api, sli: {kind}, slo: "{target}", {span}{bad}}}'


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(levels(), min_size=1, max_size=4))
def test_any_objectives_read_back_are_the_same(written: list[str]) -> None:
    text = FILE.split("service_levels", maxsplit=1)[0] + "service_levels:\n"
    text += "".join(f"  level-{number}: {level}\n" for number, level in enumerate(written))
    system = spec.read_text(text)
    files = exported(system)
    checked([one for each in files.values() for one in yaml.safe_load_all(each)])
    kept = able(system, files)
    again, _ = imported(files)
    wanted = {one for one in promises(kept) if one[2] != "query"}
    assert wanted <= promises(objectives(again))
    own = {one.name: (one.component, one.target, one.window, one.calendar) for one in kept}
    found = {
        one.name: (one.component, one.target, one.window, one.calendar) for one in objectives(again)
    }
    assert {name: found.get(name) for name in own} == own


def test_targets_are_exact_to_the_last_digit() -> None:
    text = exported(system_of(target="99.99999%"))
    again, _ = imported(text)
    assert again.service_levels["api-availability"].slos[0].target == Fraction(
        9_999_999, 10_000_000
    )
