"""What was promised after an incident and is not done in time: its post-mortem, its action items."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from standfast.incidents.incident import IncidentState, post_mortem_due

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from standfast.incidents.incident import Incident
    from standfast.spec.calling import IncidentPolicy


LOOKED_BACK = timedelta(days=366)
"""An incident that was declared longer ago owes nothing any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Overdue:
    """`at` stays the same from one look to the next."""

    at: str  # "incidents.INC-7.post_mortem", "incidents.INC-7.actions.0"
    incident: str
    what: str
    owner: str
    due: datetime


def overdue(
    incidents: Iterable[Incident], policy: IncidentPolicy, now: datetime
) -> tuple[Overdue, ...]:
    """An incident that is closed has its post-mortem; its action items may still be open."""
    return tuple(one for incident in incidents for one in _of(incident, policy, now))


def _of(incident: Incident, policy: IncidentPolicy, now: datetime) -> Iterator[Overdue]:
    due = post_mortem_due(incident, policy)
    if due is not None and due < now and incident.state is not IncidentState.CLOSED:
        yield Overdue(
            at=f"incidents.{incident.id}.post_mortem",
            incident=incident.id,
            what=f"post-mortem of {incident.title!r} ({incident.sev})",
            owner=incident.roles.get("commander", ""),
            due=due,
        )
    for number, item in enumerate(incident.actions):
        if item.due is not None and item.overdue(now):
            yield Overdue(
                at=f"incidents.{incident.id}.actions.{number}",
                incident=incident.id,
                what=f"action item {item.text!r} ({item.priority})",
                owner=item.owner,
                due=item.due,
            )
