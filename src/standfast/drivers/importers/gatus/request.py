"""What Gatus sends to an address, as a request of the file: secrets as references, or not at all."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from standfast.drivers.importers import nodes
from standfast.drivers.importers.bounding import listed
from standfast.drivers.importers.checks import WEBSOCKET
from standfast.drivers.importers.gatus.condition import duration
from standfast.drivers.importers.gatus.variables import open_variable, reference
from standfast.drivers.importers.nodes import at
from standfast.drivers.importers.secrets import is_secret
from standfast.spec import asking, units
from standfast.spec.drafting.draft import NoteKind
from standfast.spec.secrets import CREDENTIAL

if TYPE_CHECKING:
    from standfast.drivers.importers.checks import Checks
    from standfast.spec.drafting.draft import Path, Plain
    from standfast.spec.tree import Node

_FILLED_IN = re.compile(r"\[(?:ENDPOINT_|RANDOM_STRING_|LOCAL_ADDRESS)|\{\{")
_BEARER = re.compile(r"Bearer\s+(\S+)", re.IGNORECASE)
_HEADER = re.compile(r"[A-Za-z0-9-]{1,100}", re.ASCII)
Sent = list[tuple["Path", "Plain", "Node"]]


class _Needed(Exception):
    """Something is sent that the file cannot send, so that the answer would be another."""

    def __init__(self, what: str, node: Node, kind: NoteKind = NoteKind.UNSUPPORTED) -> None:
        super().__init__(what)
        self.what, self.node, self.kind = what, node, kind


def http(of: str, one: Node, text: str, where: Node, checks: Checks) -> str:
    """The request as a whole or no probe at all: half of it would fail for a reason of ours."""
    try:
        sent = [*_method(one), *_headers(one), *_body(one), *_login(one)]
    except _Needed as needed:
        words = f"{of} is asked with {needed.what}; nothing probes it until you write its `url:` and `request:`"
        checks.levels.note(needed.kind, words, needed.node)
        checks.kind(of, "http", where)
        return ""
    if not checks.url(of, text, where):
        return ""
    for path, value, node in sent:
        checks.put(of, ("request", *path), value, node)
    if nodes.text(one, "client", "ignore-redirect") == "true":
        checks.put(of, ("request", "redirects"), 0, at(one, "client", "ignore-redirect") or where)
    if nodes.text(one, "client", "insecure") == "true" and text.lower().startswith("https:"):
        insecure = at(one, "client", "insecure") or where
        checks.put(of, ("request", "tls", "verify"), False, insecure)
    return "http"


def websocket(of: str, one: Node, text: str, where: Node, checks: Checks) -> str:
    try:
        sent = [*_headers(one)]
    except _Needed as needed:
        words = (
            f"{of} is asked with {needed.what}; nothing probes it until you write its `websocket:`"
        )
        checks.levels.note(needed.kind, words, needed.node)
        return ""
    if not WEBSOCKET.fullmatch(text) or is_secret("", text):
        words = f"the address of {of} is none of a WebSocket, or holds a secret; not copied"
        checks.levels.note(NoteKind.SECRET if "@" in text else NoteKind.UNSUPPORTED, words, where)
        return ""
    checks.put(of, ("websocket", "url"), text, where)
    for path, value, at_ in sent:
        checks.put(of, ("websocket", *path), value, at_)
    said, node = nodes.text(one, "body"), at(one, "body")
    if node is not None and said:
        if "\n" in said or open_variable(said) or _FILLED_IN.search(said) or _is_secret(said):
            words = f"what is sent to {of} is no plain line without secrets; not carried over"
            checks.levels.note(NoteKind.UNSUPPORTED, words, node)
        else:
            checks.put(of, ("websocket", "send"), said, node)
    return "websocket"


def _method(one: Node) -> Sent:
    node = at(one, "method")
    method = nodes.text(node).upper()
    if node is None or method in ("", "GET"):
        return []
    if method not in asking.METHODS:
        raise _Needed(f"the method {method[:20]!r}", node)
    return [(("method",), method, node)]


def _headers(one: Node) -> Sent:
    found: Sent = []
    for name, _, value in nodes.entries(one, "headers"):
        text = nodes.text(value)
        bearer = _BEARER.fullmatch(text)
        if name.lower() == "authorization" and bearer and (token := reference(bearer[1])):
            found.append((("auth", "token"), token, value))
        elif whole := reference(text):
            found.append((("headers", name), whole, value))
        elif open_variable(text):
            raise _Needed(f"the header {name[:60]}, a part of which is a variable", value)
        elif CREDENTIAL.search(name) or is_secret(name, text):
            said = f"the header {name[:60]}, which may be a secret and is not copied: write it as env:NAME"
            raise _Needed(said, value, NoteKind.SECRET)
        elif (
            not _HEADER.fullmatch(name)
            or name.lower() in asking.OWN_HEADERS
            or "\n" in text
            or not text
        ):
            raise _Needed(f"the header {name[:60]!r}, which the file cannot send", value)
        else:
            found.append((("headers", name), text.replace("$$", "$"), value))
    return found


def _body(one: Node) -> Sent:
    node, text = at(one, "body"), nodes.text(one, "body")
    if node is None or not text:
        return []
    if nodes.text(one, "method").upper() in ("", "GET", "HEAD"):
        raise _Needed("a body in a GET, which the file does not send", node)
    if found := reference(text):
        return [(("body",), found, node)]
    if open_variable(text) or _FILLED_IN.search(text):
        raise _Needed("a body that is filled in as it is sent", node)
    if _is_secret(text):
        raise _Needed(
            "a body that holds a secret, not copied: write it as env:NAME", node, NoteKind.SECRET
        )
    if len(text) > asking.LONGEST_BODY:
        raise _Needed(f"a body of more than {asking.LONGEST_BODY:,} characters", node)
    said = text.replace("$$", "$")
    if nodes.text(one, "graphql") == "true":
        said = json.dumps({"query": said})
    return [(("body",), said, node)]


def _is_secret(text: str) -> bool:
    """Does a body hold one, by the names of what it sends or by how it looks?"""
    pairs = re.findall(r"[\"']?([A-Za-z_-]{2,40})[\"']?\s*[:=]\s*[\"']?([^\"'&,}\s]{4,})", text)
    return is_secret("", text) or any(is_secret(key, value) for key, value in pairs)


def _login(one: Node) -> Sent:
    for key in ("oauth2", "identity-aware-proxy"):
        if (login := at(one, "client", key)) is not None:
            raise _Needed(f"a login ({key}), which is not copied", login, NoteKind.SECRET)
    found: Sent = []
    for key, word in (("certificate-file", "certificate"), ("private-key-file", "key")):
        node = at(one, "client", "tls", key)
        if node is not None and nodes.text(node):
            if open_variable(nodes.text(node)):
                raise _Needed("a certificate whose file is a variable", node)
            found.append((("tls", word), nodes.text(node), node))
    return found


# ------------------------------------------------------------------ how it is asked, whatever the protocol


def client(of: str, one: Node, kind: str, checks: Checks) -> None:
    """Time-outs are the file's too; the ways around are not."""
    left = [
        (key, node)
        for key, _, node in nodes.entries(one, "client")
        if key in ("proxy-url", "dns-resolver", "tunnel", "store-cookies", "network")
        and nodes.text(node) not in ("", "false")
    ]
    if left:
        words = (
            f"how {of} is reached in Gatus is not carried over: {listed(key for key, _ in left)}"
        )
        checks.levels.note(NoteKind.UNSUPPORTED, words, left[0][1])
    if nodes.text(one, "client", "insecure") == "true" and kind in ("websocket", "grpc"):
        words = f"the certificate of {of} is not minded in Gatus; write `tls: {{verify: false}}`"
        checks.levels.note(NoteKind.UNSUPPORTED, words, at(one, "client", "insecure") or one)
    node = at(one, "client", "timeout")
    if node is None:
        return
    try:
        span = duration(nodes.text(node))
    except ValueError:
        span = asking.LONGEST * 2
    if asking.SHORTEST <= span <= asking.LONGEST:
        checks.put(of, ("probe_timeout",), units.show_duration(span), node)
    else:
        words = f"the time-out of {of} is {nodes.text(node)[:20]!r}; a probe waits 100ms to 60s"
        checks.levels.note(NoteKind.UNSUPPORTED, words, node)
