"""A source server for the tests of recovery: one that may be killed, deleted and started again."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg

from free_ports import free_port
from postgres_server import PostgresServer, _programs, _run, _start

if TYPE_CHECKING:
    from collections.abc import Iterator

DEBIAN_15 = Path("/usr/lib/postgresql/15/bin")
USER = "nobody" if os.geteuid() == 0 else None


@contextmanager
def source_server(programs: Path | None = None, **settings: str) -> Iterator[PostgresServer]:
    folder = Path(tempfile.mkdtemp(prefix="sf-src-", dir="/tmp"))
    folder.chmod(0o755)
    try:
        if programs is None:
            found = _programs(folder, USER)
        else:
            found = programs
            if USER:
                shutil.chown(folder, USER)
        server = PostgresServer(free_port(), found, folder / "data")
        _start(server, folder, USER)
        with psycopg.connect(server.url(), autocommit=True) as db:
            for name, value in settings.items():
                db.execute(f"ALTER SYSTEM SET {name} = '{value}'".encode())
            db.execute("SELECT pg_reload_conf()")
        try:
            yield server
        finally:
            kill(server)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def kill(server: PostgresServer) -> None:
    """kill -9 of every process of the server, the children that would clean up among them."""
    try:
        postmaster = int((server.data / "postmaster.pid").read_text().split()[0])
    except (OSError, ValueError, IndexError):
        return
    children = Path(f"/proc/{postmaster}/task/{postmaster}/children")
    try:
        pids = [postmaster, *map(int, children.read_text().split())]
    except OSError:
        pids = [postmaster]
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
    # Where nobody reaps orphans the dead postmaster's number stays taken, and its lock looks held.
    for lock in server.data.parent.glob(".s.PGSQL.*"):
        lock.unlink()
    pause = threading.Event()
    for _ in range(3000):
        if not any(_alive(pid) for pid in pids):
            return
        pause.wait(0.02)


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def start(server: PostgresServer, data: Path | None = None) -> None:
    target = data or server.data
    _run(USER, server.programs / "pg_ctl", "-D", target, "-l", target.parent / "log", "-w", "start")


def fill(server: PostgresServer, rows: int, first: int = 1) -> None:
    with psycopg.connect(server.url(), autocommit=True) as db:
        db.execute("CREATE TABLE IF NOT EXISTS orders (id bigint PRIMARY KEY, note text)")
        db.execute(
            "INSERT INTO orders SELECT n, repeat(md5(n::text), 4) FROM generate_series(%s::bigint, %s) n",
            [first, first + rows - 1],
        )
