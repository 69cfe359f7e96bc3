"""Everything that was measured, in one value: what published documents show in their dated region.

It travels as JSON and is read back by its annotations, so it holds plain values only.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from standfast.paging.rotation import on_duty, shifts

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from fractions import Fraction

    from standfast.alerting.alert import Alert
    from standfast.dashboards.audit import Seal
    from standfast.dashboards.on_call import ChannelLine
    from standfast.incidents.incident import Incident, TimelineEntry
    from standfast.monitoring.gauge import Reading
    from standfast.monitoring.target import Target, TargetState
    from standfast.paging.page import Page
    from standfast.recovery.catalogue import Copy
    from standfast.recovery.objective import Judgement
    from standfast.recovery.proof import Proof
    from standfast.slo.objective import Objective
    from standfast.slo.policy import PolicyState
    from standfast.slo.status import LevelStatus
    from standfast.slo.tally import Tally
    from standfast.spec.system import System

LONG = timedelta(days=90)
"""Over which attainment is told and who read the log."""
RECENT = timedelta(days=30)
"""Over which alerts, pages and load are told."""
LAST = 5
"""Episodes of one alert that its runbook recalls."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelFigures:
    name: str
    promise: str
    state: str
    achieved: float | None  # over its own window
    left: float | None  # of the budget
    left_time: timedelta | None  # of total outage
    burn: float | None  # the pace of late
    runs_out: datetime | None
    attained: float | None  # over ninety days
    seen_since: datetime | None
    band: str  # of the budget policy
    action: str
    excluded: timedelta = timedelta(0)  # of those ninety days


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetFigures:
    key: str
    address: str
    ok: bool
    at: datetime
    since: datetime
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertFigures:
    rule: str
    component: str
    fired: int
    answered: int
    unanswered: int  # paged, and over before anybody said a word
    last: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Episode:
    rule: str
    component: str
    runbook: str
    at: datetime
    lasted: timedelta | None  # None: it still fires
    answered_by: str
    incident: str
    ended_by: str  # the last thing that somebody wrote into the incident's timeline


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadFigures:
    person: str
    rota: str
    hours: int  # as primary, by the rotation as it is now
    pages: int  # opened meanwhile
    at_night: int  # of them between 22:00 and 06:00 in the rotation's zone


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyFigures:
    store: str
    kind: str
    at: datetime
    size: int
    before: int | None  # the size of the one before
    failed_at: datetime | None  # the newest that failed since
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RestoreFigures:
    store: str
    at: datetime
    passed: bool
    reason: str
    rto: timedelta
    rpo: timedelta | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveryFigures:
    data: str
    store: str
    rpo_promised: timedelta | None
    rpo_measured: timedelta | None
    rpo: str
    rto_promised: timedelta | None
    rto_measured: timedelta | None
    rto: str
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentFigures:
    id: str
    sev: str
    title: str
    since: datetime
    commander: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionFigures:
    incident: str
    text: str
    owner: str
    due: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditFigures:
    size: int
    recent: int
    oldest: datetime | None
    sealed: bool
    seal: str
    signed_at: datetime | None
    seen: tuple[tuple[str, datetime | None], ...]  # event of the catalogue -> the newest one
    searched: int
    exported: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelFigures:
    """One way to one person, as its last test left it."""

    person: str  # "" where the channel has a receiver of its own
    channel: str
    wakes: bool
    proof: str
    words: str
    until: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurements:
    at: datetime
    system: str
    file: str  # the digest of the file that the server runs on
    levels: tuple[LevelFigures, ...]
    targets: tuple[TargetFigures, ...]
    unseen: tuple[str, ...]  # targets that were never looked at
    silent: tuple[str, ...]  # components of which no signal is read any more
    alerts: tuple[AlertFigures, ...]
    episodes: tuple[Episode, ...]
    load: tuple[LoadFigures, ...]
    channels: tuple[ChannelFigures, ...]
    acknowledged_p50: timedelta | None
    acknowledged_p90: timedelta | None
    copies: tuple[CopyFigures, ...]
    restores: tuple[RestoreFigures, ...]
    recovery: tuple[RecoveryFigures, ...]
    incidents: tuple[IncidentFigures, ...]
    overdue: tuple[ActionFigures, ...]
    audit: AuditFigures


# ------------------------------------------------------------------ service levels


def level(
    objective: Objective,
    status: LevelStatus | None,
    policy: PolicyState | None,
    steps: Sequence[Tally],
    seen_since: datetime | None,
    excluded: timedelta = timedelta(0),
) -> LevelFigures:
    """`steps` are the counts of its indicators over ninety days, without the time that is excluded."""
    budget = status.budget if status else None
    whole = objective.whole(steps)
    return LevelFigures(
        name=objective.name,
        promise=objective.promise.text,
        state=budget.state.value if budget else "unknown",
        achieved=_float(budget.achieved) if budget else None,
        left=_float(budget.left) if budget else None,
        left_time=budget.left_time if budget else None,
        burn=_float(budget.burn) if budget else None,
        runs_out=budget.exhausted_at if budget else None,
        attained=_float(whole.good_share),
        seen_since=seen_since,
        band=policy.band if policy else "",
        action=policy.action if policy else "",
        excluded=excluded,
    )


def _float(share: Fraction | None) -> float | None:
    return None if share is None else float(share)


# ------------------------------------------------------------------ what is looked at


def looks(
    wanted: Sequence[Target], states: Mapping[str, TargetState]
) -> tuple[tuple[TargetFigures, ...], tuple[str, ...]]:
    """The last look at each target, and those without one."""
    found = [(one, states[one.key]) for one in wanted if one.key in states]
    figures = tuple(
        TargetFigures(
            key=one.key,
            address=one.address,
            ok=state.ok,
            at=state.at,
            since=state.since,
            because=state.because,
        )
        for one, state in found
    )
    return figures, tuple(one.key for one in wanted if one.key not in states)


def silent(
    system: System, newest: Mapping[str, Mapping[str, Reading]], now: datetime
) -> tuple[str, ...]:
    """Components with metrics of which none was read for five rounds."""
    found = []
    for name, part in system.components.items():
        if part.scrape or part.exporter:
            at = max((one.at for one in newest.get(name, {}).values()), default=None)
            if at is None or now - at > 5 * part.scrape_every:
                found.append(name)
    return tuple(found)


# ------------------------------------------------------------------ alerts and pages


def alerts(
    history: Sequence[Alert], pages: Mapping[tuple[str, int], Page]
) -> tuple[AlertFigures, ...]:
    """By rule, the most frequent first; `pages` by fingerprint and episode."""
    by_rule: dict[tuple[str, str], list[Alert]] = defaultdict(list)
    for one in history:
        by_rule[one.rule, one.component].append(one)
    found = [_alert(rule, component, mine, pages) for (rule, component), mine in by_rule.items()]
    return tuple(sorted(found, key=lambda one: (-one.fired, one.rule)))


def _alert(
    rule: str, component: str, mine: Sequence[Alert], pages: Mapping[tuple[str, int], Page]
) -> AlertFigures:
    paged = [page for one in mine if (page := pages.get((one.fingerprint, one.episode)))]
    answered = sum(page.acknowledged_at is not None for page in paged)
    return AlertFigures(
        rule=rule,
        component=component,
        fired=len(mine),
        answered=answered,
        unanswered=sum(not page.active and page.acknowledged_at is None for page in paged),
        last=max(one.fired_at for one in mine if one.fired_at),
    )


def episodes(
    history: Sequence[Alert],
    pages: Mapping[tuple[str, int], Page],
    timelines: Mapping[str, Sequence[TimelineEntry]],
) -> tuple[Episode, ...]:
    """The newest of each rule; `history` is newest first, `timelines` by incident."""
    count: dict[str, int] = defaultdict(int)
    found = []
    for one in history:
        count[one.rule] += 1
        if count[one.rule] <= LAST and one.fired_at:
            page = pages.get((one.fingerprint, one.episode))
            incident = (page.incident if page else None) or ""
            notes = [each.text for each in timelines.get(incident, ()) if each.kind == "note"]
            found.append(
                Episode(
                    rule=one.rule,
                    component=one.component,
                    runbook=one.runbook or "",
                    at=one.fired_at,
                    lasted=one.resolved_at - one.fired_at if one.resolved_at else None,
                    answered_by=(page.acknowledged_by if page else None) or "",
                    incident=incident,
                    ended_by=notes[-1] if notes else "",
                )
            )
    return tuple(found)


def load(system: System, pages: Sequence[Page], now: datetime) -> tuple[LoadFigures, ...]:
    """Hours and pages of each primary over the last thirty days."""
    found = []
    for rota in system.on_call.values():
        hours: dict[str, timedelta] = defaultdict(timedelta)
        for watch in shifts(rota, now - RECENT, now):
            if watch.primary:
                hours[watch.primary] += watch.end - watch.begin
        zone = ZoneInfo(rota.timezone)
        paged: dict[str, int] = defaultdict(int)
        night: dict[str, int] = defaultdict(int)
        for page in pages:
            who = on_duty(rota, page.opened_at).primary if page.rota == rota.name else None
            if who:
                paged[who] += 1
                night[who] += not 6 <= page.opened_at.astimezone(zone).hour < 22
        found += [
            LoadFigures(
                person=who,
                rota=rota.name,
                hours=span // timedelta(hours=1),
                pages=paged[who],
                at_night=night[who],
            )
            for who, span in sorted(hours.items())
        ]
    return tuple(found)


def answer_times(pages: Iterable[Page]) -> tuple[timedelta | None, timedelta | None]:
    """The median and the ninetieth percentile (nearest rank) of the time to an acknowledgement."""
    taken = sorted(one.acknowledged_at - one.opened_at for one in pages if one.acknowledged_at)
    if not taken:
        return None, None
    return taken[-(-len(taken) * 50 // 100) - 1], taken[-(-len(taken) * 90 // 100) - 1]


def ways(lines: Iterable[ChannelLine]) -> tuple[ChannelFigures, ...]:
    return tuple(
        ChannelFigures(
            person=one.person,
            channel=one.channel,
            wakes=one.wakes,
            proof=one.mark.word,
            words=one.words,
            until=one.until,
        )
        for one in lines
    )


# ------------------------------------------------------------------ recovery


def copies(every: Iterable[Copy]) -> tuple[CopyFigures, ...]:
    """The newest good copy of each kind, beside the one before it and a failure since."""
    by_kind: dict[tuple[str, str], list[Copy]] = defaultdict(list)
    for one in sorted(every, key=lambda one: one.finished_at, reverse=True):
        by_kind[one.store, one.kind].append(one)
    found = []
    for (store, kind), mine in sorted(by_kind.items()):
        good = [one for one in mine if one.usable]
        failed = next((one for one in mine if not one.usable), None)
        if good and failed and failed.finished_at < good[0].finished_at:
            failed = None
        newest = good[0] if good else None
        if newest is not None:
            found.append(
                CopyFigures(
                    store=store,
                    kind=kind,
                    at=newest.finished_at,
                    size=newest.size,
                    before=good[1].size if len(good) > 1 else None,
                    failed_at=failed.finished_at if failed else None,
                    reason=failed.reason if failed else "",
                )
            )
    return tuple(found)


def restores(newest: Mapping[str, Proof]) -> tuple[RestoreFigures, ...]:
    return tuple(
        RestoreFigures(
            store=store,
            at=one.at,
            passed=one.passed,
            reason=one.reason,
            rto=one.rto,
            rpo=one.rpo,
        )
        for store, one in sorted(newest.items())
    )


def recovery(judgements: Iterable[Judgement]) -> tuple[RecoveryFigures, ...]:
    return tuple(
        RecoveryFigures(
            data=one.data,
            store=one.store,
            rpo_promised=one.rpo_promised,
            rpo_measured=one.rpo_measured,
            rpo=one.rpo.value,
            rto_promised=one.rto_promised,
            rto_measured=one.rto_measured,
            rto=one.rto.value,
            because=one.because,
        )
        for one in judgements
    )


# ------------------------------------------------------------------ incidents and the log


def going_on(incidents: Iterable[Incident]) -> tuple[IncidentFigures, ...]:
    return tuple(
        IncidentFigures(
            id=one.id,
            sev=one.sev.value,
            title=one.title,
            since=one.started_at,
            commander=one.roles.get("commander", ""),
        )
        for one in incidents
    )


def overdue(incidents: Iterable[Incident], now: datetime) -> tuple[ActionFigures, ...]:
    return tuple(
        ActionFigures(incident=one.id, text=action.text, owner=action.owner, due=action.due)
        for one in incidents
        for action in one.actions
        if not action.done and action.due is not None and action.due < now
    )


def log(
    seal: Seal,
    *,
    total: int,
    recent: int,
    oldest: datetime | None,
    seen: Mapping[str, datetime | None],
    searched: int,
    exported: int,
) -> AuditFigures:
    return AuditFigures(
        size=total,
        recent=recent,
        oldest=oldest,
        sealed=seal.mark.tone == "good",
        seal=seal.words,
        signed_at=seal.signed_at,
        seen=tuple(seen.items()),
        searched=searched,
        exported=exported,
    )
