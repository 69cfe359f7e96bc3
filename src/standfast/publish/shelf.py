"""Published documents as something to read: one of them, and the others beside it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from standfast.errors import NotFound
from standfast.publish.document import GENERATED

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_OURS = re.compile(
    rf"^<!-- (?:standfast:(?:begin|end) [^>]*|regions: [^>]*|{GENERATED}[^>]*) -->[ \t]*\r?\n?",
    re.MULTILINE,
)
_GROUPS = (
    ("docs/operations/", "Operations"),
    ("docs/operations/runbooks/", "Runbooks"),
    ("docs/compliance/", "Compliance"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    path: str
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    title: str
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentPage:
    path: str
    title: str
    text: str  # Markdown
    measured: str  # Markdown; "" where nothing can be measured, or nobody was asked
    problem: str  # why it is not as current as it could be
    shelf: tuple[Group, ...]


def bare(text: str) -> str:
    """Without the marks that publishing puts around its regions."""
    return _OURS.sub("", text.removeprefix("\ufeff")).strip() + "\n"


def page(
    texts: Mapping[str, str], path: str, *, measured: str = "", problem: str = ""
) -> DocumentPage:
    """`texts` are all documents by path. Raises NotFound."""
    if path not in texts:
        raise NotFound(f"no document is called {path!r}", fix="see /docs")
    return DocumentPage(
        path=path,
        title=_title(path),
        text=bare(texts[path]),
        measured=measured,
        problem=problem,
        shelf=shelf(texts),
    )


def shelf(paths: Iterable[str]) -> tuple[Group, ...]:
    """Grouped by folder, in the order in which they are published."""
    found: dict[str, list[Entry]] = {folder: [] for folder, _ in _GROUPS}
    for path in paths:
        folder = path[: path.rfind("/") + 1]
        if folder in found:
            found[folder].append(Entry(path=path, title=_title(path)))
    return tuple(
        Group(title=title, entries=tuple(found[folder]))
        for folder, title in _GROUPS
        if found[folder]
    )


def _title(path: str) -> str:
    name = path.rpartition("/")[2].removesuffix(".md").removesuffix(".standfast")
    return {"README": "Index"}.get(name, name)
