"""What customers were told, one JSON line each: the outside truth that standfast's figures are held against."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

_TOLD_YES = {200, 201, 202}


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One answer to one customer; `code` 0 is none at all."""

    at: float  # seconds since 1970, when the answer was there
    deed: str  # browse | sign-in | order | look
    code: int
    took: float  # seconds
    order: str = ""
    state: str = ""  # of the order: confirmed | queued

    @property
    def failed(self) -> bool:
        return self.code == 0 or self.code >= 500

    @property
    def accepted(self) -> bool:
        """Was this customer promised goods?"""
        return self.deed == "order" and self.code in _TOLD_YES and bool(self.order)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    total: int
    failed: int
    unanswered: int
    accepted: frozenset[str]
    queued: frozenset[str]


class Ledger:
    """Appends to a file; every line is there for others before the next request is made."""

    def __init__(self, path: Path) -> None:
        self._file: IO[str] = path.open("a", encoding="utf-8", buffering=1)

    def write(self, told: Told) -> None:
        self._file.write(json.dumps(asdict(told)) + "\n")

    def close(self) -> None:
        self._file.close()


def read(path: Path) -> tuple[Told, ...]:
    """All whole lines; the one that is being written just now is left for the next time."""
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    whole = text[: text.rfind("\n") + 1]
    return tuple(_parse(json.loads(line)) for line in whole.splitlines())


def sums(told: Iterable[Told]) -> Sums:
    entries = tuple(told)
    return Sums(
        total=len(entries),
        failed=sum(one.failed for one in entries),
        unanswered=sum(one.code == 0 for one in entries),
        accepted=frozenset(one.order for one in entries if one.accepted),
        queued=frozenset(one.order for one in entries if one.accepted and one.state == "queued"),
    )


def _parse(row: dict[str, Any]) -> Told:
    return Told(**row)
