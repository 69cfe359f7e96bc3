"""The report of everything that was read of a period."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from standfast.dashboards.report.changes import change_lines
from standfast.dashboards.report.contract import agreement_line
from standfast.dashboards.report.corrections import corrections
from standfast.dashboards.report.promise import promise_line
from standfast.dashboards.report.value import (
    BROKEN,
    IDLE,
    KEPT,
    MET,
    MISSED,
    NARROW,
    UNKNOWN,
    AgreementLine,
    AlertLine,
    IncidentLine,
    PromiseLine,
    Report,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from standfast.alerting.alert import Alert
    from standfast.dashboards.report.counts import Rows
    from standfast.incidents.incident import Incident
    from standfast.slo.objective import Objective


def report(rows: Rows, *, of: str, made_at: datetime, made_by: str, key: str) -> Report:
    """The first edition; `of` names the one promise that it is about, "" is all."""
    touched = {one.objective.name: _parts(one.objective) for one in rows.promises}
    touched |= {one.agreement.name: _parts(one.agreement.terms) for one in rows.agreements}
    incidents = _incidents(rows, touched)
    promises = tuple(
        promise_line(
            rows, one, [each.id for each in incidents if one.objective.name in each.promises]
        )
        for one in rows.promises
    )
    agreements = tuple(agreement_line(rows, one) for one in rows.agreements)
    period, provisional = rows.period, rows.until < rows.period.end
    return Report(
        system=rows.system.name,
        period=period.name,
        kind=period.kind,
        words=period.words,
        starts=period.start,
        ends=period.end,
        timezone=period.zone,
        of=of,
        provisional=provisional,
        edition=1,
        made_at=made_at,
        made_by=made_by,
        counted_until=rows.until,
        file_version=rows.version.number,
        file_digest=rows.version.digest,
        key=key,
        summary=_summary(promises, agreements, provisional=provisional),
        corrections=(),
        notes=rows.notes,
        promises=promises,
        agreements=agreements,
        incidents=incidents,
        alerts=_alerts(rows, touched),
        changes=change_lines(rows.opening, rows.versions),
    )


def unreportable(rows: Rows) -> str:
    """Why there is nothing to report; "" where there is."""
    windows = [each for one in rows.agreements for each in one.windows]
    if not rows.promises and not windows:
        return "the reliability file promises nothing: there is nothing to report on"
    counted = [*(one.raw for one in rows.promises), *(one.raw for one in windows)]
    if any(one.covered or one.total for one in counted):
        return ""
    seen = [one.first_seen for one in rows.promises if one.first_seen is not None]
    since = f"the first look was on {min(seen):%Y-%m-%d}" if seen else "nothing was ever measured"
    return f"nothing was measured in {rows.period.name}, or its counts are no longer kept; {since}"


def edition_after(before: Mapping[str, object], number: int, after: Report) -> Report | None:
    """`after` as the edition that follows `number`, which said `before`; None where it says the same."""
    said = corrections(before, after)
    if not said:
        return None
    return replace(after, edition=number + 1, corrections=said)


def _summary(
    promises: Sequence[PromiseLine], agreements: Sequence[AgreementLine], *, provisional: bool
) -> str:
    kept = [each.state for one in agreements for each in one.windows]
    told = [
        *_tally("objective", [one.state for one in promises], (MET, MISSED, UNKNOWN, IDLE)),
        *_tally("window of contracts", kept, (KEPT, NARROW, BROKEN, UNKNOWN)),
    ]
    so_far = " So far: the period is not over." if provisional else ""
    return f"{' '.join(told)}{so_far}" if told else "Nothing is promised in the file."


def _tally(what: str, states: Sequence[str], order: Sequence[str]) -> list[str]:
    """ "Of 3 objectives: 1 met, 2 unknown." """
    if not states:
        return []
    head, _, tail = what.partition(" ")
    plural = f"{head}s{' ' if tail else ''}{tail}" if len(states) != 1 else what
    told = [f"{states.count(word)} {word}" for word in order if word in states]
    return [f"Of {len(states)} {plural}: {', '.join(told)}."]


def _parts(objective: Objective) -> frozenset[str]:
    steps = {one.component for one in objective.indicators}
    return frozenset(steps | {objective.component, *objective.unmeasured})


# ------------------------------------------------------------------ what happened


def _incidents(rows: Rows, touched: Mapping[str, frozenset[str]]) -> tuple[IncidentLine, ...]:
    found = [
        _incident(one, tuple(name for name, parts in touched.items() if one.component in parts))
        for one in sorted(rows.incidents, key=lambda each: (each.started_at, each.id))
    ]
    return tuple(one for one in found if one.promises)


def _incident(one: Incident, promises: tuple[str, ...]) -> IncidentLine:
    return IncidentLine(
        id=one.id,
        title=one.title if one.declared_by else f"Trouble with {one.component}",
        sev=one.sev.value,
        component=one.component,
        started=one.started_at,
        resolved=one.resolved_at or one.closed_at,
        promises=promises,
    )


def _alerts(rows: Rows, touched: Mapping[str, frozenset[str]]) -> tuple[AlertLine, ...]:
    """By rule, the gravest first."""
    parts = frozenset().union(*touched.values())
    by_rule: dict[tuple[str, str, str], list[Alert]] = defaultdict(list)
    for one in rows.alerts:
        if one.component in parts and one.fired_at is not None:
            by_rule[one.severity.value, one.rule, one.component].append(one)
    return tuple(_alert(key, mine, rows.until) for key, mine in sorted(by_rule.items()))


def _alert(key: tuple[str, str, str], mine: Sequence[Alert], until: datetime) -> AlertLine:
    severity, rule, component = key
    fired = [one.fired_at for one in mine if one.fired_at is not None]
    lasted = [
        min(one.resolved_at or until, until) - one.fired_at
        for one in mine
        if one.fired_at is not None
    ]
    return AlertLine(
        rule=rule,
        component=component,
        severity=severity,
        fired=len(mine),
        lasted=sum(lasted, timedelta(0)),
        first=min(fired),
        last=max(fired),
    )
