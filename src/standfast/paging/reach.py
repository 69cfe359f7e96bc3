"""Who a step means, and by which channels each of them can be told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from standfast.paging.page import rota_for
from standfast.paging.rotation import NOBODY, on_duty

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from standfast.paging.page import Page
    from standfast.spec.calling import Channel, EscalationStep
    from standfast.spec.system import System
    from standfast.spec.values import Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """A person (or nobody in particular, where the channel knows its receiver) and the ways to them."""

    person: str
    channels: tuple[str, ...]


def persons(step: EscalationStep, page: Page, system: System, now: datetime) -> tuple[str, ...]:
    """The people that `to` means at this instant: a turn of the rota, a person, or a team's lead."""
    rota = system.on_call.get(page.rota or "") or rota_for(system, page.component)
    duty = on_duty(rota, now) if rota else NOBODY
    if step.to == "primary":
        return (duty.primary,) if duty.primary else ()
    if step.to == "secondary":
        return (duty.secondary,) if duty.secondary else ()
    if step.to in system.people:
        return (step.to,)
    team = system.teams.get(step.to)
    if team is None:
        return ()
    return (team.lead,) if team.lead else team.members


def catch_all(page: Page, system: System) -> tuple[str, ...]:
    """The last resort: the person the file names, else the owner's lead, else everybody."""
    if system.server.catch_all:
        return (system.server.catch_all,)
    team = system.team_of(page.component) if page.component in system.components else None
    leads = [team.lead] if team and team.lead else [t.lead for t in system.teams.values() if t.lead]
    return (leads[0],) if leads else tuple(system.people)


def reaches(people: Iterable[str], page: Page, system: System) -> tuple[Reach, ...]:
    """Each of `people` that can be told, by the channels that the severity asks for."""
    wanted = channels_for(page, system)
    found = [Reach(person=one, channels=_open_to(one, wanted, system)) for one in people]
    return tuple(one for one in found if one.channels)


def channels_for(page: Page, system: System) -> tuple[str, ...]:
    """What the severity notifies by; where none of it exists, whatever there is, waking ones first."""
    return _channels_of(page.severity, system)


def _channels_of(severity: Severity, system: System) -> tuple[str, ...]:
    rule = system.severities.get(severity)
    named = tuple(name for name in (rule.notify if rule else ()) if name in system.channels)
    return named or _waking_first(system)


def spares(reach: Reach, system: System) -> tuple[str, ...]:
    """Other ways to the same person, for when those of the severity fail."""
    others = tuple(name for name in _waking_first(system) if name not in reach.channels)
    return _open_to(reach.person, others, system)


def fixed(page: Page, system: System) -> tuple[Reach, ...]:
    """Channels that have a receiver of their own, for a page that nobody else can be told of."""
    names = (*channels_for(page, system), *_waking_first(system))
    mine = tuple(
        name for name in dict.fromkeys(names) if address("", system.channels[name], system)
    )
    return (Reach(person="", channels=mine),) if mine else ()


def address(person: str, channel: Channel, system: System) -> str:
    """Where `channel` reaches `person`; "" where it cannot. A webhook's own address is its secret."""
    if channel.kind == "webhook":
        return f"webhook {channel.name}" if channel.url else ""
    known = system.people.get(person)
    return channel.to or (known.email or "" if known else "")


def quiet(page: Page, system: System) -> bool:
    """Does the severity wake nobody, so that its page is told and then waits?"""
    rule = system.severities.get(page.severity)
    return rule is not None and not any(_wakes(name, system) for name in rule.notify)


def waking_ways(person: str, severity: Severity, system: System) -> tuple[str, ...]:
    """The channels of the file by which a page of that severity wakes this person."""
    ways = _open_to(person, _channels_of(severity, system), system)
    return tuple(name for name in ways if _wakes(name, system))


def wakens(person: str, page: Page, system: System) -> bool:
    """Does a page wake this person, by a channel of the file, or while it has none by their entry?"""
    if system.channels:
        return bool(waking_ways(person, page.severity, system))
    known, rule = system.people.get(person), system.severities.get(page.severity)
    if known is None or (_SPOKEN & {*(rule.notify if rule else ())} and not known.phone):
        return False
    return bool(known.phone or known.email or known.chat)


def awake(severity: Severity, system: System) -> bool:
    """Is there any channel, or while the file has none any kind of one, that wakes for it?"""
    rule = system.severities.get(severity)
    named = [name for name in (rule.notify if rule else ()) if name in system.channels]
    ways = (named or list(system.channels)) if system.channels else rule.notify if rule else ()
    return any(_wakes(name, system) for name in ways)


_WAKING = frozenset({"page", "call", "sms", "push"})
_SPOKEN = frozenset({"call", "sms"})


def _wakes(name: str, system: System) -> bool:
    channel = system.channels.get(name)
    return channel.wakes if channel else name in _WAKING


def _waking_first(system: System) -> tuple[str, ...]:
    return tuple(sorted(system.channels, key=lambda name: not system.channels[name].wakes))


def _open_to(person: str, names: Iterable[str], system: System) -> tuple[str, ...]:
    return tuple(name for name in names if address(person, system.channels[name], system))
