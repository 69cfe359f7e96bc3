"""The draft of a post-mortem: what timeline and figures say, and the questions they cannot answer."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from standfast.spec.values import Money

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime
    from fractions import Fraction

    from standfast.incidents.incident import Incident, TimelineEntry
    from standfast.spec.system import IncidentPolicy, System

_HOUR, _MINUTE = timedelta(hours=1), timedelta(minutes=1)
_MARKUP = re.compile(r"([\\`*_\[\]|#~<>])")
_UNKNOWN = "not measured"


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What was measured while the incident lasted; None is "not measured", never nought."""

    failed_requests: int | None = None
    total_requests: int | None = None
    budget_burned: Fraction | None = None  # share of the objective's whole budget
    objective: str = ""  # whose budget
    cost: Money | None = None


def cost(system: System, component: str, lasted: timedelta) -> Money | None:
    """Revenue per hour of the journeys through the component, times the hours: the most it can have cost.

    None where no such journey states its revenue, or where they state it in several currencies.
    """
    hit = [one for one in system.journeys.values() if component in one.path]
    stated = [one.revenue_per_hour for one in hit if one.revenue_per_hour]
    currencies = {one.currency for one in stated}
    if len(currencies) != 1:
        return None
    hours = Decimal(int(lasted / timedelta(seconds=1))) / 3600
    total = sum((one.amount for one in stated), Decimal(0)) * hours
    return Money(amount=total.quantize(Decimal("0.01")), currency=currencies.pop())


def due_at(incident: Incident, policy: IncidentPolicy) -> datetime | None:
    """48 hours (or as the file says) after the end, until then after the declaration; None: none is owed."""
    if incident.sev not in policy.post_mortem_for:
        return None
    return (incident.resolved_at or incident.declared_at) + policy.post_mortem_within


def draft(
    incident: Incident, timeline: Sequence[TimelineEntry], figures: Figures, system: System
) -> str:
    """Markdown. Every value in it is somebody's text and is escaped."""
    began = incident.started_at
    facts = (
        f"**Date**: {began:%Y-%m-%d} | **Severity**: {incident.sev} | "
        f"**Duration**: {_duration(incident)}"
    )
    due = due_at(incident, system.incidents)
    blocks = (
        f"# Post-Mortem: {_plain(incident.title)}",
        facts,
        f"Due {due:%Y-%m-%d %H:%M} UTC." if due else "",
        "## Executive Summary",
        _summary(incident, figures),
        "## Timeline (UTC)",
        _table(("Time", "Event"), _times(timeline, began)),
        "## Impact",
        "\n".join(f"- {line}" for line in _impact(figures)),
        "## Root Cause (5 Whys)",
        _whys(incident, timeline),
        "## Action Items",
        _table(("Action", "Priority", "Owner", "Due Date"), _actions(incident, system)),
    )
    return "\n\n".join(block for block in blocks if block) + "\n"


def _summary(incident: Incident, figures: Figures) -> str:
    by = _plain(incident.declared_by) if incident.declared_by else "an alert"
    happened = (
        f"{_plain(incident.component)} was in trouble from {incident.started_at:%Y-%m-%d %H:%M} UTC; "
        f"{incident.sev} was declared at {incident.declared_at:%H:%M} by {by}."
    )
    hurt = f"{_requests(figures)}; the error budget burned was {_burned(figures)}."
    return " ".join((happened, hurt[:1].upper() + hurt[1:], _ended(incident)))


def _ended(incident: Incident) -> str:
    times = (
        ("first answered", incident.to_acknowledge),
        ("mitigated", incident.to_mitigate),
        ("resolved", incident.lasted(incident.resolved_at) if incident.resolved_at else None),
    )
    known = [f"{verb} after {_length(took)}" for verb, took in times if took is not None]
    if incident.resolved_at is None:
        known.append("not yet resolved")
    return f"It was {', '.join(known)}."


def _duration(incident: Incident) -> str:
    if incident.resolved_at is None:
        return "still going on"
    hours = incident.lasted(incident.resolved_at) / _HOUR
    return f"{hours:.1f} hours"


def _length(took: timedelta) -> str:
    minutes = max(0, round(took / _MINUTE))
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min"


def _times(timeline: Sequence[TimelineEntry], began: datetime) -> Iterable[tuple[str, str]]:
    """The day is told where it is not the first one."""
    if not timeline:
        return (("–", "nothing was written down"),)
    return tuple(
        (
            f"{one.at:%H:%M}" if one.at.date() == began.date() else f"{one.at:%Y-%m-%d %H:%M}",
            f"{_plain(one.kind)}: {_plain(one.text)} ({_plain(one.by or one.source)})",
        )
        for one in timeline
    )


def _impact(figures: Figures) -> tuple[str, ...]:
    money = f"at most {_plain(str(figures.cost))}" if figures.cost else _UNKNOWN
    return (
        f"Users affected: {_UNKNOWN}",
        f"Transactions: {_requests(figures)}",
        f"Error budget burned: {_burned(figures)}",
        f"Estimated revenue impact: {money}",
    )


def _requests(figures: Figures) -> str:
    failed, total = figures.failed_requests, figures.total_requests
    if failed is None:
        return f"failed requests were {_UNKNOWN}"
    if not total:
        return f"{failed:,} requests failed"
    return f"{failed:,} of {total:,} requests failed ({failed / total:.1%})"


def _burned(figures: Figures) -> str:
    if figures.budget_burned is None:
        return _UNKNOWN
    of = f" of {_plain(figures.objective)}" if figures.objective else ""
    return f"{float(figures.budget_burned):.1%}{of}"


def _whys(incident: Incident, timeline: Sequence[TimelineEntry]) -> str:
    alert = next((one.text for one in timeline if one.kind == "alert"), "")
    first = _plain(alert or incident.title)
    questions = (f"Why? {first}", *(["Why? (to be found)"] * 3), "Why? (root cause, to be found)")
    return "\n".join(f"{number}. {text}" for number, text in enumerate(questions, 1))


# ------------------------------------------------------------------ what follows from it


def _actions(incident: Incident, system: System) -> tuple[tuple[str, ...], ...]:
    if incident.actions:
        return tuple(
            (
                _plain(one.text) + (" (done)" if one.done else ""),
                one.priority.value,
                _plain(one.owner) or "to be named",
                f"{one.due:%Y-%m-%d}" if one.due else "to be set",
            )
            for one in incident.actions
        )
    owner = _owner(incident, system)
    return tuple(
        (f"Proposed: {text}", priority, owner, "to be set")
        for text, priority in _proposals(incident, system)
    )


def _proposals(incident: Incident, system: System) -> tuple[tuple[str, str], ...]:
    """What the incident's own times call for; a draft of actions, for people to decide."""
    lines = [(f"remove the root cause in {_plain(incident.component)}", "P1")]
    if not incident.alerts:
        lines.append(("let an alert find this before a person does", "P2"))
    rule = system.incidents.rules.get(incident.sev)
    took = incident.to_acknowledge
    if rule and rule.respond and took is not None and took > rule.respond:
        late = f"answer sooner: it took {_length(took)}, {_length(rule.respond)} is promised"
        lines.append((late, "P2"))
    rules = [one for one in system.alerts.values() if one.of == incident.component]
    if not any(one.runbook for one in rules):
        lines.append((f"write a runbook for {_plain(incident.component)}", "P3"))
    return tuple(lines)


def _owner(incident: Incident, system: System) -> str:
    known = incident.component in system.components
    team = system.team_of(incident.component) if known else None
    person = system.people.get(team.lead) if team and team.lead else None
    return _plain(person.name) if person else "to be named"


# ------------------------------------------------------------------ Markdown


def _plain(text: str) -> str:
    """Text that Markdown shows as written, on one line; signs that steer a terminal are replaced."""
    line = "".join(sign if sign.isprintable() else "\ufffd" for sign in " ".join(text.split()))
    return _MARKUP.sub(lambda match: f"\\{match[1]}", line.replace("&", "&amp;"))


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = (head, ["---"] * len(head), *rows)
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
