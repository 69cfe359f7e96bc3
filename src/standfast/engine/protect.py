"""Backups on schedule, each proven by a restore; what was measured, against what was promised.

The long work happens outside transactions: a due copy is claimed by a lease with a fence, made, and settled
where the fence still holds. The catalogue beside the copies is the truth; the rows mirror it.
"""

from __future__ import annotations

import logging
import threading
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol

from standfast.audit.event import SYSTEM, Actor, Event, Target
from standfast.engine.ports import Change, Store
from standfast.errors import NotFound, SourceError, StandfastError, TimedOut
from standfast.recovery import schedule
from standfast.recovery.catalogue import Copy, CopyState, Mark, advance, candidates, fail
from standfast.recovery.objective import Judgement, judgements, newest_proofs
from standfast.recovery.proof import (
    Attempt,
    LastWords,
    Proof,
    Restored,
    differences,
    measured_rpo,
)
from standfast.recovery.retention import removable, removable_segments
from standfast.recovery.wal import goes_on
from standfast_kit.clock import Clock, utc_now

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from standfast.engine.keeper import Keeper
    from standfast.spec.system import System

log = logging.getLogger(__name__)
_LEASE = timedelta(minutes=2)
_BEAT = timedelta(seconds=10)
_ARRIVAL = timedelta(seconds=10)
_RETRY = timedelta(minutes=10)  # after a failure, unless the plan is sooner


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """Work that waits for its time; `fence` counts the claims."""

    store: str
    kind: str  # full | incremental | verify
    next_due: datetime
    fence: int = 0


class RecoveryPort(Protocol):
    def copies(self) -> tuple[Copy, ...]: ...
    def save_copy(self, copy: Copy) -> None: ...
    def drop_copy(self, copy: Copy) -> None: ...
    def proofs(self) -> tuple[Proof, ...]: ...
    def save_proof(self, proof: Proof) -> None: ...
    def dues(self) -> tuple[Due, ...]: ...
    def plan(self, due: Due) -> None:
        """Unless the store and kind are planned already."""

    def claim(self, now: datetime, until: datetime, limit: int) -> tuple[Due, ...]: ...
    def renew(self, due: Due, until: datetime) -> bool: ...
    def settle(self, due: Due, next_due: datetime) -> bool: ...


class ProtectTx(Protocol):
    @property
    def recovery(self) -> RecoveryPort: ...
    def now(self) -> datetime: ...


def _quiet(_: str) -> None:
    return


def _in_a_thread(work: Callable[[], None]) -> None:
    threading.Thread(target=work, name="standfast-backup", daemon=True).start()


class Protect:
    """`keeper` makes the keeper of one store of a System; `spawn` runs the long work beside the tick."""

    def __init__(
        self,
        store: Store[ProtectTx],
        keeper: Callable[[System, str], Keeper],
        system: Callable[[], System],
        *,
        ids: Callable[[], str],
        clock: Clock = utc_now,
        spawn: Callable[[Callable[[], None]], None] = _in_a_thread,
    ) -> None:
        self._store, self._make, self._system = store, keeper, system
        self._ids, self._clock, self._spawn = ids, clock, spawn
        self._keepers: dict[str, tuple[str, Keeper]] = {}
        self._running: dict[tuple[str, str], Due] = {}
        self._deeds: list[
            str
        ] = []  # stores of which a copy or a proof is under way in this process
        self._lock, self._closed = threading.Lock(), False
        self._beaten: dict[str, datetime] = {}
        self.problems: dict[str, str] = {}  # store -> why it is not being protected right now

    # ------------------------------------------------------------------ deeds

    def run(
        self,
        store: str,
        kind: str = "full",
        *,
        by: Actor = SYSTEM,
        say: Callable[[str], None] = _quiet,
    ) -> Copy:
        """Take a copy now, then let go what nothing needs any more."""
        keeper = self._keeper(self._system(), store)
        with self._deed(store):
            try:
                copy = keeper.take(kind, _copy_id(self._clock(), kind, self._ids()), say)
            except StandfastError as error:
                self._tell(_event("backup.failed", store, by, reason=error.problem, kind=kind))
                raise
            self._keep_copy(copy, _event("backup.taken", store, by, **_said_of(copy)))
            self._let_go(store, keeper, by)
        return copy

    def verify(
        self,
        store: str,
        copy_id: str | None = None,
        *,
        by: Actor = SYSTEM,
        say: Callable[[str], None] = _quiet,
    ) -> Proof:
        """Act as if the store were lost now: restore a copy elsewhere, compare, and keep what was measured."""
        keeper = self._keeper(self._system(), store)
        mark, last = self._last_words(keeper)
        copy, mark = _choose(keeper, copy_id, mark, store)
        if not last.answered:
            received = (segment for segment, _ in keeper.wal().get(mark.generation, ()))
            last = replace(last, unread=goes_on(received, mark.lsn, copy.segment_size))
        attempt = keeper.prove(copy, mark, say)
        proof = self._proof(copy, mark, attempt, last, by)
        judged = _judged(copy, proof)

        def keep(tx: ProtectTx) -> Change[None]:
            tx.recovery.save_copy(judged)
            tx.recovery.save_proof(proof)
            return Change(None, (_verified(proof, by),))

        with self._deed(store):
            keeper.save_copy(judged)
            keeper.save_proof(proof)
            self._store.write(keep)
        return proof

    def restore(
        self,
        store: str,
        into: Path,
        to: datetime | str | None = None,
        *,
        by: Actor = SYSTEM,
        say: Callable[[str], None] = _quiet,
    ) -> Restored:
        """Bring the store back into a data folder, for good; `to` None is everything that there is."""
        keeper = self._keeper(self._system(), store)
        asked = to.isoformat() if isinstance(to, datetime) else to or "latest"
        try:
            restored = keeper.restore(into, to, say)
        except StandfastError as error:
            self._tell(_event("backup.restore_failed", store, by, reason=error.problem, to=asked))
            raise
        self._tell(
            _event(
                "backup.restored", store, by, copy=restored.copy, into=restored.into, to=asked,
                reached=restored.reached, seconds=restored.rto.total_seconds(),
            )
        )  # fmt: skip
        return restored

    def start(self, store: str, into: Path) -> None:
        """Start the store's server on a folder that `restore` brought back."""
        self._keeper(self._system(), store).start(into)

    # ------------------------------------------------------------------ reading

    def copies(self, store: str) -> tuple[Copy, ...]:
        """From the catalogue beside the copies, so that it answers without rows too."""
        return self._keeper(self._system(), store).copies()

    def marks(self, store: str) -> dict[str, Mark]:
        return self._keeper(self._system(), store).marks()

    def proofs(self, store: str) -> tuple[Proof, ...]:
        return self._keeper(self._system(), store).proofs()

    def judgements(self, now: datetime) -> tuple[Judgement, ...]:
        """Every data type's promises against its store's newest proof."""
        system = self._system()
        found = [proof for store in system.backups for proof in self.proofs(store)]
        every = {name: schedule.proof_interval(plan) for name, plan in system.backups.items()}
        return judgements(system, newest_proofs(found), every, now)

    # ------------------------------------------------------------------ the tick

    def tick(self, system: System, now: datetime) -> None:
        """Plan, receive WAL, write canaries, and begin what is due. One store's trouble stays its own."""
        self._renew(now)
        for store in system.backups:
            try:
                self._attend(system, store, now)
            except (StandfastError, OSError) as error:
                self.problems[store] = str(error)
                log.warning("%s is not protected: %s", store, error)
            else:
                self.problems.pop(store, None)
        for due in self._store.keep(lambda tx: tx.recovery.claim(tx.now(), tx.now() + _LEASE, 1)):
            if due.store in system.backups:
                with self._lock:
                    self._running[due.store, due.kind] = due
                self._spawn(lambda due=due: self._work(system, due))  # type: ignore[misc]  # a lambda with a default

    def close(self) -> None:
        """For good: a tick that is still at work makes nobody receive again."""
        with self._lock:
            self._closed, keepers = True, list(self._keepers.values())
        for _, keeper in keepers:
            keeper.stop_receiving()

    def _attend(self, system: System, store: str, now: datetime) -> None:
        keeper = self._keeper(system, store)
        self._mirror(keeper, store)
        first = schedule.first_due(system.backups[store], now)
        self._plan([Due(store=store, kind=kind, next_due=at) for kind, at in first.items()])
        if "wal" in system.backups[store].copies:
            keeper.receive()
            if self._closed:
                keeper.stop_receiving()  # whoever closed may have come too early to stop it
        if now - self._beaten.get(store, now - _BEAT) >= _BEAT:
            self._beaten[store] = now
            keeper.beat()

    @contextmanager
    def _deed(self, store: str) -> Iterator[None]:
        self._deeds.append(store)
        try:
            yield
        finally:
            self._deeds.remove(store)

    def _plan(self, dues: list[Due]) -> None:
        known = {(d.store, d.kind) for d in self._store.read(lambda tx: tx.recovery.dues())}
        fresh = [due for due in dues if (due.store, due.kind) not in known]

        def keep(tx: ProtectTx) -> None:
            for due in fresh:
                tx.recovery.plan(due)

        if fresh:
            self._store.keep(keep)

    def _mirror(self, keeper: Keeper, store: str) -> None:
        """Copies that a command made while no server ran come into the rows, and into the audit log."""
        if store in self._deeds:
            return  # what is made here comes into the rows with an event of its own
        rows = {
            c.id: c for c in self._store.read(lambda tx: tx.recovery.copies()) if c.store == store
        }
        fresh = [copy for copy in keeper.copies() if rows.get(copy.id) != copy]
        known = {p.id for p in self._store.read(lambda tx: tx.recovery.proofs())}
        proofs = [proof for proof in keeper.proofs() if proof.id not in known]
        if not fresh and not proofs:
            return

        def keep(tx: ProtectTx) -> Change[None]:
            for copy in fresh:
                tx.recovery.save_copy(copy)
            for proof in proofs:
                tx.recovery.save_proof(proof)
            said = [_event("backup.catalogued", store, SYSTEM, **_said_of(copy)) for copy in fresh]
            return Change(None, (*said, *(_verified(proof, SYSTEM) for proof in proofs)))

        self._store.write(keep)

    def _work(self, system: System, due: Due) -> None:
        next_due = None
        try:
            if due.kind == "verify":
                self.verify(due.store)
            else:
                self.run(due.store, due.kind)
        except Exception as error:  # noqa: BLE001 - the next one must still come; it is told and retried
            self.problems[due.store] = str(error)
            log.warning("%s of %s failed: %s", due.kind, due.store, error)
            next_due = self._clock() + _RETRY
        finally:
            with self._lock:
                self._running.pop((due.store, due.kind), None)
        now = self._clock()
        planned = schedule.due_after(system.backups[due.store], due.kind, due.next_due, now)
        settled = min(planned, next_due) if next_due else planned
        self._store.keep(lambda tx: tx.recovery.settle(due, settled))

    def _renew(self, now: datetime) -> None:
        del now  # leases go by the database's clock
        with self._lock:
            running = list(self._running.values())
        for due in running:
            self._store.keep(lambda tx, due=due: tx.recovery.renew(due, tx.now() + _LEASE))  # type: ignore[misc]  # a lambda with a default

    # ------------------------------------------------------------------ parts

    def _keeper(self, system: System, store: str) -> Keeper:
        with self._lock:
            known = self._keepers.get(store)
            if known and known[0] == system.digest:
                return known[1]
            if known:
                known[1].stop_receiving()
            keeper = self._make(system, store)
            self._keepers[store] = (system.digest, keeper)
            return keeper

    def _last_words(self, keeper: Keeper) -> tuple[Mark | None, LastWords]:
        """What the store took last, now where it answers; a mark of it, where that arrived."""
        try:
            mark = keeper.mark(self._ids()) if keeper.receives() else None
            canary = mark.canary if mark else keeper.beat()
        except StandfastError as error:
            log.info("verifying what the archive holds: %s", error)
            return None, LastWords(canary=keeper.newest_written(), answered=False)
        last = LastWords(canary=canary, answered=True)
        try:
            arrived = keeper.arrival(mark, _ARRIVAL) if mark else None
        except (SourceError, TimedOut) as error:
            log.info("verifying what the archive holds: %s", error)
            return None, last
        return mark, replace(last, arrived_after=arrived)

    def _proof(self, copy: Copy, mark: Mark, attempt: Attempt, last: LastWords, by: Actor) -> Proof:
        reason = attempt.reason
        if not reason and attempt.found:
            reason = "; ".join(differences(mark, attempt.found))
        restored = attempt.found.canary if attempt.found else None
        return Proof(
            id=self._ids(),
            store=copy.store,
            copy=copy.id,
            at=self._clock(),
            passed=not reason,
            reason=reason,
            target=mark.name,
            phases=attempt.phases,
            bytes_restored=attempt.size,
            wal_segments=attempt.wal_segments,
            rows=sum(facts.rows for facts in mark.tables.values()),
            tables=len(mark.tables),
            uncounted=mark.uncounted,
            rpo=measured_rpo(restored, last, synchronous=mark.synchronous),
            synchronous=mark.synchronous,
            newest_written=last.canary.at if last.canary else None,
            newest_restored=restored.at if restored else None,
            tools=f"PostgreSQL {copy.major}",
            operator=by.id,
        )

    def _let_go(self, store: str, keeper: Keeper, by: Actor) -> None:
        backup, now = self._system().backups[store], self._clock()
        gone = removable(keeper.copies(), schedule.retained(backup), now)
        for copy in gone:
            keeper.remove(copy)
        segments = self._let_wal_go(store, keeper, now)
        if not gone and not segments:
            return

        def keep(tx: ProtectTx) -> Change[None]:
            for copy in gone:
                tx.recovery.drop_copy(copy)
            event = _event(
                "backup.removed", store, by, copies=[c.id for c in gone], wal_segments=segments
            )
            return Change(None, (event,))

        self._store.write(keep)

    def _let_wal_go(self, store: str, keeper: Keeper, now: datetime) -> int:
        plan = self._system().backups[store].copies.get("wal")
        if plan is None:
            return 0
        copies, marks, total = keeper.copies(), keeper.marks(), 0
        for generation, received in keeper.wal().items():
            kept = [copy for copy in copies if copy.generation == generation]
            names = {s.name for s in removable_segments(received, kept, marks, plan.keep, now)}
            if names:
                keeper.forget_wal(generation, names)
                total += len(names)
        return total

    def _keep_copy(self, copy: Copy, event: Event) -> None:
        def keep(tx: ProtectTx) -> Change[None]:
            tx.recovery.save_copy(copy)
            return Change(None, (event,))

        self._store.write(keep)

    def _tell(self, event: Event) -> None:
        self._store.write(lambda _: Change(None, (event,)))


def _judged(copy: Copy, proof: Proof) -> Copy:
    if not proof.passed:
        return fail(copy, proof.reason, proof.at)
    return advance(copy, CopyState.CONTENT_MATCHED, proof.at)


def _choose(
    keeper: Keeper, copy_id: str | None, mark: Mark | None, store: str
) -> tuple[Copy, Mark]:
    """The copy that a disaster would be answered with, and the newest mark that the archive leads to."""
    marks = (
        [mark] if mark else [m for m in reversed(keeper.marks().values()) if keeper.in_archive(m)]
    )
    found = [copy for copy in candidates(keeper.copies()) if copy_id in (None, copy.id)]
    for copy in found:
        for each in marks:
            if each.generation == copy.generation and each.lsn >= copy.end_lsn:
                return copy, each
        # Its own mark was in the archive when it was taken; where it has gone since, the proof says so.
        if copy.mark and (own := keeper.marks().get(copy.mark)):
            return copy, own
    raise NotFound(
        f"there is no copy {copy_id or 'to verify'}",
        where=store,
        fix=f"standfast backup run {store}",
    )


def _copy_id(now: datetime, kind: str, unique: str) -> str:
    return f"{now:%Y%m%dT%H%M%SZ}-{kind}-{unique[-8:]}"


def _said_of(copy: Copy) -> dict[str, Any]:
    return {
        "copy": copy.id, "kind": copy.kind, "state": str(copy.state), "bytes": copy.size,
        "seconds": copy.lasted.total_seconds(), "manifest_sha256": copy.manifest_sha256,
    }  # fmt: skip


def _verified(proof: Proof, by: Actor) -> Event:
    kind = "backup.verified" if proof.passed else "backup.verification_failed"
    return _event(
        kind, proof.store, by, reason=proof.reason, copy=proof.copy, target=proof.target,
        rows=proof.rows, tables=proof.tables, tools=proof.tools,
        rpo_seconds=proof.rpo.total_seconds() if proof.rpo is not None else None,
        rto_seconds=proof.rto.total_seconds(),
        phases={phase.name: phase.lasted.total_seconds() for phase in proof.phases},
    )  # fmt: skip


def _event(what: str, store: str, by: Actor, reason: str = "", **context: Any) -> Event:
    return Event(
        type=what,
        category="operations",
        actor=by,
        target=Target(type="store", id=store),
        status="failure" if reason else "success",
        reason=reason[:500],
        context=context,
    )
