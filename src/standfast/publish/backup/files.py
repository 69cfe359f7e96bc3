"""Everything for backups, and what standfast does not take itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from standfast.publish.artefact import Noted, Owed
from standfast.publish.backup.pgbackrest import pgbackrest
from standfast.publish.backup.postgresql import postgresql
from standfast.publish.backup.systemd import systemd
from standfast.publish.backup.turns import unserved

if TYPE_CHECKING:
    from standfast.publish.artefact import Artefacts
    from standfast.publish.edition import Edition


def backups(edition: Edition) -> Artefacts:
    system = edition.system
    yield from systemd(edition)
    yield from postgresql(edition)
    yield from pgbackrest(edition)
    for store in system.backups:
        if because := unserved(system, store):
            yield Noted(path="backup/systemd/", said=because)
    for part in system.components.values():
        if part.stateful and part.name not in system.backups and part.rebuild_from != "source":
            yield Owed(
                path="backup/",
                lacks=f"{part.name} is copied nowhere",
                rule="DEP-07",
                to="DevOps/Platform",
            )
