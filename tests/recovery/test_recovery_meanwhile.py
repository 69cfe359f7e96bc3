"""What the tick does in the middle of a copy, a proof and the end."""

from __future__ import annotations

import threading
from datetime import timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING

from standfast.drivers.postgres.archive import Archive
from standfast.engine.protect import Protect
from standfast.recovery.catalogue import Canary, Copy, CopyState, Mark
from standfast.recovery.proof import Attempt, Proof
from standfast.spec.protection import Backup, CopyPlan

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    from conftest import FakeClock, MemoryLog
    from standfast.store.database import Database

DAY = timedelta(days=1)
PLANS = {
    "full": CopyPlan(kind="full", keep=30 * DAY, to=("local",), every=DAY),
    "wal": CopyPlan(kind="wal", keep=7 * DAY, to=("local",), continuous=True, streaming=True),
}
SYSTEM = SimpleNamespace(backups={"db": Backup(store="db", copies=PLANS)}, data={}, digest="1")


class MemoryKeeper:
    """A store whose copies are records in memory; `meanwhile` happens behind each thing that it keeps."""

    def __init__(self, now: datetime) -> None:
        self.now, self.meanwhile = now, []  # deeds without an argument
        self.kept: dict[str, Copy] = {}
        self.proven: list[Proof] = []
        self.receiving = False

    def copies(self) -> tuple[Copy, ...]:
        return tuple(self.kept.values())

    def proofs(self) -> tuple[Proof, ...]:
        return tuple(self.proven)

    def marks(self) -> dict[str, Mark]:
        return {"m": Mark(name="m", at=self.now, lsn=9, generation=1, canary=self.beat())}

    def take(self, kind: str, copy_id: str, say: Callable[[str], None]) -> Copy:
        copy = Copy(
            id=copy_id, store="db", kind=kind, parent=None, state=CopyState.CHECKSUMMED,
            begun_at=self.now, finished_at=self.now, size=1, timeline=1, start_lsn=1, end_lsn=2,
            generation=1, major=18, system_identifier="7", manifest_sha256="", segment_size=1,
            location="here", mark="m",
        )  # fmt: skip
        self.save_copy(copy)
        return copy

    def save_copy(self, copy: Copy) -> None:
        self.kept[copy.id] = copy
        self._happens()

    def save_proof(self, proof: Proof) -> None:
        self.proven.append(proof)
        self._happens()

    def prove(self, copy: Copy, mark: Mark, say: Callable[[str], None]) -> Attempt:
        return Attempt(
            checksummed=False, restored=False, reason="it is damaged", phases=(), found=None, size=0,
            wal_segments=0,
        )  # fmt: skip

    def beat(self) -> Canary:
        return Canary(sequence=1, at=self.now)

    def newest_written(self) -> Canary:
        return self.beat()

    def receives(self) -> bool:
        return False

    def in_archive(self, mark: Mark) -> bool:
        return True

    def wal(self) -> dict[int, list]:
        return {}

    def receive(self) -> None:
        self._happens()
        self.receiving = True

    def stop_receiving(self) -> None:
        self.receiving = False

    def _happens(self) -> None:
        for one in self.meanwhile:
            one()


def protecting(store: Database, keeper: MemoryKeeper, clock: FakeClock) -> Protect:
    ids = (f"{number:08x}" for number in range(1, 1000))
    return Protect(
        store, lambda *_: keeper, lambda: SYSTEM, ids=lambda: next(ids), clock=clock,
        spawn=lambda work: None,
    )  # fmt: skip


def test_a_tick_in_the_middle_of_a_copy_or_a_proof_tells_neither_twice(
    sqlite: Database, clock: FakeClock, log: MemoryLog
) -> None:
    keeper = MemoryKeeper(clock.now)
    protect = protecting(sqlite, keeper, clock)
    keeper.meanwhile.append(lambda: protect._mirror(keeper, "db"))

    protect.run("db")
    assert log.types == ["backup.taken"]
    protect.verify("db")
    assert log.types == ["backup.taken", "backup.verification_failed"]

    keeper.meanwhile.clear()
    protect.tick(SYSTEM, clock.now)
    assert log.types[2:] == []


def test_a_copy_of_another_process_is_told_once_ours_is_made(
    sqlite: Database, clock: FakeClock, log: MemoryLog
) -> None:
    keeper = MemoryKeeper(clock.now)
    protect = protecting(sqlite, keeper, clock)
    keeper.take("full", "by-a-command", print)

    protect.run("db")
    protect.tick(SYSTEM, clock.now)

    assert log.types == ["backup.taken", "backup.catalogued"]


def test_a_tick_that_is_still_at_work_at_the_end_leaves_nobody_receiving(
    sqlite: Database, clock: FakeClock
) -> None:
    keeper = MemoryKeeper(clock.now)
    protect = protecting(sqlite, keeper, clock)
    keeper.meanwhile.append(protect.close)

    protect.tick(SYSTEM, clock.now)
    assert not keeper.receiving

    keeper.meanwhile.clear()
    protect.tick(SYSTEM, clock.now)
    assert not keeper.receiving


class OneSlot:
    """A server's slot; the first who asks for it finds somebody else asking meanwhile."""

    def __init__(self, archive: Archive) -> None:
        self.made, self.answers = 0, []
        self._other = threading.Thread(target=lambda: self.answers.append(archive.open(self)))

    def slot(self, _name: str) -> tuple[bool, str] | None:
        found = (False, "reserved") if self.made else None
        if self._other.ident is None:
            self._other.start()
            self._other.join(0.2)
        return found

    def make_slot(self, name: str) -> None:
        assert not self.made, f"replication slot {name} already exists"
        self.made += 1


def test_a_receiver_and_a_copy_that_begin_at_once_share_one_slot(tmp_path: Path) -> None:
    archive = Archive(tmp_path / "wal", "standfast_db", 16 << 20)
    source = OneSlot(archive)

    generation = archive.open(source)
    source._other.join(60)

    assert (generation, source.answers, source.made) == (1, [1], 1)
