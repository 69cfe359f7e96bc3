"""Responding: incidents are declared, worked on, resolved and learnt from; every deed is audited and timed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from standfast.audit.event import Event, FieldChange, Target
from standfast.engine.ports import Change, Store
from standfast.errors import Conflict, NotFound, StandfastError
from standfast.incidents.actions import add, end_of, finish, hand_over, item_of
from standfast.incidents.checklist import text_of, tick, untick
from standfast.incidents.incident import (
    ActionItem,
    Incident,
    IncidentState,
    TimelineEntry,
    assume,
    declare,
    renounce,
    role_of,
    turn,
)
from standfast.incidents.post_mortem import Figures, draft
from standfast.spec.named import component_of, person_of
from standfast_kit.clock import Clock, utc_now

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date, datetime

    from standfast.audit.event import Actor
    from standfast.spec.system import System
    from standfast.spec.values import Sev, Severity

_LONGEST = 4000  # characters of a note
_LONGEST_TITLE = 200
_LONGEST_ACTION = 500


class IncidentPort(Protocol):
    def next_id(self) -> str: ...
    def add(self, incident: Incident) -> None: ...
    def save(self, incident: Incident) -> bool: ...
    def incident(self, id: str, *, lock: bool = False) -> Incident | None: ...  # noqa: A002 - its id is called that
    def recent(self, since: datetime | None = None, limit: int = 200) -> tuple[Incident, ...]: ...
    def note(self, incident: str, entry: TimelineEntry) -> None: ...
    def timeline(self, incident: str) -> tuple[TimelineEntry, ...]: ...


class RespondTx(Protocol):
    @property
    def incidents(self) -> IncidentPort: ...


class Respond:
    """`by` is who does it, `via` whence ("web", "cli", "api").

    An incident, a component or a person that is not known raises NotFound; `system` answers what the
    accepted file knows.
    """

    def __init__(
        self, store: Store[RespondTx], system: Callable[[], System], clock: Clock = utc_now
    ) -> None:
        self._store, self._system, self._clock = store, system, clock

    def declare(
        self, title: str, sev: Sev, component: str, by: Actor, *, via: str = "web"
    ) -> Incident:
        now, said_title = self._clock(), _bounded(title, _LONGEST_TITLE)
        component_of(self._system(), component)

        def work(tx: RespondTx) -> Change[Incident]:
            fresh = declare(tx.incidents.next_id(), said_title, sev, component, now, by=by.id)
            tx.incidents.add(fresh)
            said = f"{sev} declared: {fresh.title}"
            tx.incidents.note(fresh.id, _entry(now, "status", said, via, by))
            return Change(fresh, (_event("incident.declared", fresh, said, by),))

        return self._store.write(work)

    def note(self, id: str, text: str, by: Actor, *, via: str = "web") -> Incident:  # noqa: A002 - its id is called that
        text = _bounded(text)

        def deed(before: Incident, now: datetime) -> Incident:
            return replace(before, progressed_at=now)

        return self._do(id, deed, ("note", "incident.noted", text), by, via)

    def assign(self, id: str, role: str, person: str, by: Actor, *, via: str = "web") -> Incident:  # noqa: A002 - its id is called that
        """Give a role to a person; an empty name renounces it."""
        known = role_of(role)
        if person:
            person_of(self._system(), person)

        def deed(before: Incident, now: datetime) -> Incident:
            if before.state is IncidentState.CLOSED:
                raise Conflict(f"{id} is closed", fix="declare a new incident")
            return assume(before, known, person, now) if person else renounce(before, known, now)

        said = f"{person} is {known}" if person else f"{known} is open"
        return self._do(id, deed, ("role", "incident.role-assigned", said), by, via)

    def turn(
        self,
        id: str,  # noqa: A002 - its id is called that
        state: IncidentState,
        by: Actor,
        *,
        words: str = "",
        via: str = "web",
    ) -> Incident:
        """Raises Conflict where the state cannot follow."""
        said = f"{state}: {_bounded(words)}" if words.strip() else state.value
        deeds = ("status", "incident.status-changed", said)
        return self._do(id, lambda before, now: turn(before, state, now, by=by.id), deeds, by, via)

    def resolve(self, id: str, by: Actor, *, words: str = "", via: str = "web") -> Incident:  # noqa: A002 - its id is called that
        return self.turn(id, IncidentState.RESOLVED, by, words=words, via=via)

    def tick(
        self,
        id: str,  # noqa: A002 - its id is called that
        task: str,
        by: Actor,
        *,
        done: bool = True,
        via: str = "web",
    ) -> Incident:
        """Check off a task of the workflow's checklist, or take that back."""
        text = text_of(task)
        if done:
            deeds = ("task", "incident.task-done", f"done: {text}")
            return self._do(id, lambda before, now: tick(before, task, by.id, now), deeds, by, via)
        deeds = ("task", "incident.task-undone", f"not done after all: {text}")
        return self._do(id, lambda before, now: untick(before, task, now), deeds, by, via)

    def act(
        self,
        id: str,  # noqa: A002 - its id is called that
        text: str,
        priority: Severity,
        owner: str,
        by: Actor,
        *,
        due: date | None = None,
        via: str = "web",
    ) -> Incident:
        """Add an action item, due at the end of that day."""
        person_of(self._system(), owner)
        item = ActionItem(
            text=_bounded(text, _LONGEST_ACTION),
            priority=priority,
            owner=owner,
            due=end_of(due) if due else None,
        )
        said = f"{priority} for {owner}{_by(item)}: {item.text}"
        deeds = ("action", "incident.action-added", said)
        return self._do(id, lambda before, now: add(before, item, now), deeds, by, via)

    def hand_over(
        self,
        id: str,  # noqa: A002 - its id is called that
        number: int,
        by: Actor,
        *,
        owner: str = "",
        due: date | None = None,
        via: str = "web",
    ) -> Incident:
        """Give an action item to somebody else, or until another day."""
        if owner:
            person_of(self._system(), owner)
        elif due is None:
            raise StandfastError("nothing would change", fix="name an owner, a day, or both")
        end = end_of(due) if due else None

        def said(after: Incident) -> str:
            item = item_of(after, number)
            return f"action item {number} is for {item.owner}{_by(item)}: {item.text}"

        def deed(before: Incident, now: datetime) -> Incident:
            return hand_over(before, number, now, owner=owner, due=end)

        return self._do(id, deed, ("action", "incident.action-changed", said), by, via)

    def finish(
        self,
        id: str,  # noqa: A002 - its id is called that
        number: int,
        by: Actor,
        *,
        done: bool = True,
        via: str = "web",
    ) -> Incident:
        """Say that an action item is done, or take that back."""
        word = "done" if done else "not done after all"

        def said(after: Incident) -> str:
            return f"action item {number} is {word}: {item_of(after, number).text}"

        deeds = ("action", f"incident.action-{'done' if done else 'undone'}", said)
        return self._do(id, lambda before, _: finish(before, number, done=done), deeds, by, via)

    # ------------------------------------------------------------------ reading

    def incident(self, id: str) -> tuple[Incident, tuple[TimelineEntry, ...]]:  # noqa: A002 - its id is called that
        return self._store.read(lambda tx: (_found(tx, id), tx.incidents.timeline(id)))

    def recent(self, since: datetime | None = None) -> tuple[Incident, ...]:
        return self._store.read(lambda tx: tx.incidents.recent(since))

    def post_mortem(self, id: str, figures: Figures, system: System) -> str:  # noqa: A002 - its id is called that
        """The draft, in Markdown, from what the timeline knows."""
        incident, timeline = self.incident(id)
        return draft(incident, timeline, figures, system)

    def _do(
        self,
        id: str,  # noqa: A002 - its id is called that
        deed: Callable[[Incident, datetime], Incident],
        words: tuple[str, str, str | Callable[[Incident], str]],
        by: Actor,
        via: str,
    ) -> Incident:
        """Lock, do, keep, tell timeline and audit log. `words`: kind of entry, type of event, what is said
        (of the incident as it is then)."""
        now = self._clock()
        entry_kind, event_type, telling = words

        def work(tx: RespondTx) -> Change[Incident]:
            before = _found(tx, id, lock=True)
            after = deed(before, now)
            if after == before and entry_kind != "note":
                return Change(before)
            if not tx.incidents.save(after):
                raise Conflict(f"{id} has changed meanwhile", fix="look again, then repeat")
            said = telling if isinstance(telling, str) else telling(after)
            tx.incidents.note(id, _entry(now, entry_kind, said, via, by))
            return Change(after, (_event(event_type, after, said, by, before),))

        return self._store.write(work)


def _found(tx: RespondTx, id: str, *, lock: bool = False) -> Incident:  # noqa: A002 - its id is called that
    found = tx.incidents.incident(id, lock=lock)
    if found is None:
        raise NotFound(f"no incident is called {id!r}", fix="`standfast incident list` shows them")
    return found


def _bounded(text: str, longest: int = _LONGEST) -> str:
    text = text.strip()
    if not text or len(text) > longest:
        raise StandfastError(f"write between 1 and {longest} characters")
    if "\0" in text or any("\ud800" <= sign <= "\udfff" for sign in text):
        raise StandfastError("a NUL or half a character is in it", fix="leave out what is no text")
    return text


def _by(item: ActionItem) -> str:
    return f", due {item.due:%Y-%m-%d}" if item.due else ""


def _entry(now: datetime, kind: str, text: str, via: str, by: Actor) -> TimelineEntry:
    return TimelineEntry(at=now, kind=kind, text=text, source=via, by=by.id)


def _event(
    kind: str, incident: Incident, said: str, by: Actor, before: Incident | None = None
) -> Event:
    changes: tuple[FieldChange, ...] = ()
    if before is not None and before.state is not incident.state:
        changes = (
            FieldChange(
                field="state", old_value=before.state.value, new_value=incident.state.value
            ),
        )
    return Event(
        type=kind,
        category="operations",
        actor=by,
        description=f"{incident.id} {incident.title}: {said}",
        target=Target(type="incident", id=incident.id),
        changes=changes,
    )
