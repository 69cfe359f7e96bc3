"""Recovering a data folder with a server of its own that nobody else can reach.

The restored folder carries the settings of the server it came from: its port, its archive command, its
standbys. All of them are overruled on the command line, so that nothing stays behind in the folder. The
server listens on a socket in a private folder and on no network.
"""

from __future__ import annotations

import os
import pwd
import re
import shutil
import signal
import subprocess
import tempfile
import threading
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from standfast.drivers.postgres.programs import Account, Programs, environment
from standfast.drivers.postgres.source import connected
from standfast.errors import SourceError, TimedOut, ToolError
from standfast.recovery.proof import Phase
from standfast_kit.clock import monotonic

if TYPE_CHECKING:
    from collections.abc import Iterator

WAL_FOLDER = "standfast_wal"  # inside the data folder: the restore command is relative to it
_PORT = 5432  # only names the socket
_UNPRIVILEGED = ("nobody",)
_TALK = 600.0
_CONTROL = {
    "max_connections setting": "max_connections",
    "max_worker_processes setting": "max_worker_processes",
    "max_wal_senders setting": "max_wal_senders",
    "max_prepared_xacts setting": "max_prepared_transactions",
    "max_locks_per_xact setting": "max_locks_per_transaction",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where recovery must arrive: `setting` is a recovery_target_* of PostgreSQL, "" replays all there is."""

    setting: str = ""
    value: str = ""


def account_for(folder: Path) -> Account | None:
    """None for ourselves; as root the owner of `folder`, or nobody where root owns it."""
    if os.geteuid() != 0:
        return None
    owner = folder.stat()
    if owner.st_uid:
        return Account(name=pwd.getpwuid(owner.st_uid).pw_name, uid=owner.st_uid, gid=owner.st_gid)
    for name in _UNPRIVILEGED:
        with suppress(KeyError):
            entry = pwd.getpwnam(name)
            return Account(name=name, uid=entry.pw_uid, gid=entry.pw_gid)
    raise ToolError("there is no user `nobody` to run PostgreSQL as", fix="run as an ordinary user")


@contextmanager
def scratch_folder(parent: Path | None, account: Account | None) -> Iterator[Path]:
    """A private folder for `account`, in a place that it can reach; removed with all it holds."""
    base = parent or Path(tempfile.gettempdir())
    if account and not reachable(base, account):
        raise ToolError(
            f"the user {account.name} cannot reach the folder for scratch servers",
            where=str(base),
            fix="name one that everybody may enter with --scratch, such as /var/tmp",
        )
    folder = Path(tempfile.mkdtemp(prefix="standfast-scratch-", dir=base))
    try:
        if account:
            os.chown(folder, account.uid, account.gid)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def reachable(folder: Path, account: Account) -> bool:
    """May `account` enter the folder and all above it? Groups beside its own are left out of account."""
    for each in (folder, *folder.parents):
        found = each.stat()
        if found.st_uid == account.uid:
            bit = 0o100
        elif found.st_gid == account.gid:
            bit = 0o010
        else:
            bit = 0o001
        if not found.st_mode & bit:
            return False
    return True


def runnable(programs: Programs, account: Account | None, work: Path) -> Programs:
    """Programs that `account` can run: where they lie behind a closed folder, a copy of them."""
    if account is None or reachable(programs.folder, account):
        return programs
    home, package = programs.folder.parent, programs.folder.parent.parent
    libraries = package.with_name(f"{package.name}.libs")
    target = work / "programs" / package.name
    shutil.copytree(home, target / home.name, symlinks=True)
    if libraries.is_dir():  # a wheel's programs find their libraries beside the package
        shutil.copytree(libraries, target.with_name(libraries.name), symlinks=True)
    chown_tree(work / "programs", account)
    return Programs(folder=target / home.name / programs.folder.name, major=programs.major)


def chown_tree(path: Path, account: Account) -> None:
    os.chown(path, account.uid, account.gid)
    for folder, folders, files in os.walk(path):
        for name in (*folders, *files):
            os.chown(Path(folder) / name, account.uid, account.gid, follow_symlinks=False)


class Recovered:
    """A running scratch server that has reached its target."""

    def __init__(self, sockets: Path, user: str, database: str) -> None:
        self._sockets, self._user, self.database = sockets, user, database

    @contextmanager
    def talk(self, database: str | None = None) -> Iterator[Any]:
        with connected(self._parts(database), _TALK) as db:
            db.execute("SET statement_timeout = 0")
            yield db

    def _parts(self, database: str | None) -> dict[str, Any]:
        return {
            "host": str(self._sockets), "port": str(_PORT), "user": self._user,
            "dbname": database or self.database, "connect_timeout": "2",
        }  # fmt: skip


@contextmanager
def recovering(
    programs: Programs,
    data: Path,
    work: Path,
    account: Account | None,
    *,
    target: Target,
    user: str,
    database: str,
    durable: bool,
    patience: timedelta,
    phases: list[Phase],
) -> Iterator[Recovered]:
    """Start a server on `data`, wait until it has replayed up to `target`; stop it in the end.

    Raises ToolError with the server's own words where it cannot get there. Appends the phases `prepare`,
    `start` and `replay`. `durable` is for a folder that is kept; a scratch one needs no fsync.
    """
    began = monotonic()
    sockets = work / "s"
    sockets.mkdir(mode=0o700)
    (data / "recovery.signal").touch()
    for leftover in ("standby.signal", "postmaster.pid", "postmaster.opts"):
        (data / leftover).unlink(missing_ok=True)
    (work / "hba.conf").write_text("local all all trust\n")  # the socket's folder is private
    (work / "empty.conf").write_text("")
    if account:
        for path in (data, sockets, work / "hba.conf", work / "empty.conf"):
            chown_tree(path, account)
    log = work / "log"
    settings = _settings(programs, data, work, sockets, target, durable=durable)
    able = runnable(programs, account, work)
    phases.append(Phase(name="prepare", lasted=timedelta(seconds=monotonic() - began)))
    began = monotonic()
    with (
        log.open("wb") as words,
        _server(able, data, settings, words, account) as process,
    ):
        server = Recovered(sockets, user, database)
        until = began + patience.total_seconds()
        _wait(process, log, until, server, "SELECT true", "start")
        phases.append(Phase(name="start", lasted=timedelta(seconds=monotonic() - began)))
        began = monotonic()
        _wait(
            process,
            log,
            until,
            server,
            "SELECT NOT pg_is_in_recovery()",
            "reach the end of its recovery",
        )
        phases.append(Phase(name="replay", lasted=timedelta(seconds=monotonic() - began)))
        yield server
        if durable:
            with server.talk() as db:
                db.execute("CHECKPOINT")


@contextmanager
def _server(
    programs: Programs, data: Path, settings: list[str], words: Any, account: Account | None
) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        [str(programs.path("postgres")), "-D", str(data), *settings],
        stdin=subprocess.DEVNULL,
        stdout=words,
        stderr=words,
        cwd=data,
        env=environment({"HOME": "/"}),
        start_new_session=True,
        **(account.identity if account else {}),
    )
    try:
        yield process
    finally:
        _stop(process)


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Fast shutdown; immediate where that takes too long."""
    for how, patience in ((signal.SIGINT, 60), (signal.SIGQUIT, 10), (signal.SIGKILL, 10)):
        if process.poll() is not None:
            return
        process.send_signal(how)
        with suppress(subprocess.TimeoutExpired):
            process.wait(patience)


def _wait(
    process: subprocess.Popen[bytes],
    log: Path,
    until: float,
    server: Recovered,
    query: str,
    what: str,
) -> None:
    pause = threading.Event()
    while True:
        if process.poll() is not None:
            raise ToolError(f"the restored server ended by itself: {last_words(log)}")
        with suppress(SourceError), server.talk() as db:
            if db.execute(query).fetchone()[0]:
                return
        if monotonic() > until:
            raise TimedOut(f"the restored server did not {what} in time: {last_words(log)}")
        pause.wait(0.03)


def last_words(log: Path) -> str:
    """The line of a server's log that says why."""
    lines = log.read_text(errors="replace").splitlines()[-200:]
    loud = [line for line in lines if re.search(r"FATAL|PANIC|invalid|incorrect", line)]
    # "the database system is starting up" is what it told us, not why it ended.
    loud = [line for line in loud if "system is" not in line]
    return " | ".join(
        re.sub(r"^.*?(FATAL|PANIC|LOG|WARNING|ERROR): +", r"\1: ", line) for line in loud[-3:]
    )[:600]


def _settings(
    programs: Programs, data: Path, work: Path, sockets: Path, target: Target, *, durable: bool
) -> list[str]:
    wanted = {
        "config_file": work / "empty.conf",
        "hba_file": work / "hba.conf",
        "ident_file": work / "empty.conf",
        "external_pid_file": "",
        "listen_addresses": "",
        "unix_socket_directories": sockets,
        "unix_socket_permissions": "0700",
        "port": _PORT,
        "ssl": "off",
        "archive_mode": "off",
        "archive_command": "",
        "archive_cleanup_command": "",
        "recovery_end_command": "",
        "recovery_min_apply_delay": "0",
        "primary_conninfo": "",
        "primary_slot_name": "",
        "synchronous_standby_names": "",
        "shared_preload_libraries": "",
        "session_preload_libraries": "",
        "local_preload_libraries": "",
        "logging_collector": "off",
        "log_destination": "stderr",
        "log_min_messages": "warning",
        "lc_messages": "C",
        "hot_standby": "on",
        "wal_level": "replica",
        "autovacuum": "off",
        "shared_buffers": "64MB",
        "huge_pages": "off",
        "fsync": "on" if durable else "off",
        "full_page_writes": "on" if durable else "off",
        "restore_command": f'cp "{WAL_FOLDER}/%f" "%p"',
        "recovery_target": "",
        "recovery_target_name": "",
        "recovery_target_time": "",
        "recovery_target_lsn": "",
        "recovery_target_xid": "",
        "recovery_target_inclusive": "on",
        "recovery_target_action": "promote",
        "recovery_target_timeline": "latest",
        "cluster_name": "standfast-scratch",
        **_as_large_as_the_source(programs, data),
    }
    if programs.major >= 17:
        wanted["summarize_wal"] = "off"
    if durable and programs.major >= 14 and _syncs_whole():
        # Before it replays, PostgreSQL makes the folder durable: file by file that is a thousand waits for
        # the disk, 5 to 8 s on a busy one; as one call it was 1 s.
        wanted["recovery_init_sync_method"] = "syncfs"
    if target.setting:
        # Last on the line: an empty one behind it counts as a second target.
        del wanted[target.setting]
        wanted[target.setting] = target.value
    return [part for name, value in wanted.items() for part in ("-c", f"{name}={value}")]


def _syncs_whole(system: os.uname_result | None = None) -> bool:
    """Does syncfs(2) tell of errors here? Linux does from 5.8 on."""
    found = system or os.uname()
    version = re.match(r"(\d+)\.(\d+)", found.release)
    return (
        found.sysname == "Linux"
        and version is not None
        and (int(version[1]), int(version[2])) >= (5, 8)
    )


def _as_large_as_the_source(programs: Programs, data: Path) -> dict[str, str]:
    """Replay refuses to run with fewer connections (and so on) than the server had that wrote the WAL."""
    said = programs.run("pg_controldata", "-D", data)
    found = dict(line.split(":", 1) for line in said.splitlines() if ":" in line)
    return {setting: found[name].strip() for name, setting in _CONTROL.items() if name in found}
