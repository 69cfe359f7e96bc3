"""Where a store's copies go: the locations that the file names, and which of them are served."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from standfast.errors import NotFound, ToolError

if TYPE_CHECKING:
    from standfast.spec.system import System


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """The one location that is written to; the others are named, so that nobody counts on them."""

    location: str
    path: str
    unserved: tuple[str, ...]


def place_of(system: System, store: str) -> Place:
    """The first location with a path; raises where the store has no backup or no such location."""
    backup = system.backups.get(store)
    if backup is None:
        raise NotFound(
            f"the file plans no backup of {store!r}", fix=f"write `backups: {{{store}: ...}}`"
        )
    names = tuple(dict.fromkeys(name for plan in backup.copies.values() for name in plan.to))
    for name in names:
        location = system.locations.get(name)
        if location and location.path:
            return Place(
                location=name, path=location.path, unserved=tuple(n for n in names if n != name)
            )
    raise ToolError(
        f"none of the locations {', '.join(names) or '(none)'} has a path; S3 is not yet served here",
        where=f"backups.{store}",
        fix="add a location with `path:`, and copy it on to S3 by other means",
    )


def slot_name(store: str) -> str:
    """Of the replication slot; also the receiver's application_name, for synchronous_standby_names."""
    return f"standfast_{re.sub(r'[^a-z0-9_]', '_', store.lower())}"[:63]
