"""One endpoint of Gatus: what it asks and how often, as a component that is probed."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

from standfast.drivers.importers import nodes
from standfast.drivers.importers.bounding import listed
from standfast.drivers.importers.gatus.answer import Answer
from standfast.drivers.importers.gatus.condition import duration
from standfast.drivers.importers.gatus.variables import open_variable
from standfast.drivers.importers.nodes import at
from standfast.spec import expectation, units
from standfast.spec.drafting.draft import NoteKind

if TYPE_CHECKING:
    from standfast.drivers.importers.checks import Checks
    from standfast.drivers.importers.gatus.alerting import Alerting
    from standfast.spec.tree import Node

USUAL = timedelta(seconds=60)
_SOONEST, _LATEST = timedelta(seconds=1), timedelta(days=31)
_SCHEME = re.compile(r"([a-z]+)://(.*)", re.DOTALL)
# Only that somebody takes the connection is watched of them; the number is the port where none is said.
_BY_PORT = {
    "tcp": 0,
    "tls": 0,
    "starttls": 0,
    "ssh": 22,
    "ws": 80,
    "wss": 443,
    "grpc": 0,
    "grpcs": 0,
}
_LOST = {
    "tls": "whether TLS is spoken there, and its certificate",
    "starttls": "whether STARTTLS is spoken there, and its certificate",
    "ssh": "what SSH answers",
    "ws": "whether a WebSocket opens",
    "wss": "whether a WebSocket opens",
    "grpc": "the health that gRPC tells",
    "grpcs": "the health that gRPC tells",
}
_HARMLESS = frozenset({"accept", "accept-language", "cache-control", "user-agent"})


def endpoint(one: Node, checks: Checks, alerting: Alerting) -> None:
    named = at(one, "name")
    name, group = nodes.text(named), nodes.text(one, "group")
    if named is None or not name or open_variable(name + group):
        checks.levels.note(NoteKind.PLACEHOLDER, "this endpoint has no plain name", named or one)
        return
    if nodes.text(one, "enabled") == "false":
        checks.levels.note(NoteKind.SKIPPED, f"{name[:60]} is switched off in Gatus", named)
        return
    where = at(one, "url")
    text = nodes.text(where).replace("$$", "\0")
    if where is None or not text:
        checks.levels.note(NoteKind.PLACEHOLDER, f"{name[:60]} has no url", named)
        return
    of = checks.component(name, group, named)
    checks.grouped(group, at(one, "group") or named)
    if variable := open_variable(text):
        words = (
            f"the url of {of} waits for the variable {variable}; write it under `components.{of}`"
        )
        checks.levels.note(NoteKind.PLACEHOLDER, words, where)
        return
    every = _every(of, one, checks)
    kind = _asked(of, one, text.replace("\0", "$"), where, checks)
    if not kind:
        return
    answer = Answer(checks, of, kind)
    answer.read(nodes.items(one, "conditions"))
    answer.put(named, followed=nodes.text(one, "client", "ignore-redirect") != "true")
    checks.every(of, every, at(one, "interval") or named)
    alerting.of(of, one, every)


def _every(of: str, one: Node, checks: Checks) -> timedelta:
    node = at(one, "interval")
    if node is None:
        return USUAL
    try:
        span = duration(nodes.text(node))
    except ValueError:
        span = timedelta(0)
    if _SOONEST <= span <= _LATEST:
        return span
    words = f"the interval of {of} is {nodes.text(node)[:40]!r}; a minute is taken, as Gatus does by itself"
    checks.levels.note(NoteKind.UNSUPPORTED, words, node)
    return USUAL


def _asked(of: str, one: Node, text: str, where: Node, checks: Checks) -> str:
    """What kind of probe it became; "" where nothing of the file asks the same."""
    if at(one, "dns") is not None:
        return _dns(of, one, text, where, checks)
    match = _SCHEME.fullmatch(text)
    scheme, rest = (match[1], match[2]) if match else ("", "")
    if scheme in ("http", "https"):
        return _http(of, one, text, where, checks)
    if scheme == "icmp":
        return "ping" if checks.ping(of, rest.strip("[]"), where) else ""
    if scheme in _BY_PORT:
        return _by_port(of, one, scheme, rest, where, checks)
    words = (
        f"{of} is asked by {scheme or 'a protocol that is not named'}; the file has no such probe"
    )
    checks.levels.note(NoteKind.UNSUPPORTED, words, where)
    return ""


def _by_port(of: str, one: Node, scheme: str, rest: str, where: Node, checks: Checks) -> str:
    host = rest.partition("/")[0].partition("?")[0]
    usual = _BY_PORT[scheme]
    bare = re.search(r":\d{1,5}$", host) is None
    if not checks.address(of, f"{host}:{usual}" if bare and usual else host, where):
        return ""
    lost = [_LOST[scheme]] if scheme in _LOST else []
    if at(one, "body") is not None:
        lost.append("what is sent there")
    if at(one, "ssh") is not None:
        lost.append("the login")
    if lost:
        words = f"of {of} only its port is probed; not carried over: {', '.join(lost)}"
        checks.levels.note(NoteKind.UNSUPPORTED, words, where)
    return "address"


def _dns(of: str, one: Node, text: str, where: Node, checks: Checks) -> str:
    asked = at(one, "dns", "query-name")
    name, kind = nodes.text(asked).rstrip("."), nodes.text(one, "dns", "query-type")
    if asked is None or not name or open_variable(name) or kind not in expectation.RECORDS:
        words = f"the question of {of} is none that the file can ask: {kind[:20]} {name[:80]}"
        checks.levels.note(NoteKind.UNSUPPORTED, words, at(one, "dns") or where)
        return ""
    checks.put(of, ("dns", "name"), name, asked)
    checks.put(of, ("dns", "type"), kind, at(one, "dns", "query-type") or asked)
    server = text.removesuffix(":53")
    try:
        checks.put(of, ("dns", "server"), expectation.server(server), where)
    except ValueError:
        words = f"{of} asks the server {server[:80]}; the file names one by its IP address"
        checks.levels.note(NoteKind.UNSUPPORTED, words, where)
    return "dns"


def _http(of: str, one: Node, text: str, where: Node, checks: Checks) -> str:
    """A GET without a body is all that a probe sends: what needs more would fail, and is not probed."""
    needed = [*_needed(one)]
    if needed:
        words = f"{of} is asked with {listed(needed)}, which a probe does not send, so nothing probes it; "
        words += "write `url:` where a plain GET tells the same"
        secret = any("login" in word or "header" in word for word in needed)
        checks.levels.note(NoteKind.SECRET if secret else NoteKind.UNSUPPORTED, words, where)
        checks.kind(of, "http", where)
        return ""
    if not checks.url(of, text, where):
        return ""
    plain = [key for key, _, _ in nodes.entries(one, "headers")]
    if plain:
        words = f"the headers that {of} is asked with are not sent by a probe: {listed(plain)}"
        checks.levels.note(NoteKind.UNSUPPORTED, words, at(one, "headers") or where)
    for key, what in (
        ("insecure", "does not mind its certificate"),
        ("proxy-url", "is asked through a proxy"),
        ("dns-resolver", "is looked up at a resolver of its own"),
        ("tunnel", "is asked through an SSH tunnel"),
    ):
        if nodes.text(one, "client", key) not in ("", "false"):
            words = f"{of} {what} in Gatus (`client.{key}`); a probe of the file does otherwise"
            checks.levels.note(NoteKind.UNSUPPORTED, words, at(one, "client", key) or where)
    if (timeout := at(one, "client", "timeout")) is not None:
        _timeout(of, timeout, checks)
    return "http"


def _timeout(of: str, node: Node, checks: Checks) -> None:
    try:
        shown = units.show_duration(duration(nodes.text(node)))
    except ValueError:
        shown = nodes.text(node)[:20]
    words = (
        f"the time-out of {of} ({shown}) is not carried over; say `probe.within` where it matters"
    )
    checks.levels.note(NoteKind.UNSUPPORTED, words, node)


def _needed(one: Node) -> list[str]:
    method = nodes.text(one, "method").upper()
    found = [f"the method {method[:20]}"] if method not in ("", "GET", "HEAD") else []
    if nodes.text(one, "body") or nodes.text(one, "graphql") == "true":
        found.append("a body")
    headers = [key for key, _, _ in nodes.entries(one, "headers") if key.lower() not in _HARMLESS]
    if headers:
        found.append(f"the headers {listed(headers)}")
    logins = ("oauth2", "identity-aware-proxy")
    found += [f"a login ({key})" for key in logins if at(one, "client", key) is not None]
    if at(one, "client", "tls", "certificate-file") is not None:
        found.append("a login (a client's certificate)")
    return found
