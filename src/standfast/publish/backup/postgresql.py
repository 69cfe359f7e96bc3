"""PostgreSQL's settings for its WAL to leave the house: one file for each store, to be included."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from standfast.publish.artefact import FOLDER, Noted, Owed, stamp
from standfast.publish.backup.pgbackrest import repositories
from standfast.publish.document import Generated
from standfast.publish.edition import count
from standfast.publish.markdown import span
from standfast.recovery.place import slot_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from standfast.publish.artefact import Artefacts
    from standfast.publish.edition import Edition
    from standfast.spec.protection import Backup, CopyPlan
    from standfast.spec.system import Component

_FOLDER = "postgresql.conf.d"
_LEAST = 1024  # megabytes of WAL that a slot may hold back


def postgresql(edition: Edition) -> Artefacts:
    for store, backup in edition.system.backups.items():
        part = edition.system.components[store]
        if part.type == "postgresql":
            yield from _of(edition, part, backup)


def _of(edition: Edition, part: Component, backup: Backup) -> Artefacts:
    wal = backup.copies.get("wal")
    path = f"{_FOLDER}/{part.name}.conf"
    lines = [*_always(), *(_wal(edition, part, backup, wal) if wal else ())]
    yield _conf(edition, path, lines)
    if wal and not wal.streaming and not repositories(edition.system, backup):
        yield Owed(
            path=path,
            lacks=f"no `archive_command` for {part.name}: its copies go to no folder and no bucket with a "
            "region that pgBackRest could serve",
            rule="BKP-02",
            to="DevOps/Platform",
        )
    if wal and not wal.streaming and wal.archive_timeout is None:
        yield Owed(
            path=path,
            lacks=f"no `archive_timeout` for {part.name}: a quiet night archives nothing",
            rule="RPO-05",
            to="DevOps/Platform",
        )
    if "incremental" in backup.copies:
        newer = f"{_FOLDER}/{part.name}-incremental.conf"
        yield _conf(edition, newer, ["# PostgreSQL 17 and later only: older servers refuse to start on it.",
                                     "summarize_wal = on"])  # fmt: skip
        yield Noted(
            path=newer, said=f"only for PostgreSQL 17 and later, which {part.name} must then be"
        )


def _conf(edition: Edition, path: str, lines: list[str]) -> Generated:
    return Generated(path=f"{FOLDER}/{path}", text=stamp(edition) + "\n".join(lines) + "\n")


def _always() -> Iterator[str]:
    yield "wal_level = replica"
    yield "max_wal_senders = 10"
    yield "max_replication_slots = 10"


def _wal(edition: Edition, part: Component, backup: Backup, wal: CopyPlan) -> Iterator[str]:
    if wal.streaming:
        yield from _slot(part)
        yield from _synchronous(edition, part)
    elif repositories(edition.system, backup):
        yield "archive_mode = on"
        yield f"archive_command = 'pgbackrest --stanza={part.name} archive-push %p'"
    if wal.archive_timeout:
        seconds = max(1, wal.archive_timeout // timedelta(seconds=1))
        yield f"archive_timeout = {seconds}s  # at most {span(wal.archive_timeout)} of writes wait in a segment"


def _slot(part: Component) -> Iterator[str]:
    """A slot keeps WAL for a receiver that is away, and would fill the disk with it."""
    tenth = (part.size or 0) // 10 // (1024 * 1024)
    yield "# WAL is received over the replication slot " + slot_name(part.name)
    yield f"max_slot_wal_keep_size = {max(_LEAST, tenth)}MB"


def _synchronous(edition: Edition, part: Component) -> Iterator[str]:
    """Said and not set: with it commits wait while the receiver is away."""
    promised = [
        data.name
        for data in edition.system.data.values()
        if data.store == part.name and data.rpo == timedelta(0)
    ]
    if promised and "sync" not in part.replication.values():
        yield f"# An RPO of 0 is promised for {count(len(promised), 'data type')} ({', '.join(promised)}):"
        yield f"# synchronous_standby_names = '{slot_name(part.name)}'"
