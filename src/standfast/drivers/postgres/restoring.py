"""From copies and WAL back to a server: fetch, start, replay, and what it holds then."""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from standfast.drivers.postgres.archive import sha256_of
from standfast.drivers.postgres.scratch import (
    WAL_FOLDER,
    Recovered,
    Target,
    account_for,
    reachable,
    recovering,
    scratch_folder,
)
from standfast.drivers.postgres.source import content, databases, newest_canary
from standfast.errors import Conflict, NotFound, StandfastError, ToolError
from standfast.recovery.catalogue import Copy, Mark, candidates, chain
from standfast.recovery.proof import Attempt, Found, Phase, Restored
from standfast.recovery.wal import (
    Segment,
    format_lsn,
    last_segment_number,
    parse_lsn,
    scan,
    segment_number,
)
from standfast_kit.clock import monotonic

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from standfast.drivers.postgres.archive import Archive
    from standfast.drivers.postgres.folder import Folder, SourceRecord
    from standfast.drivers.postgres.programs import Account, Programs
    from standfast.recovery.catalogue import Canary

    Say = Callable[[str], None]

_TORN = 256 * 1024  # bytes past the last whole record that a cut stream may leave behind


@dataclass(frozen=True, slots=True, kw_only=True)
class _Want:
    """A target, and the WAL that it asks for: up to the segment `last`, or all there is."""

    target: Target
    last: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Restoring:
    store: str
    folder: Folder
    archive: Archive
    programs: Programs
    record: SourceRecord
    scratch: Path | None
    patience: timedelta

    # ------------------------------------------------------------------ proving

    def prove(self, links: Sequence[Copy], mark: Mark, say: Say) -> Attempt:
        """Everything up to the comparison, which is thought and not done here; never raises our errors."""
        phases: list[Phase] = []
        state = {"checksummed": False, "restored": False, "size": 0, "segments": 0}
        found: Found | None = None
        reason = ""
        account = account_for(Path("/"))
        try:
            with scratch_folder(self.scratch, account) as work:
                data = work / "data"
                say(
                    f"fetching {links[-1].id}"
                    + f" with {len(links) - 1} before it" * (len(links) > 1)
                )
                with _phase("fetch", phases):
                    self._check(links)
                    state["checksummed"] = True
                    want = self._want_mark(links[-1], mark)
                    segments = self._segments(links[-1], want)
                    state["segments"] = len(segments)
                    state["size"] = self._assemble(links, data, durable=False)
                    self._lay_out_wal(links[-1], segments, data)
                say("starting a scratch server and replaying WAL")
                with self._recover(
                    data, work, account, want.target, phases, durable=False
                ) as server:
                    state["restored"] = True
                    say("comparing its content")
                    with _phase("verify", phases):
                        found = _read(server, set(mark.tables))
        except (StandfastError, OSError) as error:
            reason = error.problem if isinstance(error, StandfastError) else str(error)
        return Attempt(
            checksummed=bool(state["checksummed"]),
            restored=bool(state["restored"]),
            reason=reason,
            phases=tuple(phases),
            found=found,
            size=state["size"],
            wal_segments=state["segments"],
        )

    # ------------------------------------------------------------------ restoring for good

    def restore(self, into: Path, to: datetime | str | None, say: Say) -> Restored:
        """Into an empty or new folder; a damaged copy is passed over for an older one that reaches as far."""
        into = into.absolute()
        account = _room(into)
        notes: list[str] = []
        for copy, want in self._choices(to, notes):
            try:
                restored = self._restore_from(copy, want, into, account, say)
            except (StandfastError, OSError) as error:
                problem = error.problem if isinstance(error, StandfastError) else str(error)
                notes.append(f"copy {copy.id}: {problem}")
                say(f"passing over {notes[-1]}")
            else:
                return replace(restored, notes=(*notes, *restored.notes))
        raise ToolError(
            "no copy could be restored: " + ("; ".join(notes) or "none reaches so far back"),
            where=self.store,
            fix=self._way_out(),
        )

    def _restore_from(
        self, copy: Copy, want: _Want, into: Path, account: Account | None, say: Say
    ) -> Restored:
        building = into.with_name(f".{into.name}.restoring")
        shutil.rmtree(building, ignore_errors=True)
        phases: list[Phase] = []
        links = chain(self.folder.copies(), copy)
        say(f"checking copy {copy.id}")
        try:
            with _phase("fetch", phases):
                self._check(links)
                segments = self._segments(copy, want)
                say(f"bringing back {len(links)} copies and {len(segments)} WAL segments")
                size = self._assemble(links, building, durable=True)
                self._lay_out_wal(copy, segments, building)
            say("replaying WAL")
            with (
                scratch_folder(self.scratch, account) as work,
                self._recover(building, work, account, want.target, phases, durable=True) as server,
            ):
                reached, canary = _position(server)
                if want.last is None:
                    self._see_that_all_was_read(copy.generation, segments, reached)
                began = monotonic()  # from here on it writes down what it has, and ends
            phases.append(Phase(name="settle", lasted=timedelta(seconds=monotonic() - began)))
            with _phase("verify", phases):
                shutil.rmtree(building / WAL_FOLDER)
                building.replace(into)
        except BaseException:
            shutil.rmtree(building, ignore_errors=True)
            raise
        return Restored(
            store=self.store,
            copy=copy.id,
            into=str(into),
            reached=format_lsn(reached),
            phases=tuple(phases),
            newest_restored=canary,
            newest_written=self.folder.newest_written(),
            size=size,
            wal_segments=len(segments),
            notes=() if (into / "postgresql.conf").exists() else (_NO_CONFIGURATION,),
        )

    def _choices(self, to: datetime | str | None, notes: list[str]) -> Iterator[tuple[Copy, _Want]]:
        copies = self.folder.copies()
        if isinstance(to, str):
            mark = self.folder.marks().get(to)
            if mark is None:
                raise NotFound(f"there is no mark {to!r}", fix="`standfast backup list` shows them")
            for copy in candidates(copies):
                if copy.generation == mark.generation and copy.end_lsn <= mark.lsn:
                    yield copy, self._want_mark(copy, mark)
        elif to is not None:
            target = Target(setting="recovery_target_time", value=to.astimezone(UTC).isoformat())
            for copy in candidates(copies, to):
                yield copy, _Want(target=target, last=self._last_whole(copy))
        else:
            newest = max((copy.generation for copy in copies), default=0)
            if self.archive.generation > newest and self.archive.segments(self.archive.generation):
                notes.append(
                    "WAL was received after the newest copy's run of it had ended; not restored"
                )
            for copy in candidates(copies):
                if copy.generation == newest:
                    yield copy, _Want(target=Target(), last=None)

    def _way_out(self) -> str:
        """The newest mark that everything needed is there for."""
        for mark in reversed(self.folder.marks().values()):
            for copy in candidates(self.folder.copies()):
                if not copy.usable or copy.generation != mark.generation or copy.end_lsn > mark.lsn:
                    continue
                try:
                    self._segments(copy, self._want_mark(copy, mark))
                except StandfastError:
                    continue
                return (
                    f"the newest point that can be reached is of {mark.at:%Y-%m-%d %H:%M:%S} UTC: "
                    f"`standfast backup restore {self.store} --to {mark.name}`"
                )
        return "`standfast backup list` shows every copy and mark"

    # ------------------------------------------------------------------ the parts

    def _check(self, links: Sequence[Copy]) -> None:
        """Against the manifest, and the manifest against what was noted of it: required, never sufficient."""
        for copy in links:
            data = self.folder.data(copy)
            manifest = data / "backup_manifest"
            if not manifest.exists():
                raise ToolError(f"copy {copy.id} has lost its backup_manifest")
            if sha256_of(manifest) != copy.manifest_sha256:
                raise ToolError(
                    f"the backup_manifest of copy {copy.id} is not the one that was taken"
                )
            self.programs.run("pg_verifybackup", "-q", data, deadline=self.patience)

    def _want_mark(self, copy: Copy, mark: Mark) -> _Want:
        if mark.generation != copy.generation or mark.lsn < copy.end_lsn:
            raise ToolError(f"copy {copy.id} does not lead to the mark {mark.name}")
        return _Want(
            target=Target(setting="recovery_target_name", value=mark.name),
            last=last_segment_number(mark.lsn, copy.segment_size),
        )

    def _last_whole(self, copy: Copy) -> int:
        """For an instant nobody knows the position of: every segment up to the first fault.

        PostgreSQL itself refuses where the instant lies beyond them.
        """
        first = segment_number(copy.start_lsn, copy.segment_size)
        found = self.archive.segments(copy.generation)
        damaged = self.archive.damage(copy.generation, found)
        span = scan(found, first=first, last=None, segment_size=copy.segment_size, damaged=damaged)
        if span.through is None:
            raise ToolError(span.problems[0] if span.problems else "there is no WAL for the copy")
        return span.through

    def _segments(self, copy: Copy, want: _Want) -> tuple[Segment, ...]:
        """The WAL that the restore needs, every segment there, whole, and as it was received."""
        first = segment_number(copy.start_lsn, copy.segment_size)
        at_least = last_segment_number(copy.end_lsn, copy.segment_size)
        found = self.archive.segments(copy.generation)
        relevant = [
            s for s in found if s.number >= first and (want.last is None or s.number <= want.last)
        ]
        last = want.last
        if last is None:
            last = max([at_least, *(s.number for s in relevant)])
        span = scan(
            relevant,
            first=first,
            last=last,
            segment_size=copy.segment_size,
            damaged=self.archive.damage(copy.generation, relevant),
        )
        if not span.whole:
            raise ToolError("; ".join(span.problems[:5]))
        return span.segments

    def _assemble(self, links: Sequence[Copy], data: Path, *, durable: bool) -> int:
        """One data folder of a full copy and the incrementals on it; answers its size in bytes."""
        paths = [self.folder.data(copy) for copy in links]
        if len(paths) == 1:
            shutil.copytree(paths[0], data, symlinks=True)
        else:
            flags = [] if durable else ["--no-sync"]
            self.programs.run(
                "pg_combinebackup", *flags, "-o", data, *paths, deadline=self.patience
            )
        data.chmod(0o700)
        return sum(
            (Path(where) / name).lstat().st_size
            for where, _, names in os.walk(data)
            for name in names
        )

    def _lay_out_wal(self, copy: Copy, segments: Sequence[Segment], data: Path) -> None:
        source, target = self.archive.folder(copy.generation), data / WAL_FOLDER
        target.mkdir(mode=0o700)
        for segment in segments:
            # What was received of the last segment counts: without it the newest commits are lost.
            shutil.copyfile(source / segment.name, target / segment.name.removesuffix(".partial"))
        for history in self.archive.histories(copy.generation):
            shutil.copyfile(history, target / history.name)

    @contextmanager
    def _recover(
        self,
        data: Path,
        work: Path,
        account: Account | None,
        target: Target,
        phases: list[Phase],
        *,
        durable: bool,
    ) -> Iterator[Recovered]:
        with recovering(
            self.programs,
            data,
            work,
            account,
            target=target,
            user=self.record.user,
            database=self.record.database,
            durable=durable,
            patience=self.patience,
            phases=phases,
        ) as server:
            yield server

    def _see_that_all_was_read(
        self, generation: int, segments: Sequence[Segment], reached: int
    ) -> None:
        """Without a target PostgreSQL ends quietly at the first broken record; what lies behind it tells."""
        written = _last_written(
            self.archive.folder(generation), segments, self.archive.segment_size
        )
        if written - reached > _TORN:
            raise ToolError(
                f"replay ended at {format_lsn(reached)}, though WAL was received up to "
                f"{format_lsn(written)}: a record between them is broken"
            )


_NO_CONFIGURATION = "its postgresql.conf lay outside the data folder: put it back before the start"


def _room(into: Path) -> Account | None:
    """Is there a place for the folder? Answers whom its server will belong to."""
    if into.exists() and (not into.is_dir() or any(into.iterdir())):
        raise Conflict(
            "the folder to restore into is not empty",
            where=str(into),
            fix="name an empty or new one",
        )
    if not into.parent.is_dir():
        raise NotFound("the folder above it does not exist", where=str(into.parent), fix="make it")
    account = account_for(into.parent)
    if account and not reachable(into.parent, account):
        raise ToolError(
            f"the user {account.name} cannot reach the folder", where=str(into.parent),
            fix="restore into a folder that the server's user owns",
        )  # fmt: skip
    return account


@contextmanager
def _phase(name: str, phases: list[Phase]) -> Iterator[None]:
    began = monotonic()
    try:
        yield
    finally:
        phases.append(Phase(name=name, lasted=timedelta(seconds=monotonic() - began)))


def _read(server: Recovered, wanted: set[str]) -> Found:
    tables = {}
    with server.talk() as home:
        canary = newest_canary(home)
        names = databases(home)
    for database in names:
        with server.talk(database) as db:
            tables.update(content(db, database, wanted))
    return Found(canary=canary, tables=tables)


def _position(server: Recovered) -> tuple[int, Canary | None]:
    with server.talk() as db:
        row = db.execute("SELECT pg_last_wal_replay_lsn()").fetchone()
        return parse_lsn(str(row[0])), newest_canary(db)


def _last_written(folder: Path, segments: Sequence[Segment], size: int) -> int:
    """The position after the last byte that is not zero."""
    for segment in reversed(segments):
        held = (folder / segment.name).read_bytes().rstrip(b"\0")
        if held:
            return segment.number * size + len(held)
    return 0
