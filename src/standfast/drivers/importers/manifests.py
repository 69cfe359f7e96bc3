"""Every document of several files, `List`s opened; one that is broken is told, those beside it are read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from standfast.drivers.importers import nodes
from standfast.drivers.importers.kubernetes.documents import DEEPEST_LIST, documents
from standfast.spec.tree import Refused

if TYPE_CHECKING:
    import re
    from collections.abc import Callable, Iterable, Iterator

    from standfast.drivers.importers.source import Source
    from standfast.spec.drafting.draft import Note
    from standfast.spec.tree import Node


def manifests(sources: Iterable[Source], notes: list[Note]) -> Iterator[Node]:
    for source in sources:
        trees, told = documents(source)
        notes += told
        for tree in trees:
            yield from opened(tree)


def opened(node: Node, depth: int = 0) -> Iterator[Node]:
    """The items of a `List` and of a plain JSON array; anything else is itself."""
    listed = nodes.text(node, "kind").endswith("List") and node.child("items") is not None
    if depth < DEEPEST_LIST and (listed or node.items is not None):
        for item in nodes.items(node, "items") if listed else node.items or ():
            yield from opened(item, depth + 1)
    elif node.entries is not None:
        yield node


def marked(source: Source, mark: re.Pattern[str], is_one: Callable[[Node], bool]) -> bool:
    """Has one of the documents the format's mark? A file that is broken counts by its text."""
    if not mark.search(source.text):
        return False
    try:
        return any(is_one(one) for tree in source.documents for one in opened(tree))
    except Refused:
        return True


def group(node: Node) -> str:
    return nodes.text(node, "apiVersion").rpartition("/")[0]
