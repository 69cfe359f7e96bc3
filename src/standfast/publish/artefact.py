"""What programs read, and what the file still owes before they can be given it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from standfast.publish.document import GENERATED, Generated
from standfast.publish.yaml_text import text_of

if TYPE_CHECKING:
    from standfast.publish.edition import Edition

FOLDER = "ops/generated"


@dataclass(frozen=True, slots=True, kw_only=True)
class Owed:
    """An artefact, or a part of one, that is left out: what is lacking, which rule asks, and whom."""

    path: str  # below ops/generated
    lacks: str
    rule: str
    to: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted:
    """Something that a reader of the artefact must know and nobody owes."""

    path: str
    said: str


Artefacts = Iterator[Generated | Owed | Noted]


def stamp(edition: Edition) -> str:
    """Two lines of comment that head every file whose comments begin with `#`."""
    return (
        f"# {GENERATED} {edition.version} from sha256:{edition.system.digest[:16]}, "
        f"as of {edition.as_of.isoformat()}.\n"
        "# Change the reliability file and publish again; edits here are lost.\n"
    )


def dump(edition: Edition, content: object) -> str:
    """`content` as YAML below that stamp."""
    return stamp(edition) + text_of(content)
