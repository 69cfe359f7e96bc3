"""Secrets that stand in the file itself: found, named by path, taken out before anything reads them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from standfast.spec.tree import Node

LONGEST = 4000  # nothing longer passes the shapes, and the patterns below take their time
_REFERENCE = re.compile(r"(env|file):\S+", re.ASCII)
_KEYS = frozenset(
    {"password", "secret", "username", "dsn", "key", "token", "api_key", "access_key", "secret_key"}
)
_USERINFO = re.compile(r"(?P<head>[a-z][a-z0-9+.-]*://[^/\s:@]*:)[^@\s/]+(?=@)", re.IGNORECASE)
_KNOWN = re.compile(
    r"AKIA[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{30,}|xox[abprs]-[A-Za-z0-9-]{10,}"
    r"|sk_live_[A-Za-z0-9]{16,}|-----BEGIN [A-Z ]*PRIVATE KEY-----"
    r"|(?<=hooks\.slack\.com/services/)\S+"
)
_TLS_KEY = re.compile(
    r"server\.tls\.key|(.*\.)?components\.[^.]+\.(request|talk|websocket|grpc)\.tls\.key"
)
CREDENTIAL = re.compile(r"auth|cookie|key|pass|secret|session|signature|token", re.IGNORECASE)
"""In the name of a header: its value is nobody's business."""
_HEADER = re.compile(r"(?:.*\.)?components\.[^.]+\.(?:request|websocket)\.headers\.([^.]*)")


def take_out(root: Node) -> tuple[str, ...]:
    """The dotted paths at which secrets stood; in the tree their place holds `***` or is marked."""
    found = []
    for path, key, node in _scalars(root, ""):
        text = node.scalar
        if not isinstance(text, str) or len(text) > LONGEST or _REFERENCE.fullmatch(text):
            continue
        cleaned = _KNOWN.sub("***", _USERINFO.sub(r"\g<head>***", text))
        if _holds_secret(path, key):
            cleaned = "***"
        if cleaned != text:
            found.append(path)
        node.scalar = cleaned
    return tuple(found)


def _holds_secret(path: str, key: str) -> bool:
    if key in _KEYS:
        return not _TLS_KEY.fullmatch(path)
    header = _HEADER.fullmatch(path)
    return header is not None and CREDENTIAL.search(header[1]) is not None


def _scalars(node: Node, path: str, key: str = "") -> Iterator[tuple[str, str, Node]]:
    if node.entries is not None:
        for name, (_, value) in node.entries.items():
            yield from _scalars(value, f"{path}.{name}" if path else name, name)
    elif node.items is not None:
        for index, item in enumerate(node.items):
            yield from _scalars(item, f"{path}.{index}", key)
    else:
        yield path, key, node
