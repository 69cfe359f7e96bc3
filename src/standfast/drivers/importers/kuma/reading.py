"""A value of Uptime Kuma's under the name of its column, or under the one that a backup gives it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from standfast.drivers.importers import nodes

if TYPE_CHECKING:
    from standfast.spec.tree import Node

_NOTHING = frozenset({"", "0", "false", "null", "{}", "[]"})


def said(one: Node, *names: str) -> str:
    return next((text for name in names if (text := nodes.text(one, name))), "")


def there(one: Node, *names: str) -> bool:
    """Is something in it, whatever it is?"""
    return any(
        nodes.text(one, name) not in _NOTHING or bool(child.entries or child.items)
        for name in names
        if (child := one.child(name)) is not None
    )


def flag(one: Node, *names: str, otherwise: bool = False) -> bool:
    text = said(one, *names)
    return text not in _NOTHING if text else otherwise


def number(one: Node, *names: str) -> int | None:
    text = said(one, *names)
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None
