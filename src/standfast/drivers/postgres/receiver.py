"""A supervised pg_receivewal: it dies with its server and has to be started again by somebody."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from standfast.drivers.postgres.programs import Programs, environment
from standfast.errors import StandfastError, TimedOut
from standfast_kit.clock import monotonic

if TYPE_CHECKING:
    from standfast.drivers.postgres.archive import Archive
    from standfast.drivers.postgres.source import Source

log = logging.getLogger(__name__)
_LOOK = 0.2  # seconds between looks at what was finished
_LONGEST_PAUSE = 5.0
_ENDING = 5.0


@dataclass(slots=True, kw_only=True)
class Reception:
    """How receiving goes: for the page, and for whoever waits."""

    running: bool = False
    restarts: int = 0
    problem: str = ""
    generation: int = 0
    since: datetime | None = None


def command(
    programs: Programs, source: Source, archive: Archive, generation: int, *extra: str
) -> list[str]:
    return [
        str(programs.path("pg_receivewal")),
        "-d", source.conninfo(application_name=archive.slot),
        "-D", str(archive.folder(generation)),
        "--slot", archive.slot, "--no-loop", "--no-password", "--status-interval=1",
        *extra,
    ]  # fmt: skip


def receive_until(
    programs: Programs,
    source: Source,
    archive: Archive,
    generation: int,
    lsn: int,
    patience: timedelta,
) -> None:
    """Bring in everything to the end of the segment that holds `lsn`, then stop."""
    if archive.holds(generation, lsn):
        archive.note_finished(generation)
        return
    size = archive.segment_size
    boundary = ((lsn - 1) // size + 1) * size
    last = f"{(boundary - 1) >> 32:X}/{(boundary - 1) & 0xFFFFFFFF:X}"
    _, *arguments = command(programs, source, archive, generation, f"--endpos={last}")
    programs.run("pg_receivewal", *arguments, deadline=patience, environment=source.password)
    archive.note_finished(generation)


@dataclass(slots=True)
class Receiver:
    """One thread and one pg_receivewal; `start` and `stop` may be called again."""

    programs: Programs
    source: Source
    archive: Archive
    reception: Reception = field(default_factory=Reception)
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        if self._thread is None or not self._thread.is_alive():
            self._stop.clear()
            self._thread = threading.Thread(
                target=self._run, name=f"standfast-wal-{self.archive.slot}", daemon=True
            )
            self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        if self._thread:
            self._thread.join(_ENDING + 2)

    def _run(self) -> None:
        with self.archive.receiving() as mine:
            if not mine:
                self.reception.problem = "another process receives into this archive"
                return
            pause = _LOOK
            while not self._stop.is_set():
                began = monotonic()
                try:
                    self._receive()
                except (StandfastError, OSError) as error:
                    self.reception.problem = str(error)
                self.reception.running = False
                if self._stop.is_set():
                    return
                self.reception.restarts += 1
                pause = (
                    _LOOK
                    if monotonic() - began > 2 * _LONGEST_PAUSE
                    else min(pause * 2, _LONGEST_PAUSE)
                )
                log.warning(
                    "%s: receiving WAL stopped: %s", self.archive.slot, self.reception.problem
                )
                self._stop.wait(pause)

    def _receive(self) -> None:
        end_orphan(self.archive)
        generation = self.archive.open(self.source)
        synchronous = _names(self.source.facts().synchronous_names, self.archive.slot)
        extra = ["--synchronous"] if synchronous else []
        errors_path = self.archive.path / "receiver.log"
        with (
            errors_path.open("wb") as errors,
            subprocess.Popen(
                command(self.programs, self.source, self.archive, generation, *extra),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=errors,
                env=environment(self.source.password),
                start_new_session=True,  # Ctrl-C at the terminal stops us, and we stop it
            ) as process,
        ):
            _pid_file(self.archive).write_text(str(process.pid))
            self.reception.generation = generation
            self.reception.running, self.reception.problem = True, ""
            try:
                while process.poll() is None and not self._stop.wait(_LOOK):
                    self.archive.note_finished(generation)
            finally:
                _end(process)
                _pid_file(self.archive).unlink(missing_ok=True)
        self.archive.note_finished(generation)
        said = errors_path.read_text(errors="replace").strip().splitlines()
        self.reception.problem = said[-1][:300] if said else "pg_receivewal ended"


def end_orphan(archive: Archive) -> None:
    """A receiver whose standfast was killed goes on by itself and holds the slot; it is ours, so end it."""
    try:
        pid = int(_pid_file(archive).read_text())
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except (OSError, ValueError):
        return
    if words[0].endswith(b"pg_receivewal") and archive.slot.encode() in words:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGINT)


def _pid_file(archive: Archive) -> Path:
    return archive.path / "receiver.pid"


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGINT)  # it closes its file and goes
    try:
        process.wait(_ENDING)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(_ENDING)


def _names(synchronous_standby_names: str, application: str) -> bool:
    words = synchronous_standby_names.replace("(", " ").replace(")", " ").replace(",", " ").split()
    return any(word.strip('"') in {application, "*"} for word in words)


def wait_for(archive: Archive, generation: int, lsn: int, patience: timedelta) -> timedelta:
    """How long it took until the archive held `lsn`; raises TimedOut."""
    began, pause = monotonic(), threading.Event()
    while not archive.holds(generation, lsn):
        if monotonic() - began > patience.total_seconds():
            raise TimedOut(
                "the WAL of the mark has not arrived in the archive",
                where=str(archive.path),
                fix="see how the receiver does: `standfast backup list`",
            )
        pause.wait(0.02)
    return timedelta(seconds=monotonic() - began)
