"""Kustomize's changes to an object: images, replicas, merge patches and JSON patches."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from standfast.drivers.importers import nodes
from standfast.drivers.importers.kubernetes.resource import Resource, resource
from standfast.drivers.importers.nodes import at

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from standfast.spec.tree import Node

_KEYS = ("name", "containerPort", "mountPath", "port")  # by which lists of mappings are merged
_SCALED = frozenset({"Deployment", "StatefulSet", "ReplicaSet", "ReplicationController", "Rollout"})


class TooMuch(Exception):
    """A patch beyond what is applied here."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Change:
    """`wanted` says what it must find; empty where finding nothing is nothing to tell."""

    fits: Callable[[Resource], bool]
    deed: Callable[[Node], Node | None]
    node: Node
    wanted: str = ""

    def apply(self, one: Resource) -> Resource:
        """The object changed; without a kind where the patch takes it away."""
        made = self.deed(copied(one.node))
        return replace(one, node=made) if made is not None else replace(one, kind="")


def copied(node: Node) -> Node:
    """A tree of its own, so that another overlay of the same base keeps what it read."""
    twin = replace(node)
    if node.entries is not None:
        twin.entries = {key: (own, copied(value)) for key, (own, value) in node.entries.items()}
    if node.items is not None:
        twin.items = [copied(item) for item in node.items]
    return twin


def images(root: Node) -> Iterator[Change]:
    for entry in nodes.items(root, "images"):
        name = nodes.text(entry, "name")
        new = nodes.text(entry, "newName") or name
        if name and new != name:  # a tag alone says nothing about what runs
            yield Change(fits=lambda _: True, deed=_renaming(name, new), node=entry)


def _renaming(name: str, new: str) -> Callable[[Node], Node]:
    shape = re.compile(rf"{re.escape(name)}(?=$|[:@])")

    def deed(tree: Node) -> Node:
        for node in _everything(tree):
            image = node.child("image")
            if image is not None and isinstance(image.scalar, str) and shape.match(image.scalar):
                image.scalar = shape.sub(lambda _: new, image.scalar, count=1)
        return tree

    return deed


def _everything(node: Node) -> Iterator[Node]:
    waiting = [node]
    while waiting:
        one = waiting.pop()
        yield one
        waiting += [value for _, value in (one.entries or {}).values()]
        waiting += one.items or []


def replicas(root: Node) -> Iterator[Change]:
    for entry in nodes.items(root, "replicas"):
        name, count = nodes.text(entry, "name"), at(entry, "count")
        if name and count is not None:
            yield Change(
                fits=_scaled(name), deed=_scaling(count), node=entry, wanted=f"replicas of {name}"
            )


def _scaled(name: str) -> Callable[[Resource], bool]:
    return lambda one: one.kind in _SCALED and name in {one.name, one.was}


def _scaling(count: Node) -> Callable[[Node], Node]:
    def deed(tree: Node) -> Node:
        spec = at(tree, "spec")
        if spec is not None and spec.entries is not None:
            spec.entries["replicas"] = (count, count)
        return tree

    return deed


def patches(entry: Node, documents: Sequence[Node]) -> list[Change]:
    """The changes of one entry of `patches`; raises TooMuch for what is beyond them."""
    target = at(entry, "target")
    found = []
    for document in documents:
        if document.items is not None:
            found.append(_json_patch(entry, target, document))
        elif document.entries is not None:
            found.append(_merge_patch(entry, target, document))
    return found


def _merge_patch(entry: Node, target: Node | None, document: Node) -> Change:
    own = resource(document)
    if target is not None:
        fits, wanted = _targeted(target), _shown(target)
    elif own is not None:
        fits, wanted = _same(own), own.title
    else:
        raise TooMuch("a patch without `kind` and `apiVersion` is not applied")

    def deed(tree: Node) -> Node | None:
        return merged(tree, document)

    return Change(fits=fits, deed=deed, node=entry, wanted=wanted)


def _same(own: Resource) -> Callable[[Resource], bool]:
    def fits(one: Resource) -> bool:
        named = own.name in {one.name, one.was}
        return one.kind == own.kind and named and own.namespace in {"", one.namespace}

    return fits


def _targeted(target: Node) -> Callable[[Resource], bool]:
    kind, name = nodes.text(target, "kind"), nodes.text(target, "name")
    space = nodes.text(target, "namespace")
    wanted = {
        word: _pairs(nodes.text(target, f"{word}Selector")) for word in ("label", "annotation")
    }

    def fits(one: Resource) -> bool:
        return (
            _whole(kind, one.kind)
            and (_whole(name, one.name) or (bool(one.was) and _whole(name, one.was)))
            and (not space or _whole(space, one.namespace))
            and wanted["label"].items() <= one.labels.items()
            and wanted["annotation"].items() <= one.annotations.items()
        )

    return fits


def _pairs(selector: str) -> dict[str, str]:
    """`a=b,c==d`; raises TooMuch for what is not an equality."""
    found = {}
    for part in filter(None, selector.split(",")):
        key, equals, value = part.replace("==", "=").partition("=")
        if not equals or key.endswith("!") or not key.strip():
            raise TooMuch("a patch chosen by more than equal labels is not applied")
        found[key.strip()] = value.strip()
    return found


def _whole(pattern: str, text: str) -> bool:
    """Kustomize's targets are regular expressions; only the simple ones are taken as such."""
    if not pattern or pattern == ".*":
        return True
    if re.fullmatch(r"[\w.*-]{1,200}", pattern) and pattern.count("*") <= 3:
        shape = re.escape(pattern).replace(r"\.\*", "[^ ]*")
        return re.fullmatch(shape, text) is not None
    return any(pattern == text for pattern in pattern.strip("()^$").split("|"))


def _shown(target: Node) -> str:
    return " ".join(filter(None, (nodes.text(target, "kind"), nodes.text(target, "name"))))


def merged(tree: Node, patch: Node) -> Node | None:
    """A strategic merge: mappings key by key, lists by the names of their members."""
    if patch.entries is None or tree.entries is None:
        return patch
    directive = nodes.text(patch, "$patch")
    if directive == "delete":
        return None
    if directive == "replace":
        return patch
    for key, (own, value) in patch.entries.items():
        before = tree.child(key)
        if value.kind == "scalar" and value.scalar is None:
            tree.entries.pop(key, None)
        elif before is None:
            tree.entries[key] = (own, value)
        else:
            made = _merged_value(before, value)
            if made is None:
                tree.entries.pop(key)
            else:
                tree.entries[key] = (tree.entries[key][0], made)
    return tree


def _merged_value(before: Node, value: Node) -> Node | None:
    if value.entries is not None and before.entries is not None:
        return merged(before, value)
    if value.items is not None and before.items is not None:
        return _merged_list(before, value)
    return value


def _merged_list(before: Node, patch: Node) -> Node:
    kept = list(before.items or [])
    for item in patch.items or []:
        key = next((key for key in _KEYS if item.child(key) is not None), "")
        if not key:
            return patch  # a list of plain values is replaced
        same = [one for one in kept if nodes.text(one, key) == nodes.text(item, key)]
        if not same:
            kept += [] if nodes.text(item, "$patch") == "delete" else [item]
            continue
        made = merged(same[0], item)
        index = next(index for index, one in enumerate(kept) if one is same[0])
        kept[index : index + 1] = [made] if made is not None else []
    before.items = kept
    return before


def _json_patch(entry: Node, target: Node | None, document: Node) -> Change:
    if target is None:
        raise TooMuch("a JSON patch without a target is not applied")
    steps = document.items or []

    def deed(tree: Node) -> Node:
        for step in steps:
            _step(tree, step)
        return tree

    return Change(fits=_targeted(target), deed=deed, node=entry, wanted=_shown(target))


def _step(tree: Node, step: Node) -> None:
    """One step of RFC 6902; a path that leads nowhere is left, as kustomize itself would stop there."""
    *way, last = [
        part.replace("~1", "/").replace("~0", "~")
        for part in nodes.text(step, "path").lstrip("/").split("/")
    ]
    spot: Node | None = tree
    for part in way:
        spot = _inside(spot, part)
    value, deed = at(step, "value"), nodes.text(step, "op")
    if spot is None:
        return
    if spot.entries is not None:
        if deed == "remove":
            spot.entries.pop(last, None)
        elif value is not None and deed in {"add", "replace"}:
            spot.entries[last] = (step, value)
    elif spot.items is not None:
        _step_in_list(spot.items, last, deed, value)


def _inside(node: Node | None, part: str) -> Node | None:
    if node is None or node.entries is not None:
        return at(node, part)
    index = int(part) if part.isascii() and part.isdigit() and len(part) < 6 else -1
    return node.items[index] if node.items is not None and 0 <= index < len(node.items) else None


def _step_in_list(items: list[Node], last: str, deed: str, value: Node | None) -> None:
    index = int(last) if last.isascii() and last.isdigit() and len(last) < 6 else len(items)
    if deed == "remove" and index < len(items):
        items.pop(index)
    elif deed == "replace" and value is not None and index < len(items):
        items[index] = value
    elif deed == "add" and value is not None:
        items.insert(index, value)
