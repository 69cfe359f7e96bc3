"""Where a command writes to: a folder, or a part of a bucket."""

from __future__ import annotations

from typing import TYPE_CHECKING

from standfast.drivers.files import Tree
from standfast.drivers.s3 import Objects
from standfast.errors import StandfastError
from standfast.spec import bucket

if TYPE_CHECKING:
    from standfast.engine.announce import Folder


def opened(place: str, *, where: str) -> Folder:
    """`where` it stands, for the error. A bucket is reached as the environment of AWS says."""
    try:
        found = bucket.place(place)
    except ValueError as error:
        raise StandfastError(str(error), where=where) from None
    return Tree(found) if isinstance(found, str) else Objects(found)
