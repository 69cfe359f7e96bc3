"""When a copy or a proof is due. What was missed while nothing ran is made up for once, not once per miss."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import time

    from standfast.spec.protection import Backup, CopyPlan

_DAY = timedelta(days=1)
DAILY_PROOF = _DAY  # a proof's interval where the file asks for none


def next_daily(at: time, zone: ZoneInfo, after: datetime) -> datetime:
    """The first instant after `after` at which clocks in `zone` show `at`.

    In the hour that a clock change skips, the instant of the same wall time before the change's offset
    counts; in the hour that comes twice, its first.
    """
    day = after.astimezone(zone).date() - _DAY
    while True:
        moment = datetime.combine(day, at, tzinfo=zone).astimezone(UTC)
        if moment > after:
            return moment
        day += _DAY


def next_interval(every: timedelta, since: datetime, now: datetime) -> datetime:
    """The first of since + every, since + 2 every ... that lies after `now`."""
    if every <= timedelta(0):
        raise ValueError("an interval is longer than nothing")
    missed = max(0, (now - since) // every)
    return since + every * (missed + 1)


def next_copy(
    plan: CopyPlan, zone: str, last_due: datetime | None, now: datetime
) -> datetime | None:
    """When the plan's next copy is due; None where nothing is taken by the clock (WAL is streamed)."""
    if plan.at is not None:
        return next_daily(plan.at, ZoneInfo(zone), now)
    if plan.every is not None:
        return next_interval(plan.every, last_due or now, now)
    return None


def proof_interval(backup: Backup) -> timedelta:
    """How often a copy is restored to prove it; the shortest interval that asks for a restore."""
    asked = [rule.every for rule in backup.verify if {"restore", "dr-drill"} & set(rule.what)]
    return min(asked, default=DAILY_PROOF)


def first_due(backup: Backup, now: datetime) -> dict[str, datetime]:
    """Kind -> when it is first due for a store that has no history: the full copy and its proof at once."""
    due = {"verify": now + timedelta(minutes=1)}
    for kind, plan in backup.copies.items():
        if kind == "full":
            due[kind] = now
        elif kind != "wal" and (moment := next_copy(plan, backup.timezone, None, now)):
            due[kind] = moment
    return due


def due_after(backup: Backup, kind: str, was_due: datetime, now: datetime) -> datetime:
    """The next due instant of `kind` once the work that was due at `was_due` has ended at `now`."""
    if kind == "verify":
        return next_interval(proof_interval(backup), was_due, now)
    plan = backup.copies.get(kind)
    moment = next_copy(plan, backup.timezone, was_due, now) if plan else None
    return moment or next_interval(_DAY, was_due, now)


def retained(backup: Backup) -> Mapping[str, timedelta]:
    return {kind: plan.keep for kind, plan in backup.copies.items()}
