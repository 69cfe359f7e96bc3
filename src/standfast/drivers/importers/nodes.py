"""Looking into a tree of which nothing is certain: every question has an answer, `""` or nothing at worst."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from standfast.spec.tree import Node


def at(node: Node | None, *path: str) -> Node | None:
    for key in path:
        node = node.child(key) if node is not None else None
    return node


def text(node: Node | None, *path: str) -> str:
    """A scalar as the file writes it; of anything else the empty text."""
    found = at(node, *path)
    if found is None or found.kind != "scalar" or found.scalar is None:
        return ""
    if isinstance(found.scalar, bool):
        return "true" if found.scalar else "false"
    return str(found.scalar)


def number(node: Node | None, *path: str) -> int | None:
    said = text(node, *path)
    return int(said) if said.isascii() and said.isdigit() and len(said) < 10 else None


def items(node: Node | None, *path: str) -> list[Node]:
    found = at(node, *path)
    return (found.items or []) if found is not None else []


def entries(node: Node | None, *path: str) -> Iterator[tuple[str, Node, Node]]:
    """Each key with its own node and its value."""
    found = at(node, *path)
    for key, (own, value) in ((found.entries or {}) if found is not None else {}).items():
        yield key, own, value


def texts(node: Node | None, *path: str) -> dict[str, str]:
    """A mapping of scalars, as labels are."""
    return {key: text(value) for key, _, value in entries(node, *path) if value.kind == "scalar"}
