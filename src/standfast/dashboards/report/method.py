"""How a figure came about, in words that an auditor can follow with a pocket calculator."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from standfast.dashboards.report.wording import (
    count_words,
    figure_of,
    minutes_words,
    share_words,
    spent_words,
    weight_words,
)
from standfast.slo.judgement import words
from standfast.spec.units import show_percentage

if TYPE_CHECKING:
    from standfast.dashboards.report.counts import Rows
    from standfast.dashboards.report.value import Counted
    from standfast.slo.indicator import Indicator
    from standfast.slo.objective import Objective


def method(
    rows: Rows, objective: Objective, counted: Counted, zone: str
) -> tuple[tuple[str, str], ...]:
    return (
        ("What counts", _counts(objective)),
        ("Source", _source(rows, objective)),
        ("Resolution", _resolution(objective, zone)),
        ("Formula", _formula(objective)),
        ("Arithmetic", _arithmetic(objective, counted)),
        ("Budget", _budget(objective, counted)),
        ("Downtime", _downtime(objective, counted)),
        ("Missing data", _missing(objective, counted)),
        ("Exclusions", _exclusions(counted)),
        *_gaps(objective),
    )


def _counts(objective: Objective) -> str:
    if objective.joint:
        return _joint(objective)
    told = " ".join(_indicator(each) for each in objective.indicators) or "Nothing."
    if objective.slices is not None:
        told += (
            f" Each minute and event goes into one of the {objective.unit}: a slice is good from"
            f" {show_percentage(objective.slices.good)} of good events on and where it had none, bad below"
            " that, and does not count where nobody looked. The figure is the share of good slices."
        )
    return told


def _joint(objective: Objective) -> str:
    if objective.parts:
        parts = ", ".join(f"{each.of} ({weight_words(each.weight)})" for each in objective.parts)
        return f"A composite is the mean of its parts by weight: {parts}."
    what, of = ("composite", "parts") if objective.group == "composites" else ("journey", "steps")
    names = dict.fromkeys(
        each.key if what == "composite" else each.component for each in objective.indicators
    )
    return (
        f"A {what} is good where each of its {of} is: {', '.join(names) or 'nothing is measured'}."
    )


def _indicator(one: Indicator) -> str:
    where = f" on {one.route}" if one.route else ""
    if one.kind == "latency" and one.threshold is not None:
        return f"Requests that {one.component} answers{where}; good are those within {words(one.threshold)}."
    told = {
        "requests": f"Requests that {one.component} answers{where}; bad are {', '.join(one.bad_codes)}.",
        "probe": f"Probes of {one.component}; bad are those that fail.",
        "freshness": f"Looks at the age of what {one.component} last made; bad are those that find it too old.",
        "saturation": f"Looks at how full {one.component} is; bad are those above its limit.",
        "query": f"Events that a query asks of a Prometheus-compatible engine, for {one.component}.",
    }
    return told.get(one.kind, f"Events of {one.component} ({one.kind}).")


def _source(rows: Rows, objective: Objective) -> str:
    keys = ", ".join(each.key for each in objective.indicators) or "nothing"
    place = rows.system.place(objective.path) or "the reliability file"
    return (
        f"Counts kept by standfast under {keys}; promised in {place}, version {rows.version.number}"
        f" of the reliability file (SHA-256 {rows.version.digest[:16]}…)."
    )


def _resolution(objective: Objective, zone: str) -> str:
    return (
        f"Whole {objective.unit} per {words(objective.bucket)}, added up as integers; days are those of"
        f" {zone}. Nothing is sampled, extrapolated or averaged."
    )


def _formula(objective: Objective) -> str:
    apart = "so their bad events need not add up to those of the period."
    if objective.parts:
        return (
            "Achieved = the sum of weight × good share of each part over the whole period, by the sum of the"
            " weights; a part without events leaves its weight to the others, and bad events are those"
            f" that this share makes of the events of all parts. Days are weighed each by itself, {apart}"
        )
    if objective.joint:
        of = "parts" if objective.group == "composites" else "steps"
        return (
            f"Achieved = the product of the good shares of its {of} over the whole period, of the events"
            f" of the first of them. Days are multiplied each by itself, {apart}"
        )
    return "Achieved = (all − bad) / all, over all counted events of the period."


def _arithmetic(objective: Objective, counted: Counted) -> str:
    if counted.achieved is None:
        return "There are no counted events, so there is no share to work out."
    bad, total = count_words(counted.bad), f"{counted.total:,}"
    return f"({total} − {bad}) / {total} = {figure_of(counted.achieved, objective.target)}, rounded down."


def _budget(objective: Objective, counted: Counted) -> str:
    allowed = counted.total * objective.allowed
    if not allowed:
        return "No events, no budget." if not counted.total else "A promise of 100% allows none."
    return (
        f"Allowed: {counted.total:,} × (1 − {share_words(objective.target, 7)}) ="
        f" {count_words(allowed)} bad events; spent {count_words(counted.bad)} / {count_words(allowed)} ="
        f" {spent_words(counted.bad / allowed)} of it."
    )


def _downtime(objective: Objective, counted: Counted) -> str:
    if counted.achieved is None:
        return "Cannot be told without events."
    measured = minutes_words(counted.covered)
    down = counted.covered.total_seconds() * float(counted.bad / counted.total)
    return (
        "The total outage that would have failed as many, of the time that was measured and counts:"
        f" {count_words(counted.bad)} / {counted.total:,} × {measured} ="
        f" {minutes_words(timedelta(seconds=down))}. Allowed are {share_words(objective.allowed, 7)} of"
        f" {measured}."
    )


def _missing(objective: Objective, counted: Counted) -> str:
    least = share_words(objective.min_coverage)
    return (
        f"{minutes_words(counted.missing)} were not looked at. They count as neither good nor bad and are"
        f" left out of the share; were less than {least} of the time looked at, a promise that seems kept"
        " would be called unknown."
    )


def _exclusions(counted: Counted) -> str:
    if not counted.excluded:
        return "None."
    return (
        f"{minutes_words(counted.excluded)} are left out, with all their events, good and bad, in whole"
        " buckets. The counts themselves are kept: each exclusion says what the figure would be without it."
    )


def _gaps(objective: Objective) -> list[tuple[str, str]]:
    found = []
    if objective.unmeasured:
        found.append(
            ("Not measured", f"{', '.join(objective.unmeasured)}: the figure speaks for the others only.")
        )  # fmt: skip
    if objective.soft:
        found.append(
            ("Not counted", f"{', '.join(objective.soft)}: needed softly, so users get along without.")
        )  # fmt: skip
    return found
