"""Reading incidents, on-call and recovery; the other screens are read in `app.reading`."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction
from typing import TYPE_CHECKING

from standfast.app import excluding
from standfast.dashboards import incident as incident_screen
from standfast.dashboards import on_call as on_call_screen
from standfast.dashboards import recovery as recovery_screen
from standfast.dashboards import status_page as status_screen
from standfast.dashboards.overview import AlertLine
from standfast.dashboards.service import recent_alert
from standfast.errors import NotFound
from standfast.incidents.checklist import lines as checklist
from standfast.incidents.incident import post_mortem_due
from standfast.incidents.post_mortem import Figures, draft
from standfast.paging.notification import Kind
from standfast.paging.reachable import ways
from standfast.recovery import schedule
from standfast.recovery.objective import judgements, newest_proofs
from standfast.slo.budget import expected
from standfast.slo.judgement import words
from standfast.slo.objective import objectives
from standfast.slo.window import span

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from standfast.dashboards.incident import IncidentScreen
    from standfast.dashboards.on_call import Delivery, OnCallScreen
    from standfast.dashboards.recovery import RecoveryLine, RecoveryScreen
    from standfast.dashboards.status_page import StatusPage
    from standfast.incidents.incident import Incident
    from standfast.paging.notification import Attempt
    from standfast.paging.page import Page
    from standfast.recovery.objective import Judgement
    from standfast.slo.objective import Objective
    from standfast.slo.tally import Tally
    from standfast.spec.system import System
    from standfast.store.tx import Tx

_RECENT = timedelta(days=1)
_TOLD = timedelta(days=120)  # the public sees what ended within 90 days, and some of that took long
_INSTANT = timedelta(microseconds=1)


def incident(tx: Tx, system: System, number: str, now: datetime) -> IncidentScreen:
    found = tx.incidents.incident(number)
    if found is None:
        raise NotFound(f"no incident is called {number!r}", fix="see /incidents")
    timeline = tx.incidents.timeline(number)
    hurt = _hurt(tx, system, found, now)
    money = _money(system, found, now)
    figures = Figures(
        failed_requests=max((round(tally.bad) for _, tally in hurt), default=None),
        budget_burned=tuple((one.name, _burned(tx, system, one, found, now)) for one, _ in hurt),
        revenue=money,
    )
    return incident_screen.screen(
        system,
        found,
        timeline,
        checklist(found),
        _cost_words(hurt, figures),
        "" if found.open else draft(found, timeline, figures, system),
        post_mortem_due(found, system.incidents),
        now,
    )


def _hurt(tx: Tx, system: System, found: Incident, now: datetime) -> list[tuple[Objective, Tally]]:
    """The objectives of the component that failed, with what was counted while it lasted."""
    start, end = _while_it_lasted(found, now)
    own = [one for one in objectives(system) if one.component == found.component and one.indicators]
    counted = [
        (one, one.whole([tx.levels.tally(each.counted.key, start, end) for each in one.indicators]))
        for one in own
    ]
    return [(one, tally) for one, tally in counted if tally.bad]


def _while_it_lasted(found: Incident, now: datetime) -> tuple[datetime, datetime]:
    return found.started_at - timedelta(seconds=30), found.resolved_at or now


def delivery(tx: Tx, system: System, late: Sequence[str], now: datetime) -> Delivery:
    """Would a page arrive?"""
    found = ways(system, tx.trials.standing(), now)
    return on_call_screen.delivery(system, tx.outbox.waiting(), late, found, now)


def on_call(tx: Tx, system: System, delivery: Delivery, now: datetime) -> OnCallScreen:
    pages = [page for page in tx.paging.recent(now - _RECENT) if not page.active]
    shown = [*tx.paging.active(), *pages]
    return on_call_screen.screen(
        system,
        [(page, _attempts(tx, system, page)) for page in shown],
        delivery,
        ways(system, tx.trials.standing(), now),
        [incident_screen.line(system, one, now) for one in tx.incidents.open()],
        [recent_alert(one) for one in tx.alerting.history(now - _RECENT)],
        now,
    )


def _page_words(page: Page) -> str:
    """Whom the page went to and how it stands, nothing said twice."""
    said = page.state_words
    return said if said.startswith(page.why) else f"{page.why}; {said}"


def alerts(tx: Tx) -> list[AlertLine]:
    """What fires, and who was paged for it."""
    pages = {page.alert: page for page in tx.paging.active()}
    found = []
    for one in tx.alerting.firing():
        page = pages.get(one.fingerprint)
        found.append(
            AlertLine(
                severity=one.severity.value,
                component=one.component,
                summary=one.summary or one.rule,
                because=one.because,
                since=one.since,
                page_id=page.id if page else "",
                page_words=_page_words(page) if page else "",
                acknowledged=not (page and page.can_acknowledge),
                runbook=one.runbook or "",
            )
        )
    return found


def status_page(tx: Tx, system: System, now: datetime) -> StatusPage:
    # A tally leaves out the bucket that begins with its window, and a day's first minute is the day's.
    asked = status_screen.windows(system, now)
    windows = [(start - _INSTANT, end - _INSTANT) for start, end in asked]
    seen = {
        component: status_screen.looked(tx.levels.tallies(one.key, windows))
        for component, one in status_screen.indicators(system).items()
    }
    recent = tx.incidents.recent(now - _TOLD)
    known = {one.id for one in recent}
    older = [one for one in tx.incidents.open() if one.id not in known]
    return status_screen.screen(system, seen, [*recent, *older], tx.exclusions.standing(now), now)


def recovery(tx: Tx, system: System, now: datetime) -> RecoveryScreen:
    return recovery_screen.screen(
        system, judged(tx, system, now), tx.recovery.copies(), tx.recovery.proofs()
    )


def recovery_lines(tx: Tx, system: System, now: datetime) -> list[RecoveryLine]:
    return recovery_screen.lines(system, judged(tx, system, now))


def judged(tx: Tx, system: System, now: datetime) -> tuple[Judgement, ...]:
    every = {name: schedule.proof_interval(plan) for name, plan in system.backups.items()}
    return judgements(system, newest_proofs(tx.recovery.proofs()), every, now)


def made(tx: Tx, component: str, what: str) -> datetime | None:
    """When the newest backup or restore proof of a component was made; None for what is not kept here."""
    if what == "backup":
        return max(
            (c.finished_at for c in tx.recovery.copies() if c.store == component and c.usable),
            default=None,
        )
    if what in {"restore proof", "drill"}:
        return max(
            (p.at for p in tx.recovery.proofs() if p.store == component and p.passed), default=None
        )
    return None


def _attempts(tx: Tx, system: System, page: Page) -> list[str]:
    return [_attempt_words(system, one) for one in tx.outbox.attempts_of(page.id)]


def _attempt_words(system: System, one: Attempt) -> str:
    who = on_call_screen.name_of(system, one.person) or "the fixed receiver"
    reason = f": {one.reason}" if one.reason else ""
    what = " (that it is over)" if one.kind is Kind.OVER else ""
    return f"{one.began_at:%H:%M:%S} {who} by {one.channel}{what}: {one.outcome.value}{reason}"


def _burned(tx: Tx, system: System, objective: Objective, found: Incident, now: datetime) -> str:
    """Which share of the whole window's budget its bad events are, but for the time that is excluded."""

    def counted(start: datetime, end: datetime) -> Tally:
        return objective.whole(excluding.tallies(tx, system, objective, start, end))

    window = span(objective, now, system.timezone)
    first, out = tx.levels.first_seen(), excluding.spans(tx, system, objective, now)
    so_far = counted(window.start, now)
    whole = expected(so_far, window, now, objective.first_look(first), out)
    allowed, bad = whole * objective.allowed, counted(*_while_it_lasted(found, now)).bad
    share = f"{float(Fraction(bad) / allowed):.1%}" if allowed else "an unknown share"
    return f"{share} of its {words(objective.window)} budget"


def _money(system: System, found: Incident, now: datetime) -> str:
    hit = [j for j in system.journeys.values() if found.component in j.path and j.revenue_per_hour]
    if not hit:
        return ""
    hours = found.lasted(now).total_seconds() / 3600
    parts = [
        f"{float(j.revenue_per_hour.amount) * hours:,.0f} {j.revenue_per_hour.currency} at most ({j.name})"
        for j in hit
        if j.revenue_per_hour
    ]
    return ", ".join(parts)


def _cost_words(hurt: Sequence[tuple[Objective, Tally]], figures: Figures) -> Sequence[str]:
    lines = [
        f"{round(tally.bad):,} of {round(tally.total):,} events of {one.name} failed"
        for one, tally in hurt
    ]
    lines += [f"{name}: {burned} burned" for name, burned in figures.budget_burned]
    return [*lines, *([f"revenue: {figures.revenue}"] if figures.revenue else [])] or [
        "Nothing was measured."
    ]
