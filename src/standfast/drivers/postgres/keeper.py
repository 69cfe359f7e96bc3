"""Keeps the copies of one PostgreSQL server in one folder: takes them, proves them, brings them back."""

from __future__ import annotations

import json
import os
import shutil
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from standfast.drivers.postgres import receiver as receiving
from standfast.drivers.postgres import restoring
from standfast.drivers.postgres.archive import Archive, sha256_of
from standfast.drivers.postgres.folder import Folder, SourceRecord, sync_folder, write
from standfast.drivers.postgres.programs import OLDEST, Programs, find_programs
from standfast.drivers.postgres.receiver import Receiver, Reception
from standfast.drivers.postgres.scratch import account_for, reachable
from standfast.drivers.postgres.source import Facts, Source
from standfast.errors import NotFound, ToolError
from standfast.recovery.catalogue import Canary, Copy, CopyState, Mark, chain
from standfast.recovery.place import slot_name
from standfast.recovery.wal import SEGMENT_SIZE, parse_lsn
from standfast_kit.clock import Clock, utc_now

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from standfast.recovery.proof import Attempt, Proof, Restored
    from standfast.recovery.wal import Segment

    Say = Callable[[str], None]

_ARRIVAL = timedelta(seconds=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What may be set of a keeper; everything has a default that works."""

    programs: Path | None = None  # the folder of PostgreSQL's programs
    scratch: Path | None = None  # where scratch servers live; the system's temporary folder
    counted_up_to: int = 16 * 1024 * 1024  # bytes of a table that is still summed up for a mark
    max_rate: str | None = None  # of pg_basebackup, "50M"
    patience: timedelta = timedelta(hours=6)  # for one copy or one restore
    streams: bool = True  # keeps the slot between copies, so that WAL is received continuously


class PostgresKeeper:
    """The shape of `engine.keeper.Keeper` for PostgreSQL 15 and later."""

    def __init__(
        self,
        store: str,
        root: Path,
        dsn: str | None,
        *,
        location: str = "",
        settings: Settings | None = None,
        clock: Clock = utc_now,
    ) -> None:
        self.store, self.location = store, location
        self._settings, self._clock = settings or Settings(), clock
        self._source = Source(dsn) if dsn else None
        self._folder = Folder(root / store)
        self._slot = slot_name(store)
        self._receiver: Receiver | None = None

    # ------------------------------------------------------------------ the catalogue

    def copies(self) -> tuple[Copy, ...]:
        return self._folder.copies()

    def marks(self) -> dict[str, Mark]:
        return self._folder.marks()

    def proofs(self) -> tuple[Proof, ...]:
        return self._folder.proofs()

    def save_copy(self, copy: Copy) -> None:
        self._folder.save_copy(copy)

    def save_proof(self, proof: Proof) -> None:
        self._folder.save_proof(proof)

    def remove(self, copy: Copy) -> None:
        self._folder.remove_copy(copy)

    def wal(self) -> dict[int, list[tuple[Segment, datetime]]]:
        archive = self._archive()
        return {g: list(archive.received(g)) for g in range(1, archive.generation + 1)}

    # ------------------------------------------------------------------ taking

    def take(self, kind: str, copy_id: str, say: Say) -> Copy:
        """One copy, checked against its manifest and marked; raises ToolError with nothing kept."""
        source, facts = self._reachable()
        programs = self._programs(facts.major)
        self._prepare(source, facts)
        parent = self._parent(facts) if kind == "incremental" else None
        archive = self._archive()
        generation = archive.open(source)
        began = self._clock()
        temporary = self._folder.copies_path / f".{copy_id}.taking"
        try:
            say(f"taking a {kind} copy of {self.store}")
            self._base_backup(programs, source, temporary / "data", parent)
            say("checking it against its manifest")
            programs.run(
                "pg_verifybackup", "-q", temporary / "data", deadline=self._settings.patience
            )
            copy = self._describe(
                temporary / "data", kind, copy_id, parent, facts, generation, began
            )
            say("marking the content at a known position")
            mark = self.mark(copy_id)
            self._collect(programs, source, archive, mark)
            copy = replace(copy, mark=mark.name, finished_at=self._clock())
            write(temporary / "copy.json", copy)
            temporary.rename(self._folder.copies_path / copy_id)
            sync_folder(self._folder.copies_path)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
            if not self._settings.streams:
                # Nobody receives between copies: a slot that stays would fill the server's disk.
                source.drop_slot(self._slot)
        return copy

    def mark(self, name: str) -> Mark:
        """Write a canary, count, and name the position; the archive has it a moment later."""
        source, _ = self._reachable()
        synchronous = source.is_synchronous(self._slot)
        point = f"standfast_{name}"[:63]
        counted = source.count(point, self._settings.counted_up_to)
        mark = Mark(
            name=point,
            at=self._clock(),
            lsn=counted.lsn,
            generation=self._archive().generation,
            canary=counted.canary,
            tables=counted.tables,
            uncounted=counted.uncounted,
            synchronous=synchronous,
        )
        self._folder.save_mark(mark)
        self._folder.forget_marks({copy.mark or "" for copy in self.copies()})
        write(self._folder.root / "beat.json", counted.canary)
        return mark

    def beat(self) -> Canary:
        source, _ = self._reachable()
        canary = source.beat()
        write(self._folder.root / "beat.json", canary)
        return canary

    def newest_written(self) -> Canary | None:
        return self._folder.newest_written()

    # ------------------------------------------------------------------ receiving WAL

    def receive(self) -> None:
        """Start receiving WAL, and see that it goes on."""
        receiver = self._receiver
        if receiver is None:
            source, facts = self._reachable()
            self._prepare(source, facts)
            receiver = Receiver(self._programs(facts.major), source, self._archive())
            self._receiver = receiver
        receiver.start()
        if self._receiver is not receiver:
            receiver.stop()  # somebody has stopped it before it was started

    def stop_receiving(self) -> None:
        receiver, self._receiver = self._receiver, None
        if receiver:
            receiver.stop()

    @property
    def reception(self) -> Reception | None:
        return self._receiver.reception if self._receiver else None

    def receives(self) -> bool:
        """Does anybody receive into this archive right now, this process or another?"""
        with self._archive().receiving() as mine:
            return not mine

    def arrival(self, mark: Mark, patience: timedelta) -> timedelta:
        """How long after the mark its WAL was in the archive; raises TimedOut."""
        return receiving.wait_for(self._archive(), mark.generation, mark.lsn, patience)

    def in_archive(self, mark: Mark) -> bool:
        return self._archive().holds(mark.generation, mark.lsn)

    def forget_wal(self, generation: int, names: set[str]) -> None:
        archive = self._archive()
        archive.remove(generation, [s for s in archive.segments(generation) if s.name in names])

    # ------------------------------------------------------------------ bringing back

    def prove(self, copy: Copy, mark: Mark, say: Say) -> Attempt:
        """Restore the copy into a scratch server up to the mark, and read what it holds."""
        return self._restoring(copy.major).prove(chain(self.copies(), copy), mark, say)

    def restore(self, into: Path, to: datetime | str | None, say: Say) -> Restored:
        """Bring the store back into the folder `into`; `to` is an instant, a mark's name, or all there is."""
        record = self._folder.source()
        if record is None:
            raise NotFound(
                f"there are no copies of {self.store}",
                where=str(self._folder.root),
                fix="name the location that holds them",
            )
        return self._restoring(record.major).restore(into, to, say)

    def start(self, into: Path) -> None:
        """As a service: it lives on when we end. Its log goes to `standfast-start.log` in the folder."""
        record = self._folder.source()
        if record is None:
            raise NotFound(f"there are no copies of {self.store}", where=str(self._folder.root))
        account = account_for(into)
        programs = self._programs(record.major)
        if account and not reachable(programs.folder, account):
            raise ToolError(
                f"the user {account.name} cannot reach PostgreSQL's programs",
                where=str(programs.folder),
                fix="start the server yourself, by the programs that it ran with",
            )
        log = into / "standfast-start.log"
        start = ("-D", into, "-l", log, "-w", "-s", "start")
        programs.run("pg_ctl", *start, deadline=timedelta(minutes=2), account=account, silent=True)

    def _restoring(self, major: int) -> restoring.Restoring:
        record = self._folder.source()
        assert record, "a copy without its source's record"  # noqa: S101 - `take` writes it first
        return restoring.Restoring(
            store=self.store,
            folder=self._folder,
            archive=self._archive(),
            programs=self._programs(major),
            record=record,
            scratch=self._settings.scratch,
            patience=self._settings.patience,
        )

    # ------------------------------------------------------------------ the parts of taking

    def _reachable(self) -> tuple[Source, Facts]:
        if self._source is None:
            raise ToolError(
                f"standfast does not know how to reach {self.store}",
                fix=f"write `dsn: env:NAME` under components.{self.store}, and set NAME where this runs",
            )
        facts = self._source.facts()
        if facts.major < OLDEST:
            raise ToolError(
                f"PostgreSQL {facts.major} is not served",
                where=self.store,
                fix=f"upgrade to PostgreSQL {OLDEST} or later",
            )
        return self._source, facts

    def _programs(self, major: int) -> Programs:
        return find_programs(major, self._settings.programs)

    def _archive(self) -> Archive:
        record = self._folder.source()
        size = record.segment_size if record else SEGMENT_SIZE
        return Archive(self._folder.wal_path, self._slot, size)

    def _prepare(self, source: Source, facts: Facts) -> None:
        if facts.tablespaces:
            raise ToolError(
                f"the tablespaces {', '.join(facts.tablespaces)} are not served yet",
                where=self.store,
                fix="move their tables to pg_default, or back this server up by other means",
            )
        self._folder.prepare()
        self._folder.bind(
            SourceRecord(
                system_identifier=facts.system_identifier,
                major=facts.major,
                segment_size=facts.segment_size,
                user=source.user,
                database=source.database,
            )
        )

    def _parent(self, facts: Facts) -> Copy:
        if facts.major < 17:
            raise ToolError(
                f"PostgreSQL {facts.major} takes no incremental copies",
                where=self.store,
                fix="take full ones (WAL still reaches every instant), or upgrade to 17 or later",
            )
        if not facts.summarizes_wal:
            raise ToolError(
                "an incremental copy needs the server to summarize its WAL",
                where=self.store,
                fix="ALTER SYSTEM SET summarize_wal = on; SELECT pg_reload_conf(); and take a full copy",
            )
        usable = [copy for copy in self.copies() if copy.usable and copy.timeline == facts.timeline]
        if not usable:
            raise NotFound(
                "there is no full copy to build on",
                where=self.store,
                fix=f"standfast backup run {self.store} --kind full",
            )
        return max(usable, key=lambda copy: copy.finished_at)

    def _base_backup(
        self, programs: Programs, source: Source, data: Path, parent: Copy | None
    ) -> None:
        data.parent.mkdir(mode=0o700)
        arguments: list[object] = [
            "-d", source.conninfo(), "-D", data, "--checkpoint=fast", "--wal-method=stream",
            "--format=plain", "--manifest-checksums=SHA256", "--no-password",
        ]  # fmt: skip
        if parent:
            arguments.append(f"--incremental={self._folder.data(parent) / 'backup_manifest'}")
        if self._settings.max_rate:
            arguments.append(f"--max-rate={self._settings.max_rate}")
        programs.run(
            "pg_basebackup",
            *arguments,
            deadline=self._settings.patience,
            environment=source.password,
        )

    def _describe(
        self,
        data: Path,
        kind: str,
        copy_id: str,
        parent: Copy | None,
        facts: Facts,
        generation: int,
        began: datetime,
    ) -> Copy:
        manifest = data / "backup_manifest"
        ranges = json.loads(manifest.read_bytes())["WAL-Ranges"]
        now = self._clock()
        return Copy(
            id=copy_id,
            store=self.store,
            kind=kind,
            parent=parent.id if parent else None,
            state=CopyState.CHECKSUMMED,
            begun_at=began,
            finished_at=now,
            size=size_of(data),
            timeline=int(ranges[-1]["Timeline"]),
            start_lsn=parse_lsn(ranges[0]["Start-LSN"]),
            end_lsn=parse_lsn(ranges[-1]["End-LSN"]),
            generation=generation,
            major=facts.major,
            system_identifier=facts.system_identifier,
            manifest_sha256=sha256_of(manifest),
            segment_size=facts.segment_size,
            location=self.location,
            checked_at=now,
        )

    def _collect(self, programs: Programs, source: Source, archive: Archive, mark: Mark) -> None:
        """Have the WAL of the mark in the archive: by the receiver that runs, else by one for this moment."""
        with archive.receiving() as mine:
            if mine:
                receiving.end_orphan(archive)
                receiving.receive_until(
                    programs, source, archive, mark.generation, mark.lsn, self._settings.patience
                )
                return
        self.arrival(mark, _ARRIVAL)


def size_of(folder: Path) -> int:
    total = 0
    for where, _, files in os.walk(folder):
        for name in files:
            with suppress(FileNotFoundError):
                total += (Path(where) / name).lstat().st_size
    return total
