"""One endpoint of Gatus: what it asks and how often, as a component that is probed."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

from standfast.drivers.importers import nodes
from standfast.drivers.importers.gatus.answer import Answer
from standfast.drivers.importers.gatus.condition import duration
from standfast.drivers.importers.gatus.request import client, http, websocket
from standfast.drivers.importers.gatus.variables import open_variable
from standfast.drivers.importers.nodes import at
from standfast.spec import expectation
from standfast.spec.drafting.draft import NoteKind

if TYPE_CHECKING:
    from standfast.drivers.importers.checks import Checks
    from standfast.drivers.importers.gatus.alerting import Alerting
    from standfast.spec.tree import Node

USUAL = timedelta(seconds=60)
_SOONEST, _LATEST = timedelta(seconds=1), timedelta(days=31)
_SCHEME = re.compile(r"([a-z]+)://(.*)", re.DOTALL)
# An address and a port; the number is the port where none is said.
_BY_PORT = {"tcp": 0, "tls": 0, "starttls": 0, "ssh": 22, "grpc": 0, "grpcs": 0}


def endpoint(one: Node, checks: Checks, alerting: Alerting) -> None:
    if (known := called(one, checks)) is None:
        return
    named, name, group = known
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
    client(of, one, kind, checks)
    alerting.of(of, one, every)


def called(one: Node, checks: Checks) -> tuple[Node, str, str] | None:
    """Where its name stands, the name and the group; None, with a note, of what is not carried over."""
    named = at(one, "name")
    name, group = nodes.text(named), nodes.text(one, "group")
    if named is None or not name or open_variable(name + group):
        checks.levels.note(NoteKind.PLACEHOLDER, "this endpoint has no plain name", named or one)
        return None
    if nodes.text(one, "enabled") == "false":
        checks.levels.note(NoteKind.SKIPPED, f"{name[:60]} is switched off in Gatus", named)
        return None
    return named, name, group


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
        return http(of, one, text, where, checks)
    if scheme in ("ws", "wss"):
        return websocket(of, one, text, where, checks)
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
    full = f"{host}:{usual}" if bare and usual else host
    if scheme in ("grpc", "grpcs"):
        return _grpc(of, scheme, full, where, checks)
    if not checks.address(of, full, where):
        return ""
    if at(one, "body") is not None:
        words = f"what is sent to {of} is not carried over; write its `talk:` in steps"
        checks.levels.note(NoteKind.UNSUPPORTED, words, at(one, "body") or where)
    if scheme == "starttls":
        checks.put(of, ("talk", "speaks"), "smtp", where)
        checks.put(of, ("talk", "starttls"), True, where)
    elif scheme == "tls":
        careless = nodes.text(one, "client", "insecure") == "true"
        path = ("talk", "tls", "verify") if careless else ("talk", "tls")
        checks.put(of, path, not careless, where)
    elif scheme == "ssh":
        checks.put(of, ("talk",), "ssh", where)
        _ssh(of, one, checks)
    return {"tls": "tls", "starttls": "tls", "ssh": "ssh"}.get(scheme, "address")


def _ssh(of: str, one: Node, checks: Checks) -> None:
    """Without a login Gatus reads the banner, as a talk of the file does."""
    login = at(one, "ssh")
    if any(nodes.text(value) for _, _, value in nodes.entries(login)) and login is not None:
        words = f"the login of {of} is not copied, nor what is run there: its banner is read"
        checks.levels.note(NoteKind.SECRET, words, login)


def _grpc(of: str, scheme: str, address: str, where: Node, checks: Checks) -> str:
    if not checks.is_address(of, address, where):
        return ""
    checks.put(of, ("grpc", "address"), address, where)
    checks.kind(of, "grpc", where)
    if scheme == "grpcs":
        checks.put(of, ("grpc", "tls"), True, where)
    return "grpc"


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
