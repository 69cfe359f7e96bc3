"""Taking note of deployments; each is audited, and drawn where it may be the cause."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from standfast.audit.event import Event, Target
from standfast.engine.ports import Change, Store
from standfast.monitoring.deploy import Deploy, instant_of, repeats, version_of
from standfast.slo.objective import counts_kept
from standfast.spec.named import component_of, reason_of
from standfast_kit.clock import Clock, utc_now

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from standfast.audit.event import Actor
    from standfast.spec.system import System


class DeployPort(Protocol):
    def add(self, deploy: Deploy) -> Deploy:
        """Keeps it under the next free id, which is in the answer."""

    def newest(self, component: str) -> Deploy | None: ...


class DeployTx(Protocol):
    @property
    def deploys(self) -> DeployPort: ...


class Deploys:
    """What is not known raises NotFound; `system` answers what the accepted file knows."""

    def __init__(
        self, store: Store[DeployTx], system: Callable[[], System], clock: Clock = utc_now
    ) -> None:
        self._store, self._system, self._clock = store, system, clock

    def mark(
        self, component: str, version: str, by: Actor, *, at: datetime | None = None, note: str = ""
    ) -> Deploy:
        """The same version again within minutes is the same deployment, and is answered as it was kept."""
        now, system = self._clock(), self._system()
        wanted = Deploy(
            id="",
            component=component_of(system, component),
            version=version_of(version),
            at=instant_of(at or now, now, counts_kept(system)),
            note=reason_of(note) if note.strip() else "",
            made_by=by.id,
        )

        def work(tx: DeployTx) -> Change[Deploy]:
            before = tx.deploys.newest(component)
            if before is not None and repeats(wanted, before):
                return Change(before)
            kept = tx.deploys.add(wanted)
            return Change(kept, (_event(kept, by),))

        return self._store.write(work)


def _event(one: Deploy, by: Actor) -> Event:
    said = f"{one.words}, as {one.id}" + (f": {one.note}" if one.note else "")
    return Event(
        type="deploy.marked",
        category="operations",
        actor=by,
        description=said,
        target=Target(type="component", id=one.component),
        context={"version": one.version, "at": one.at.isoformat(), "id": one.id},
    )
