"""Excluding time from what is promised, ahead and afterwards; who, why and for what is audited."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from standfast.audit.event import Event, Target
from standfast.engine.ports import Change, Store
from standfast.errors import NotFound
from standfast.slo.exclusion import Exclusion, Kind, checked, revoked
from standfast.slo.gate import subject_of
from standfast.slo.objective import counts_kept
from standfast.spec.named import answerable_of, reason_of
from standfast_kit.clock import Clock, utc_now

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from standfast.audit.event import Actor
    from standfast.spec.system import System


class ExclusionPort(Protocol):
    def add(self, exclusion: Exclusion) -> Exclusion:
        """Keeps it under the next free id, which is in the answer."""

    def save(self, exclusion: Exclusion) -> None: ...
    def exclusion(self, id: str, *, lock: bool = False) -> Exclusion | None: ...  # noqa: A002 - its id is called that


class ExcludeTx(Protocol):
    @property
    def exclusions(self) -> ExclusionPort: ...


class Exclude:
    """What is not known raises NotFound; `system` answers what the accepted file knows."""

    def __init__(
        self, store: Store[ExcludeTx], system: Callable[[], System], clock: Clock = utc_now
    ) -> None:
        self._store, self._system, self._clock = store, system, clock

    def exclude(
        self,
        of: str,
        kind: Kind,
        starts: datetime,
        ends: datetime,
        because: str,
        owner: str,
        by: Actor,
    ) -> Exclusion:
        """From now on the time between counts neither for nor against what rests on `of`."""
        now, system = self._clock(), self._system()
        subject = subject_of(system, of)
        if not subject.objectives:
            raise NotFound(
                f"nothing is promised of {of}", fix="exclude where an objective speaks of it"
            )
        span = checked(starts, ends, now, counts_kept(system))
        wanted = Exclusion(
            id="",
            of=subject.name,
            kind=kind,
            starts=span.start,
            ends=span.end,
            because=reason_of(because),
            by=answerable_of(system, owner),
            made_at=now,
            made_by=by.id,
        )

        def work(tx: ExcludeTx) -> Change[Exclusion]:
            kept = tx.exclusions.add(wanted)
            said = f"is excluded for {kept.kind}, as {kept.id}: {kept.because}"
            return Change(kept, (_event("slo.excluded", kept, by, said),))

        return self._store.write(work)

    def revoke(self, id: str, by: Actor) -> Exclusion:  # noqa: A002 - its id is called that
        """What it spared counts again."""
        now = self._clock()

        def work(tx: ExcludeTx) -> Change[Exclusion]:
            before = tx.exclusions.exclusion(id, lock=True)
            if before is None:
                raise NotFound(
                    f"no exclusion is called {id[:60]!r}",
                    fix="`standfast slo exclusions` lists them",
                )
            after = revoked(before, now, by.id)
            tx.exclusions.save(after)
            said = f"counts again: {after.id} is revoked"
            return Change(after, (_event("slo.exclusion-revoked", after, by, said),))

        return self._store.write(work)


def _event(kind: str, one: Exclusion, by: Actor, said: str) -> Event:
    when = f"{one.starts:%Y-%m-%d %H:%M} to {one.ends:%Y-%m-%d %H:%M} UTC"
    return Event(
        type=kind,
        category="operations",
        actor=by,
        description=f"{one.of}: {when} {said}",
        target=Target(type="exclusion", id=one.id),
        context={
            "of": one.of,
            "kind": one.kind.value,
            "owner": one.by,
            "starts": one.starts.isoformat(),
            "ends": one.ends.isoformat(),
        },
    )
