"""The draft of a post-mortem: everything that the timeline knows, and clear gaps for what only people know."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from standfast.incidents.incident import DUTIES, post_mortem_due

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from standfast.incidents.incident import Incident, TimelineEntry
    from standfast.spec.system import System

_SAID = 500  # characters of one entry


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What the incident cost, as measured by others; None is not known, and the draft says so."""

    users: int | None = None
    failed_requests: int | None = None
    budget_burned: tuple[tuple[str, str], ...] = ()  # objective -> "31.2% of its 30 d budget"
    revenue: str = ""  # "1,250 EUR"


def draft(
    incident: Incident, timeline: Sequence[TimelineEntry], figures: Figures, system: System
) -> str:
    """Markdown. Text of alerts and people is escaped, so that it cannot break the tables."""
    return "\n".join(_parts(incident, timeline, figures, system)) + "\n"


def _parts(
    incident: Incident, timeline: Sequence[TimelineEntry], figures: Figures, system: System
) -> Iterator[str]:
    yield f"# Post-Mortem: {_cell(incident.title)}"
    yield ""
    yield (
        f"**Date**: {incident.started_at:%Y-%m-%d} | **Severity**: {incident.sev} | "
        f"**Duration**: {_duration(incident)} | **Incident**: {incident.id}"
    )
    yield ""
    yield "## Executive Summary"
    yield ""
    yield _summary(incident, figures, system)
    yield ""
    yield "## Timeline (UTC)"
    yield ""
    yield "| Time | Event | Source |"
    yield "|------|-------|--------|"
    for entry in timeline:
        by = f" ({_cell(entry.by)})" if entry.by else ""
        yield f"| {_time(entry.at, incident)} | {_cell(entry.text)}{by} | {_cell(entry.source)} |"
    yield ""
    yield "## Impact"
    yield ""
    yield from _impact(incident, figures)
    yield ""
    yield "## Response"
    yield ""
    yield from _response(incident, system)
    yield ""
    yield "## Root Cause (5 Whys)"
    yield ""
    yield f"1. Why? {_first_why(timeline)}"
    for number in range(2, 6):
        yield f"{number}. Why? _to be written_"
    yield ""
    yield "## Action Items"
    yield ""
    yield "| Action | Priority | Owner | Due Date |"
    yield "|--------|----------|-------|----------|"
    for item in incident.actions:
        due = f"{item.due:%Y-%m-%d}" if item.due else "_open_"
        due += ", done" if item.done else ""
        yield f"| {_cell(item.text)} | {item.priority} | {_cell(item.owner)} | {due} |"
    if not incident.actions:
        yield "| _to be written: what would have prevented it, what would have shortened it_ | | | |"


def _summary(incident: Incident, figures: Figures, system: System) -> str:
    state = (
        f"It was over after {_words(incident.to_mitigate)}."
        if incident.to_mitigate
        else "It is not over yet."
    )
    cost = f" {figures.failed_requests:,} requests failed." if figures.failed_requests else ""
    return (
        f"On {incident.started_at:%d %B %Y at %H:%M} UTC {_cell(incident.component)} of {system.name} "
        f"had trouble: {_cell(incident.title)}.{cost} {state} _Say in one sentence what mended it._"
    )


def _impact(incident: Incident, figures: Figures) -> Iterator[str]:
    known = f"{figures.users:,}" if figures.users is not None else "_unknown number of_"
    failed = (
        f"{figures.failed_requests:,}"
        if figures.failed_requests is not None
        else "_unknown number of_"
    )
    yield f"- {known} users affected"
    yield f"- {failed} requests or transactions failed"
    yield f"- Estimated revenue impact: {figures.revenue or '_not estimated_'}"
    for objective, burned in figures.budget_burned:
        yield f"- Error budget of {_cell(objective)}: {_cell(burned)}"
    if not figures.budget_burned:
        yield "- Error budget: _not measured_"
    yield f"- Alerts: {', '.join(_cell(one) for one in incident.alerts) or 'none; reported by a person'}"


def _response(incident: Incident, system: System) -> Iterator[str]:
    yield f"- Time to acknowledge: {_words(incident.to_acknowledge)}"
    yield f"- Time to restore: {_words(incident.to_mitigate)}"
    for role, (title, _) in DUTIES.items():
        held = [one for one in incident.holdings if one.role is role]
        names = ", ".join(
            f"{_name(one.person, system)} from {one.assumed_at:%H:%M}" for one in held
        )
        yield f"- {title}: {names or 'nobody'}"
    if due := post_mortem_due(incident, system.incidents):
        yield f"- Post-mortem due: {due:%Y-%m-%d %H:%M} UTC"


def _name(person: str, system: System) -> str:
    known = system.people.get(person)
    return _cell(known.name if known else person)


def _first_why(timeline: Sequence[TimelineEntry]) -> str:
    found = next((entry.text for entry in timeline if entry.kind == "alert"), "")
    return f"{_cell(found)} - _and why was that?_" if found else "_to be written_"


def _time(at: datetime, incident: Incident) -> str:
    same_day = at.date() == incident.started_at.date()
    return f"{at:%H:%M:%S}" if same_day else f"{at:%Y-%m-%d %H:%M:%S}"


def _duration(incident: Incident) -> str:
    if incident.resolved_at is None:
        return "not resolved yet"
    lasted = incident.resolved_at - incident.started_at
    hours = lasted / timedelta(hours=1)
    return f"{hours:.1f} hours" if hours >= 1 else _words(lasted)


def _words(length: timedelta | None) -> str:
    if length is None:
        return "not yet"
    seconds = max(int(length.total_seconds()), 0)
    if seconds < 60:
        return f"{seconds} s"
    return f"{seconds // 60} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def _cell(text: str) -> str:
    """One line of plain text inside a Markdown table."""
    line = " ".join(text.split())[:_SAID]
    for sign in "\\`*_[]<>|":
        line = line.replace(sign, "\\" + sign)
    return line
