"""Several Compose files as one, by the rules of the specification; every value keeps its place.

https://docs.docker.com/reference/compose-file/merge/
"""

from __future__ import annotations

from dataclasses import replace

from standfast.spec.tree import Node

Entries = dict[str, tuple[Node, Node]]
_REPLACED = frozenset({"command", "entrypoint", "test"})  # lists that are one thing, not many
_WORDS = frozenset({"environment", "labels", "annotations", "extra_hosts", "sysctls", "args"})
_NAMES = frozenset({"depends_on", "networks"})
_WRITTEN_AS = {"build": "context", "extends": "service"}


def normal(service: Node) -> Node:
    """A service whose short forms are written out, so that two of them merge by key."""
    if service.entries is None:
        return service
    entries = {key: (mark, _long(key, node)) for key, (mark, node) in service.entries.items()}
    return replace(service, entries=entries)


def _long(key: str, node: Node) -> Node:
    if key in _WRITTEN_AS and node.kind == "scalar" and node.scalar is not None:
        return replace(node, scalar=None, entries={_WRITTEN_AS[key]: (node, replace(node, tag=""))})
    if key in _WORDS and node.items is not None:
        return replace(node, items=None, entries=_pairs(node.items))
    if key in _NAMES and node.items is not None:
        return replace(node, items=None, entries=_names(node.items))
    return node


def _pairs(items: list[Node]) -> Entries:
    """`- KEY=value` as a mapping; a bare `- KEY` is one whose value comes from outside."""
    found: Entries = {}
    for item in items:
        if isinstance(item.scalar, str):
            key, sign, value = item.scalar.partition("=")
            found[key.strip()] = (item, replace(item, scalar=value if sign else None))
    return found


def _names(items: list[Node]) -> Entries:
    return {
        str(item.scalar): (item, replace(item, scalar=None, entries={}))
        for item in items
        if item.scalar is not None
    }


def merge(base: Node, over: Node, key: str = "") -> Node:
    """`over` laid over `base`: mappings by key, lists joined, the rest replaced."""
    if over.tag == "!override":
        return pruned(replace(over, tag=""))
    if base.entries is not None and over.entries is not None:
        return replace(over, entries=_merged(base.entries, over.entries))
    if base.items is not None and over.items is not None and key not in _REPLACED:
        return replace(over, items=[*base.items, *over.items])
    if over.kind == "scalar" and over.scalar is None and base.kind == "mapping":
        return base
    return over


def _merged(base: Entries, over: Entries) -> Entries:
    found = dict(base)
    for key, (mark, node) in over.items():
        if node.tag == "!reset":
            found.pop(key, None)
        elif key in found:
            # The first file names a thing; that is where it stands.
            found[key] = (found[key][0], merge(found[key][1], node, key))
        else:
            found[key] = (mark, pruned(node))
    return found


def pruned(node: Node) -> Node:
    """Without what is reset; at the first file nothing is left to reset or to override."""
    if node.entries is None:
        return node
    kept = {
        key: (mark, pruned(child))
        for key, (mark, child) in node.entries.items()
        if child.tag != "!reset"
    }
    return replace(node, entries=kept)
