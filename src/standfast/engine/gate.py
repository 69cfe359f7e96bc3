"""Answering for a deployment that the gate does not let through: overrides, all of them audited."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from standfast.audit.event import Event, Target
from standfast.engine.ports import Change, Store
from standfast.errors import Conflict, NotFound
from standfast.slo.gate import subject_of
from standfast.slo.override import Override, ends, revoked
from standfast.spec.named import answerable_of, reason_of
from standfast_kit.clock import Clock, utc_now

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from standfast.audit.event import Actor
    from standfast.spec.system import System


class GatePort(Protocol):
    def add(self, override: Override) -> Override:
        """Keeps it under the next free id, which is in the answer."""

    def save(self, override: Override) -> None: ...
    def override(self, id: str, *, lock: bool = False) -> Override | None: ...  # noqa: A002 - its id is called that
    def holding(self, service: str, now: datetime) -> Override | None: ...


class GateTx(Protocol):
    @property
    def gate(self) -> GatePort: ...


class Gate:
    """What is not known raises NotFound; `system` answers what the accepted file knows."""

    def __init__(
        self, store: Store[GateTx], system: Callable[[], System], clock: Clock = utc_now
    ) -> None:
        self._store, self._system, self._clock = store, system, clock

    def override(
        self, service: str, because: str, owner: str, until: datetime, by: Actor
    ) -> Override:
        """Let changes of `service` through until then, whatever its budgets say."""
        now, system = self._clock(), self._system()
        wanted = Override(
            id="",
            service=subject_of(system, service).name,
            because=reason_of(because),
            by=answerable_of(system, owner),
            until=ends(until, now),
            made_at=now,
            made_by=by.id,
        )

        def work(tx: GateTx) -> Change[Override]:
            if before := tx.gate.holding(service, now):
                raise Conflict(
                    f"{before.id} holds for {service} already, until {before.until:%Y-%m-%d %H:%M} UTC",
                    fix=f"revoke it first: standfast gate revoke {before.id}",
                )
            kept = tx.gate.add(wanted)
            return Change(kept, (_event("gate.overridden", kept, by, f"the gate: {kept.words}"),))

        return self._store.write(work)

    def revoke(self, id: str, by: Actor) -> Override:  # noqa: A002 - its id is called that
        """Raises Conflict where it has ended already."""
        now = self._clock()

        def work(tx: GateTx) -> Change[Override]:
            before = tx.gate.override(id, lock=True)
            if before is None:
                raise NotFound(
                    f"no override is called {id[:60]!r}",
                    fix="`standfast gate overrides` lists them",
                )
            after = revoked(before, now, by.id)
            tx.gate.save(after)
            said = f"the gate holds again: {after.id} is revoked"
            return Change(after, (_event("gate.override-revoked", after, by, said),))

        return self._store.write(work)


def _event(kind: str, one: Override, by: Actor, said: str) -> Event:
    return Event(
        type=kind,
        category="operations",
        actor=by,
        description=f"{one.service}: {said}",
        target=Target(type="gate", id=one.service),
        context={"override": one.id, "owner": one.by, "until": one.until.isoformat()},
    )
