"""Action items: who does what by when, so that it does not happen again. They are counted from 1."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING

from standfast.errors import Conflict, NotFound, StandfastError

if TYPE_CHECKING:
    from standfast.incidents.incident import ActionItem, Incident

_MOST = 100  # of one incident; who promises more does none of them


def end_of(day: date) -> datetime:
    """What is due on a day may be done in its last second."""
    return datetime.combine(day, time(23, 59, 59), UTC)


def add(incident: Incident, item: ActionItem, now: datetime) -> Incident:
    """The same once more is one: a form may be sent twice. An incident that is closed can still get some."""
    if item in incident.actions:
        return incident
    if len(incident.actions) >= _MOST:
        raise Conflict(f"{incident.id} has {_MOST} action items", fix="put some of them together")
    _not_over(item.due, now)
    return replace(incident, actions=(*incident.actions, item))


def hand_over(
    incident: Incident, number: int, now: datetime, *, owner: str = "", due: datetime | None = None
) -> Incident:
    """To somebody else, until another day, or both."""
    item = item_of(incident, number)
    if item.done:
        raise Conflict(f"action item {number} of {incident.id} is done", fix="take that back first")
    if due != item.due:
        _not_over(due, now)
    return _with(incident, number, replace(item, owner=owner or item.owner, due=due or item.due))


def finish(incident: Incident, number: int, *, done: bool = True) -> Incident:
    return _with(incident, number, replace(item_of(incident, number), done=done))


def item_of(incident: Incident, number: int) -> ActionItem:
    if not 1 <= number <= len(incident.actions):
        raise NotFound(
            f"{incident.id} has no action item {number}", fix="`standfast incident show` lists them"
        )
    return incident.actions[number - 1]


def _with(incident: Incident, number: int, item: ActionItem) -> Incident:
    before, after = incident.actions[: number - 1], incident.actions[number:]
    return replace(incident, actions=(*before, item, *after))


def _not_over(due: datetime | None, now: datetime) -> None:
    if due is not None and due < now:
        raise StandfastError(f"{due:%Y-%m-%d} is over", fix="name a day that is still to come")
