"""pgBackRest for the same plan, for sites that run it: a repository for each place that copies go to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from standfast.publish.artefact import FOLDER, Noted, Owed, stamp
from standfast.publish.document import Generated

if TYPE_CHECKING:
    from collections.abc import Iterator

    from standfast.publish.artefact import Artefacts
    from standfast.publish.edition import Edition
    from standfast.spec.protection import Backup, Location
    from standfast.spec.system import System

_FOLDER = "backup/pgbackrest"
PGDATA = "/var/lib/postgresql/data"
"""Where the official image keeps it; PGBACKREST_PG1_PATH overrides."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Repository:
    number: int
    settings: tuple[tuple[str, str], ...]  # without the prefix `repo1-`

    def lines(self) -> Iterator[str]:
        for name, value in self.settings:
            yield f"repo{self.number}-{name}={value}"


def pgbackrest(edition: Edition) -> Artefacts:
    for store, backup in edition.system.backups.items():
        if edition.system.components[store].type != "postgresql" or "full" not in backup.copies:
            continue
        path = f"{_FOLDER}/{store}.conf"
        for name in backup.copies["full"].to:
            if lacks := _lacking(edition.system.locations.get(name), name):
                yield Owed(path=path, lacks=lacks, rule="BKP-02", to="DevOps/Platform")
        if repos := repositories(edition.system, backup):
            text = "\n".join(_lines(backup, repos)) + "\n"
            yield Generated(path=f"{FOLDER}/{path}", text=stamp(edition) + text)
            if backup.key:
                names = ", ".join(f"PGBACKREST_REPO{one.number}_CIPHER_PASS" for one in repos)
                # A secret that stands in the file itself was not kept, and has no name.
                whose = "" if backup.key.kind == "literal" else f" of {backup.key}"
                yield Noted(path=path, said=f"the pass phrase{whose} is expected in {names}")


def repositories(system: System, backup: Backup) -> tuple[Repository, ...]:
    """Places that pgBackRest can write to; none where there is no full copy to begin with."""
    full = backup.copies.get("full")
    if full is None:
        return ()
    places = [
        place
        for name in full.to
        if (place := system.locations.get(name)) and not _lacking(place, name)
    ]
    kept = max(1, full.keep // timedelta(days=1))
    return tuple(
        Repository(number=number, settings=(*_place(place, backup), *_kept(kept), *_secret(backup)))
        for number, place in enumerate(places, 1)
    )


def _lacking(place: Location | None, name: str) -> str:
    if place is None:
        return f"location {name} is nowhere described"
    if place.path or (place.bucket and place.region):
        return ""
    return (
        f"location {name} has a bucket and no region"
        if place.bucket
        else f"location {name} has no path"
    )


def _place(place: Location, backup: Backup) -> Iterator[tuple[str, str]]:
    if place.path:
        yield "type", "posix"
        yield "path", f"{place.path.rstrip('/')}/pgbackrest"
        return
    yield "type", "s3"
    yield "path", f"/{backup.store}"
    yield "s3-bucket", str(place.bucket)
    yield "s3-region", str(place.region)
    yield "s3-endpoint", f"s3.{place.region}.amazonaws.com"
    # By the role of the machine: a key in a file is one more secret to lose.
    yield "s3-key-type", "auto"


def _kept(days: int) -> Iterator[tuple[str, str]]:
    yield "retention-full-type", "time"
    yield "retention-full", str(days)


def _secret(backup: Backup) -> Iterator[tuple[str, str]]:
    if backup.key:
        yield "cipher-type", "aes-256-cbc"


def _lines(backup: Backup, repos: tuple[Repository, ...]) -> Iterator[str]:
    yield "# PostgreSQL must hand its WAL over: archive_mode = on, and"
    yield f"# archive_command = 'pgbackrest --stanza={backup.store} archive-push %p'"
    yield "[global]"
    for one in repos:
        yield from one.lines()
    # The default waits for a checkpoint that may take as long as checkpoint_timeout.
    yield "start-fast=y"
    yield "log-level-console=info"
    yield ""
    yield f"[{backup.store}]"
    yield f"pg1-path={PGDATA}"
