"""Responding: what people do to an incident, each deed one transaction: row, timeline, audit log."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from standfast.audit.event import Event, FieldChange, Target
from standfast.engine.ports import Change, Store
from standfast.errors import Conflict, NotFound, StandfastError
from standfast.incidents.checklist import tick
from standfast.incidents.incident import (
    DUTIES,
    Incident,
    IncidentState,
    TimelineEntry,
    assume,
    declare,
    role_of,
    turn,
)
from standfast.incidents.post_mortem import draft
from standfast.spec.problem import nearest
from standfast.spec.values import Sev
from standfast_kit.clock import Clock, utc_now

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from standfast.audit.event import Actor
    from standfast.incidents.post_mortem import Figures
    from standfast.spec.system import System

LONGEST_TITLE = 200  # characters
LONGEST_NOTE = 4_000
_SOURCES = {"user": "web", "api_key": "api", "system": "standfast"}
KINDS = ("note", "deploy", "cause", "decision")
"""What a person may write into a timeline; the other kinds tell of deeds and are written by them."""


class IncidentPort(Protocol):
    def next_id(self) -> str: ...
    def add(self, incident: Incident) -> None: ...
    def save(self, incident: Incident) -> bool: ...
    def incident(self, id: str, *, lock: bool = False) -> Incident | None: ...  # noqa: A002 - its id is called that
    def note(self, incident: str, entry: TimelineEntry) -> None: ...
    def timeline(self, incident: str) -> tuple[TimelineEntry, ...]: ...


class RespondTx(Protocol):
    @property
    def incidents(self) -> IncidentPort: ...


class Respond:
    """Every deed raises NotFound for an incident that does not exist, and changes nothing where it raises."""

    def __init__(self, store: Store[RespondTx], clock: Clock = utc_now) -> None:
        self._store, self._clock = store, clock

    def declare(
        self, title: str, sev: str, component: str, by: Actor, *, system: System | None = None
    ) -> Incident:
        """Raises StandfastError for no title or one too long, NotFound for a severity or component unknown."""
        now, level = self._clock(), _sev(sev)
        said = _bounded(title, LONGEST_TITLE, "title")
        part = _bounded(component, LONGEST_TITLE, "component")
        if system is not None:
            _known(part, system.components, "component")

        def work(tx: RespondTx) -> Change[Incident]:
            fresh = declare(tx.incidents.next_id(), said, level, part, now, by=by.id)
            text = f"{level} declared by {by.id}: {said}"
            tx.incidents.add(fresh)
            tx.incidents.note(fresh.id, _entry("status", text, by, now))
            return Change(fresh, (_event("incident.declared", fresh, text, by),))

        return self._store.write(work)

    def assign(
        self,
        id: str,  # noqa: A002 - an incident's id is called that
        role: str,
        person: str,
        by: Actor,
        *,
        system: System | None = None,
    ) -> Incident:
        """Raises NotFound for a role or person unknown, Conflict where the incident is closed."""
        wanted, now = role_of(role), self._clock()
        who = _bounded(person, LONGEST_TITLE, "person")
        if system is not None:
            _known(who, system.people, "person")

        def deed(before: Incident) -> tuple[Incident, str, tuple[FieldChange, ...]]:
            if before.state is IncidentState.CLOSED:
                raise Conflict(f"{before.id} is closed", fix="declare a new incident")
            after = assume(before, wanted, who, now)
            had = before.roles.get(wanted)
            text = f"{who} is {DUTIES[wanted][0]}" + (f", after {had}" if had else "")
            change = FieldChange(field=f"roles.{wanted}", old_value=had, new_value=who)
            return after, text, (change,)

        return self._do(id, deed, "role", "incident.role-assigned", by, now)

    def note(self, id: str, text: str, by: Actor, *, kind: str = "note") -> Incident:  # noqa: A002 - its id is called that
        """Notes may be added to a closed incident too: what is learned late is still evidence."""
        now, said = self._clock(), _bounded(text, LONGEST_NOTE, "note")
        if kind not in KINDS:
            raise NotFound(f"no note is of the kind {kind!r}", fix=f"one of {', '.join(KINDS)}")

        def deed(before: Incident) -> tuple[Incident, str, tuple[FieldChange, ...]]:
            return replace(before, progressed_at=now), said, ()

        return self._do(id, deed, kind, "incident.noted", by, now)

    def turn(self, id: str, state: str, text: str, by: Actor) -> Incident:  # noqa: A002 - its id is called that
        """Raises NotFound for no such state, Conflict where it cannot follow."""
        now, wanted = self._clock(), _state(state)
        more = _bounded(text, LONGEST_NOTE, "text") if text.strip() else ""

        def deed(before: Incident) -> tuple[Incident, str, tuple[FieldChange, ...]]:
            after = turn(before, wanted, now, by=by.id)
            said = f"{wanted}: {more}" if more else wanted.value
            old, new = before.state.value, wanted.value
            return after, said, (FieldChange(field="state", old_value=old, new_value=new),)

        return self._do(id, deed, "status", "incident.status-changed", by, now)

    def tick_task(self, id: str, task: str, by: Actor) -> Incident:  # noqa: A002 - its id is called that
        """Raises NotFound for a task that the incident has not. A second tick changes nothing."""
        now = self._clock()

        def deed(before: Incident) -> tuple[Incident, str, tuple[FieldChange, ...]]:
            return tick(before, task, by.id, now), f"done: {task}", ()

        return self._do(id, deed, "task", "incident.task-done", by, now)

    # ------------------------------------------------------------------ looking

    def incident(self, id: str) -> Incident:  # noqa: A002 - its id is called that
        return self._store.read(lambda tx: _found(tx, id))

    def timeline(self, id: str) -> tuple[TimelineEntry, ...]:  # noqa: A002 - its id is called that
        return self._store.read(lambda tx: tx.incidents.timeline(_found(tx, id).id))

    def post_mortem(self, id: str, figures: Figures, system: System) -> str:  # noqa: A002 - its id is called that
        """Markdown of what is known now; nothing is kept of it."""

        def work(tx: RespondTx) -> str:
            return draft(_found(tx, id), tx.incidents.timeline(id), figures, system)

        return self._store.read(work)

    def _do(
        self,
        id: str,  # noqa: A002 - an incident's id is called that
        deed: Callable[[Incident], tuple[Incident, str, tuple[FieldChange, ...]]],
        kind: str,
        event: str,
        by: Actor,
        now: datetime,
    ) -> Incident:
        def work(tx: RespondTx) -> Change[Incident]:
            before = _found(tx, id, lock=True)
            after, text, changes = deed(before)
            if after == before and kind not in KINDS:
                return Change(before)
            if not tx.incidents.save(after):
                raise Conflict(f"{id} has moved on", fix="look at it again, and repeat")
            tx.incidents.note(id, _entry(kind, text, by, now))
            kept = replace(after, version=after.version + 1)
            return Change(kept, (_event(event, kept, text, by, changes),))

        return self._store.write(work)


def _found(tx: RespondTx, id: str, *, lock: bool = False) -> Incident:  # noqa: A002 - its id is called that
    found = tx.incidents.incident(id, lock=lock)
    if found is None:
        raise NotFound(f"no incident is called {id!r}", fix="`standfast incident list` shows them")
    return found


def _entry(kind: str, text: str, by: Actor, now: datetime) -> TimelineEntry:
    return TimelineEntry(at=now, kind=kind, text=text, source=_SOURCES[by.type], by=by.id)


def _event(
    kind: str, one: Incident, text: str, by: Actor, changes: tuple[FieldChange, ...] = ()
) -> Event:
    return Event(
        type=kind,
        category="operations",
        actor=by,
        description=f"{one.id} {one.title}: {text}",
        target=Target(type="incident", id=one.id),
        changes=changes,
    )


def _bounded(text: str, most: int, what: str) -> str:
    """The text without its outer space. Raises StandfastError for none, too much, or what no database keeps."""
    said = text.strip()
    if not said:
        raise StandfastError(f"the {what} is empty", fix="say it in a line")
    if len(said) > most:
        raise StandfastError(
            f"the {what} has {len(said):,} characters", fix=f"{most:,} at most; link to the rest"
        )
    if "\0" in said or any("\ud800" <= sign <= "\udfff" for sign in said):
        raise StandfastError(
            f"the {what} contains a NUL or half a character", fix="leave out what is not text"
        )
    return said


def _known(word: str, names: Iterable[str], what: str) -> None:
    if word not in names:
        raise NotFound(
            f"the file has no {what} {word[:60]!r}{nearest(word, names)}",
            fix=f"use the id of a {what} in the reliability file",
        )


def _sev(word: str) -> Sev:
    try:
        return Sev(word.upper())
    except ValueError:
        raise NotFound(
            f"no severity is called {word[:60]!r}", fix=f"one of {', '.join(Sev)}"
        ) from None


def _state(word: str) -> IncidentState:
    try:
        return IncidentState(word)
    except ValueError:
        names = ", ".join(IncidentState)
        raise NotFound(f"no state is called {word[:60]!r}", fix=f"one of {names}") from None
