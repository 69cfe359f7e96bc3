"""Every injected fault is found by our own verification; clean copies raise no alarm."""

from __future__ import annotations

import shutil
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
from recovery_server import DEBIAN_15, USER, fill, kill, source_server, start

from standfast.drivers.postgres.keeper import PostgresKeeper, Settings
from standfast.drivers.postgres.scratch import _syncs_whole
from standfast.errors import Conflict, ToolError
from standfast.recovery.catalogue import Copy, Mark
from standfast.recovery.proof import PHASES, differences

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from postgres_server import PostgresServer


def quiet(_: str) -> None:
    return


@dataclass(frozen=True)
class Prepared:
    root: Path
    copy: str
    mark: str
    programs: Path


@contextmanager
def receiving(keeper: PostgresKeeper) -> Iterator[None]:
    keeper.receive()
    try:
        yield
    finally:
        keeper.stop_receiving()


@pytest.fixture(scope="module")
def prepared(tmp_path_factory) -> Iterator[Prepared]:
    """A full copy, an incremental one, 60,000 rows of WAL in several segments, a mark."""
    root = tmp_path_factory.mktemp("location")
    with source_server(summarize_wal="on") as server:
        keeper = _keeper(root, server)
        with receiving(keeper):
            fill(server, 20_000)
            full = keeper.take("full", "full", quiet)
            for part in range(3):
                fill(server, 40_000, 20_001 + part * 40_000)
                _switch(server)
            mark = keeper.mark("after")
            from datetime import timedelta

            keeper.arrival(mark, timedelta(seconds=20))
        yield Prepared(root, full.id, mark.name, server.programs)


@pytest.fixture
def location(prepared: Prepared, tmp_path: Path) -> Path:
    target = tmp_path / "location"
    shutil.copytree(prepared.root, target, symlinks=True)
    return target


def _keeper(root: Path, server: PostgresServer, **settings) -> PostgresKeeper:
    return PostgresKeeper(
        "db", root, server.url(), settings=Settings(programs=server.programs, **settings)
    )


def _switch(server: PostgresServer) -> None:
    import psycopg

    with psycopg.connect(server.url(), autocommit=True) as db:
        db.execute("SELECT pg_switch_wal()")


def _verify(prepared: Prepared, root: Path) -> tuple[str, ...]:
    """What our verification has to say against the copy; empty is a pass."""
    keeper = PostgresKeeper("db", root, None, settings=Settings(programs=prepared.programs))
    copy = next(copy for copy in keeper.copies() if copy.id == prepared.copy)
    mark = keeper.marks()[prepared.mark]
    attempt = keeper.prove(copy, mark, quiet)
    if attempt.reason:
        return (attempt.reason,)
    assert attempt.found
    return differences(mark, attempt.found)


def _wal(root: Path) -> list[Path]:
    return sorted(p for p in (root / "db/wal/1").iterdir() if len(p.name) == 24)


def _used_byte(path: Path) -> int:
    return len(path.read_bytes().rstrip(b"\0")) // 2


def _flip(path: Path, at: int) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 0xFF
    path.write_bytes(data)


def _relation(root: Path) -> Path:
    files = (root / "db/copies/full/data/base").rglob("*")
    return max((p for p in files if p.is_file()), key=lambda p: p.stat().st_size)


def _truncate(path: Path) -> None:
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size // 2)


FAULTS: dict[str, Callable[[Path], object]] = {
    "a WAL segment cut to half": lambda root: _truncate(_wal(root)[-3]),
    "a byte flipped in used WAL": lambda root: _flip(_wal(root)[-3], _used_byte(_wal(root)[-3])),
    "a WAL segment missing mid-chain": lambda root: _wal(root)[-3].unlink(),
    "a relation cut to half": lambda root: _truncate(_relation(root)),
    "a relation missing": lambda root: _relation(root).unlink(),
    "a byte flipped in a relation": lambda root: _flip(_relation(root), 5000),
    "the manifest missing": lambda root: (root / "db/copies/full/data/backup_manifest").unlink(),
    "the manifest rewritten": lambda root: _flip(root / "db/copies/full/data/backup_manifest", 300),
    "the backup label missing": lambda root: (root / "db/copies/full/data/backup_label").unlink(),
    "pg_control corrupt": lambda root: _flip(root / "db/copies/full/data/global/pg_control", 40),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_verification_finds(fault: str, prepared: Prepared, location: Path) -> None:
    FAULTS[fault](location)

    assert _verify(prepared, location)


def test_a_flip_that_escapes_the_checksums_is_found_because_recovery_must_reach_the_mark(
    prepared: Prepared, location: Path
) -> None:
    segment = _wal(location)[-3]
    _flip(segment, _used_byte(segment))
    (location / "db/wal/1/segments.jsonl").unlink()

    assert "recovery ended before configured recovery target" in _verify(prepared, location)[0]


def test_clean_copies_raise_no_alarm(prepared: Prepared) -> None:
    for _ in range(5):
        assert _verify(prepared, prepared.root) == ()


def test_a_flip_stops_a_restore_to_the_newest_and_names_the_point_that_can_be_reached(
    prepared: Prepared, location: Path, tmp_path: Path
) -> None:
    _flip(_wal(location)[-3], _used_byte(_wal(location)[-3]))
    keeper = PostgresKeeper("db", location, None, settings=Settings(programs=prepared.programs))
    into = _open_folder(tmp_path) / "data"

    with pytest.raises(ToolError, match="SHA-256") as caught:
        keeper.restore(into, None, quiet)

    assert "--to standfast_full" in caught.value.fix
    assert not into.exists()
    shutil.rmtree(into.parent)


def _open_folder(_: Path) -> Path:
    """A folder that `nobody` may enter: pytest's own is closed to others."""
    import tempfile

    folder = Path(tempfile.mkdtemp(prefix="sf-restore-", dir="/tmp"))
    folder.chmod(0o755)
    if USER:
        shutil.chown(folder, USER)
    return folder


def test_a_killed_pg_basebackup_leaves_no_copy_in_the_catalogue(tmp_path: Path) -> None:
    import os
    import signal

    with source_server() as server:
        keeper = _keeper(tmp_path, server, max_rate="1M", streams=False)
        failures: list[Exception] = []

        def take() -> None:
            try:
                keeper.take("full", "killed", quiet)
            except ToolError as error:
                failures.append(error)

        thread = threading.Thread(target=take)
        thread.start()
        pause = threading.Event()
        marker = str(tmp_path).encode()
        while thread.is_alive():
            for entry in Path("/proc").glob("[0-9]*/cmdline"):
                try:
                    line = entry.read_bytes()
                except OSError:
                    continue
                if (
                    b"pg_basebackup" in line.split(b"\0")[0]
                    and marker in line
                    and (tmp_path / "db/copies/.killed.taking/data/base").exists()
                ):
                    os.kill(int(entry.parent.name), signal.SIGKILL)
            pause.wait(0.05)
        thread.join()

        assert "signal 9" in str(failures[0])
        assert keeper.copies() == ()
        assert list((tmp_path / "db/copies").iterdir()) == []


def test_copies_of_another_server_are_not_mixed_into_the_folder(
    prepared: Prepared, location: Path
) -> None:
    with source_server() as other, pytest.raises(Conflict, match="holds copies of the server"):
        _keeper(location, other).take("full", "x", quiet)


def test_postgresql_15_is_proven_too_and_says_that_it_takes_no_incrementals(tmp_path: Path) -> None:
    with source_server(DEBIAN_15) as server:
        fill(server, 1_000)
        keeper = _keeper(tmp_path, server, streams=False)
        copy: Copy = keeper.take("full", "full", quiet)
        mark: Mark = keeper.marks()[copy.mark or ""]
        attempt = keeper.prove(copy, mark, quiet)

        assert attempt.found
        assert differences(mark, attempt.found) == ()
        with pytest.raises(ToolError, match="takes no incremental"):
            keeper.take("incremental", "inc", quiet)


@pytest.mark.kill
@pytest.mark.parametrize("synchronous", [True, False], ids=["synchronous", "asynchronous"])
def test_a_killed_and_deleted_server_comes_back_with_what_it_had_acknowledged(
    synchronous: bool, tmp_path: Path
) -> None:
    import psycopg

    users, modes = Path("/etc/passwd").read_bytes(), Path("/tmp").stat().st_mode
    with source_server() as server:
        fill(server, 1_000)
        keeper = _keeper(tmp_path, server)
        keeper.take("full", "full", quiet)
        if synchronous:
            with psycopg.connect(server.url(), autocommit=True) as db:
                db.execute("ALTER SYSTEM SET synchronous_standby_names = 'standfast_db'")
                db.execute("SELECT pg_reload_conf()")
        with receiving(keeper):
            pause = threading.Event()
            while not (keeper.reception and keeper.reception.running):
                pause.wait(0.02)
            acknowledged: list[list[int]] = [[], []]
            threads = [
                threading.Thread(target=_write, args=(server.url(), lane, acknowledged[lane]))
                for lane in range(2)
            ]
            for thread in threads:
                thread.start()
            while min(map(len, acknowledged)) < 150:
                pause.wait(0.01)
            kill(server)
            for thread in threads:
                thread.join(20)
            shutil.rmtree(server.data)

        began = monotonic()
        restored = keeper.restore(server.data, None, quiet)
        took = monotonic() - began
        assert tuple(phase.name for phase in restored.phases) == PHASES
        # What it says of itself is nearly all of what the stopwatch says.
        assert 0.8 * took <= restored.rto.total_seconds() <= took
        start_again = {"synchronous_standby_names": ""}
        auto = server.data / "postgresql.auto.conf"
        auto.write_text(
            auto.read_text()
            + f"\nsynchronous_standby_names = '{start_again['synchronous_standby_names']}'\n"
        )
        start(server)
        with psycopg.connect(server.url()) as db:
            present = {row[0] for row in db.execute("SELECT id FROM orders")}

    lost = sum(number not in present for lane in acknowledged for number in lane)
    total = sum(map(len, acknowledged))
    print(f"lost {lost} of {total} acknowledged; restored in {restored.rto}")
    assert lost == 0 if synchronous else lost < total / 2
    assert Path("/etc/passwd").read_bytes() == users
    assert Path("/tmp").stat().st_mode == modes


def _write(url: str, lane: int, acknowledged: list[int]) -> None:
    import psycopg

    number = 1_000_000 * (lane + 1)
    try:
        with psycopg.connect(url, autocommit=True) as db:
            while True:
                db.execute("INSERT INTO orders VALUES (%s, 'x')", [number])
                acknowledged.append(number)
                number += 1
    except psycopg.Error:
        return


@pytest.mark.parametrize(
    ("system", "release", "whole"),
    [
        ("Linux", "5.7.19-generic", False),
        ("Linux", "5.8.0", True),
        ("Linux", "6.1.0-13-amd64", True),
        ("Linux", "strange", False),
        ("Darwin", "24.1.0", False),
    ],
)
def test_a_restored_folder_is_made_durable_as_a_whole_where_that_tells_of_errors(
    system: str, release: str, whole: bool
) -> None:
    assert _syncs_whole(SimpleNamespace(sysname=system, release=release)) is whole
