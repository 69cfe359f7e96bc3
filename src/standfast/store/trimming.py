"""Deleting rows that have served their time: which are old enough, and what keeps one all the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, delete, exists, func, not_, or_, select, tuple_

from standfast.alerting.alert import AlertState
from standfast.incidents.incident import IncidentState
from standfast.paging.notification import Delivery, Kind
from standfast.paging.page import PageState
from standfast.store.accounts import sessions, tokens
from standfast.store.alerting import alerts, episodes
from standfast.store.counts import coarsen, forget
from standfast.store.deploys import deploys
from standfast.store.incidents import incidents
from standfast.store.levels import burn_downs, policies
from standfast.store.monitoring import gauges, healths
from standfast.store.outbox import attempts, outbox
from standfast.store.paging import ack_tokens, pages
from standfast.store.trials import trials
from standfast.store.vitals import web_vitals

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from sqlalchemy import Column, Connection, Table

    Old = Callable[[datetime], Any]  # the condition under which a row may go

_OPEN_INCIDENT = (IncidentState.OPEN.value, IncidentState.MITIGATED.value)


class TrimRows:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def trim(self, kind: str, before: datetime, most: int) -> int:
        if kind == "counts":
            return forget(self._connection, before, most)
        if kind in {"seconds", "minutes"}:
            return coarsen(self._connection, kind, before, most)
        table, age, old = _KINDS[kind]
        key = list(table.primary_key)
        some = select(*key).where(old(before)).order_by(age).limit(most)
        mine = tuple_(*key).in_(some) if len(key) > 1 else key[0].in_(some)
        return self._connection.execute(delete(table).where(mine)).rowcount


def _before(column: Column[Any]) -> Old:
    return lambda before: column < before


def _over(before: datetime) -> Any:
    """The ids of pages that ended before then and whose incident, if there is one, is over as well."""
    working = exists().where(
        incidents.c.id == pages.c.incident, incidents.c.state.in_(_OPEN_INCIDENT)
    )
    return select(pages.c.id).where(
        pages.c.state == PageState.CLOSED.value, pages.c.closed_at < before, not_(working)
    )


def _empty_pages(before: datetime) -> Any:
    waiting = exists().where(outbox.c.page == pages.c.id)
    tried = exists().where(attempts.c.page == pages.c.id)
    return and_(pages.c.id.in_(_over(before)), not_(waiting), not_(tried))


def _tried(before: datetime) -> Any:
    tested = and_(attempts.c.kind == Kind.TEST.value, attempts.c.began_at < before)
    return or_(attempts.c.page.in_(_over(before)), tested)


def _settled(before: datetime) -> Any:
    return and_(
        or_(outbox.c.page.in_(_over(before)), outbox.c.kind == Kind.TEST.value),
        outbox.c.state != Delivery.PENDING.value,
        outbox.c.created_at < before,
    )


def _ended_alerts(before: datetime) -> Any:
    """An alert's row counts its episodes: while a page of one is kept, the next must not get its number."""
    paged = exists().where(pages.c.alert == alerts.c.fingerprint)
    last = func.coalesce(alerts.c.seen_at, alerts.c.resolved_at, alerts.c.since)
    return and_(alerts.c.state == AlertState.RESOLVED.value, last < before, not_(paged))


def _ended_episodes(before: datetime) -> Any:
    return and_(
        episodes.c.state == AlertState.RESOLVED.value,
        func.coalesce(episodes.c.resolved_at, episodes.c.fired_at) < before,
    )


def _not_newest(table: Table, of: str) -> Old:
    """Old rows but the newest of each: what it says still holds."""
    later = table.alias()
    newer = exists().where(later.c[of] == table.c[of], later.c.since > table.c.since)
    return lambda before: and_(table.c.since < before, newer)


_KINDS: Mapping[str, tuple[Table, Column[Any], Old]] = {
    "signals": (gauges, gauges.c.at, _before(gauges.c.at)),
    "budget history": (burn_downs, burn_downs.c.at, _before(burn_downs.c.at)),
    "policy history": (policies, policies.c.since, _not_newest(policies, "objective")),
    "health history": (healths, healths.c.since, _not_newest(healths, "component")),
    "deployments": (deploys, deploys.c.at, _before(deploys.c.at)),
    "page loads": (web_vitals, web_vitals.c.hour, _before(web_vitals.c.hour)),
    "links": (ack_tokens, ack_tokens.c.expires_at, _before(ack_tokens.c.expires_at)),
    "sessions": (sessions, sessions.c.ends_at, _before(sessions.c.ends_at)),
    "tokens": (tokens, tokens.c.ends_at, _before(tokens.c.ends_at)),
    "attempts": (attempts, attempts.c.began_at, _tried),
    "notifications": (outbox, outbox.c.created_at, _settled),
    "pages": (pages, pages.c.closed_at, _empty_pages),
    "channel tests": (trials, trials.c.asked_at, _before(trials.c.asked_at)),
    "episodes": (episodes, episodes.c.fired_at, _ended_episodes),
    "alerts": (alerts, alerts.c.since, _ended_alerts),
}
