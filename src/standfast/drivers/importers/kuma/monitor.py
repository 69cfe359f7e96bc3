"""One monitor of Uptime Kuma, from its database or a backup, as a component that is watched."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from standfast.drivers.importers import nodes
from standfast.drivers.importers.bounding import listed
from standfast.drivers.importers.checks import WEBSOCKET, WHOLE, statuses, typed
from standfast.drivers.importers.kuma.reading import flag, number, said, there
from standfast.drivers.importers.secrets import is_secret
from standfast.spec import asking, expectation, units
from standfast.spec.drafting.draft import NoteKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from standfast.drivers.importers.checks import Checks
    from standfast.spec.drafting.draft import Plain
    from standfast.spec.tree import Node

_SECOND = timedelta(seconds=1)
_USUAL = 60  # seconds
_USUAL_REDIRECTS = 10
_SIGNS = {"==": "is", "!=": "not", "<": "below", "<=": "at_most", ">": "above", ">=": "at_least",
          "contains": "contains"}  # fmt: skip
_LATEST = 31 * 86_400
_RANGE = re.compile(r"(\d{3})(?:-(\d{3}))?", re.ASCII)
_URL_HOST = re.compile(r"[a-z]+://([^\s/?#@]+)(?:[/?#]\S*)?", re.IGNORECASE)
_BY_HTTP = ("http", "keyword", "json-query", "real-browser")
# Only that their port takes connections is watched: what else Uptime Kuma asks there is told.
_BY_PORT = {
    "port": "",
    "smtp": "",
    "mqtt": "the messages that are waited for",
    "grpc-keyword": "what gRPC answers",
}
_PORTS = {"smtp": "25", "mqtt": "1883"}
_STORES = {
    "postgres": "postgresql", "mysql": "mysql", "mongodb": "mongodb", "redis": "redis", "sqlserver": "",
    "oracledb": "", "rabbitmq": "queue", "kafka-producer": "kafka",
}  # fmt: skip
_SECRETS = (
    ("headers of its own", ("headers",)),
    ("a body", ("body",)),
    ("a login", ("basic_auth_user", "basic_auth_pass", "bearer_token", "oauth_client_secret", "tls_key")),
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    checks: Checks
    groups: dict[str, str]  # id -> name, of monitors that hold others
    channels: dict[str, list[str]]  # id of a monitor -> kinds of channels that hear of it
    certificate: timedelta  # before its end somebody is told


def monitor(one: Node, context: Context) -> None:
    checks, kind = context.checks, said(one, "type")
    name = said(one, "name")
    named = one.child("name") or one
    if kind == "group":
        return
    if not name.strip():
        checks.levels.note(NoteKind.PLACEHOLDER, "this monitor has no name", named)
        return
    if not flag(one, "active", otherwise=True):
        checks.levels.note(NoteKind.SKIPPED, f"{name[:60]} is paused in Uptime Kuma", named)
        return
    if flag(one, "upside_down", "upsideDown"):
        words = f"{name[:60]} is upside down: it is well while nothing answers, which no probe of the file says"
        checks.levels.note(NoteKind.UNSUPPORTED, words, named)
        return
    group = context.groups.get(said(one, "parent"), "")
    of = checks.component(name, group, named)
    checks.grouped(group, named)
    if kind == "push":
        _push(of, one, named, context)
    elif _asked(of, kind, one, named, checks):
        checks.every(of, _interval(one), one.child("interval") or named)
        _down(of, one, named, context)
        if kind in _BY_HTTP and said(one, "url").lower().startswith("https:"):
            _certificate(of, one, named, context)


def _interval(one: Node) -> timedelta:
    return min(max(number(one, "interval") or _USUAL, 1), _LATEST) * _SECOND


def _retries(one: Node) -> timedelta:
    """How long it is pending before it counts as down."""
    each = number(one, "retry_interval", "retryInterval") or _interval(one) // _SECOND
    return min((number(one, "maxretries") or 0) * each, 366 * 86_400) * _SECOND


def _asked(of: str, kind: str, one: Node, named: Node, checks: Checks) -> bool:
    if kind in _BY_HTTP:
        return _http(of, kind, one, named, checks)
    if kind == "websocket-upgrade":
        return _websocket(of, one, named, checks)
    if kind in _BY_PORT:
        return _by_port(of, kind, one, named, checks)
    if kind == "ping":
        return checks.ping(of, said(one, "hostname"), one.child("hostname") or named)
    if kind == "dns":
        return _dns(of, one, named, checks)
    if kind in _STORES:
        checks.kind(of, _STORES[kind], named)
        words = f"{of} is watched by a login to {kind}, which is not copied; write its `address:`, or for "
        words += "PostgreSQL `dsn: env:NAME`"
        checks.levels.note(NoteKind.SECRET, words, named)
        return False
    if kind == "docker":
        words = f"{of} is watched as the container {said(one, 'docker_container')[:60]}; where standfast runs "
        words += "on that machine, write `container:` to measure it"
        checks.levels.note(NoteKind.UNSUPPORTED, words, one.child("docker_container") or named)
        return False
    words = f"{of} is of the kind {kind[:40] or 'none'}; the file has no such probe"
    checks.levels.note(NoteKind.UNSUPPORTED, words, one.child("type") or named)
    return False


# ------------------------------------------------------------------ by HTTP


def _http(of: str, kind: str, one: Node, named: Node, checks: Checks) -> bool:
    """With a login, headers or a body a probe would need what is not copied, and is not made."""
    where = one.child("url") or named
    method = said(one, "method").upper()
    needed = [f"the method {method[:20]!r}"] if method not in ("", *asking.METHODS) else []
    needed += [what for what, keys in _SECRETS if any(there(one, key) for key in keys)]
    if needed:
        words = f"{of} is asked with {listed(needed)}, which is not copied; nothing probes it until you write "
        words += "its `url:` and `request:`, with secrets as env:NAME"
        hidden = any(not each.startswith("the method") for each in needed)
        checks.levels.note(NoteKind.SECRET if hidden else NoteKind.UNSUPPORTED, words, where)
        checks.kind(of, "http", where)
        return False
    if not checks.url(of, said(one, "url"), where):
        return False
    if kind == "real-browser":
        words = f"{of} is opened in a browser by Uptime Kuma; a probe fetches the page alone"
        checks.levels.note(NoteKind.UNSUPPORTED, words, where)
    if flag(one, "proxy_id", "proxyId"):
        words = f"{of} is asked through a proxy in Uptime Kuma; a probe goes the straight way"
        checks.levels.note(NoteKind.UNSUPPORTED, words, where)
    _request(of, one, method, named, checks)
    _status(of, one, named, checks)
    if kind == "keyword":
        _keyword(of, one, named, checks)
    elif kind == "json-query":
        _json(of, one, named, checks)
    return True


def _request(of: str, one: Node, method: str, named: Node, checks: Checks) -> None:
    if method not in ("", "GET"):
        checks.put(of, ("request", "method"), method, one.child("method") or named)
    if flag(one, "ignore_tls", "ignoreTls") and said(one, "url").lower().startswith("https:"):
        node = one.child("ignore_tls") or one.child("ignoreTls") or named
        checks.put(of, ("request", "tls", "verify"), False, node)
    most = number(one, "maxredirects")
    if most is not None and most != _USUAL_REDIRECTS:
        redirects = min(most, asking.MOST_REDIRECTS)
        checks.put(of, ("request", "redirects"), redirects, one.child("maxredirects") or named)


def _status(of: str, one: Node, named: Node, checks: Checks) -> None:
    node = one.child("accepted_statuscodes_json") or one.child("accepted_statuscodes") or named
    ranges = [match for text in _texts(node) if (match := _RANGE.fullmatch(text))]
    followed = number(one, "maxredirects") != 0
    try:
        good = statuses(
            lambda code: any(int(m[1]) <= code <= int(m[2] or m[1]) for m in ranges),
            followed=followed,
        )
    except ValueError as error:
        words = f"what the status of {of} must be is left out: {error}"
        checks.levels.note(NoteKind.UNSUPPORTED, words, node)
        return
    if good:
        first = int(good[0]) if good[0].isdigit() else good[0]
        checks.put(of, ("probe", "status"), first if len(good) == 1 else good, node)


def _texts(node: Node) -> Sequence[str]:
    """A list in a backup, JSON in a column."""
    if node.items is not None:
        return [nodes.text(one) for one in node.items]
    try:
        found = json.loads(nodes.text(node) or "[]")
    except (ValueError, RecursionError):
        return []
    return [one for one in found if isinstance(one, str)] if isinstance(found, list) else []


def _keyword(of: str, one: Node, named: Node, checks: Checks) -> None:
    text, node = said(one, "keyword"), one.child("keyword") or named
    if not text.strip() or "\n" in text or len(text) > 400 or is_secret("", text):
        words = f"the keyword of {of} is empty, too long, of several lines or a secret"
        checks.levels.note(NoteKind.UNSUPPORTED, words, node)
        return
    inverted = flag(one, "invert_keyword", "invertKeyword")
    checks.put(of, ("probe", "lacks" if inverted else "contains"), text, node)


def _json(of: str, one: Node, named: Node, checks: Checks) -> None:
    """A path and nothing more: JSONata is a language of its own."""
    text, wanted = said(one, "json_path", "jsonPath"), said(one, "expected_value", "expectedValue")
    sign = said(one, "json_path_operator", "jsonPathOperator") or "=="
    node = one.child("json_path") or one.child("jsonPath") or named
    try:
        path = expectation.json_path(text)
    except ValueError:
        path = ""
    word = _SIGNS.get(sign, "")
    bounds = word in ("below", "at_most", "above", "at_least")
    value: Plain = typed(wanted) if word != "contains" else wanted
    fits = bool(path and word and wanted) and path != "$" and not is_secret("", wanted)
    if not fits or (bounds and not WHOLE.fullmatch(wanted)):
        words = f"the query of {of} is not carried over ({text[:60]!r} {sign[:10]}): the file says which value "
        words += "a path has"
        checks.levels.note(NoteKind.UNSUPPORTED, words, node)
        return
    checks.put(of, ("probe", "json", path, *(() if word == "is" else (word,))), value, node)


# ------------------------------------------------------------------ by other protocols


def _by_port(of: str, kind: str, one: Node, named: Node, checks: Checks) -> bool:
    node = next(
        (child for key in ("hostname", "grpc_url", "grpcUrl", "url") if (child := one.child(key))
         and nodes.text(child) not in ("", "https://")),
        named,
    )  # fmt: skip
    text, port = nodes.text(node) if node is not named else "", said(one, "port")
    match = _URL_HOST.fullmatch(text)
    usual = _PORTS.get(text.partition(":")[0].lower() if match else kind, _PORTS.get(kind, ""))
    host = match[1] if match else text
    if host.count(":") > 1 and not host.startswith("["):
        host = f"[{host}]"
    if not re.search(r"(?<!\[):\d{1,5}$", host):
        host = f"{host}:{port if port not in ('', '0') else usual}"
    if not checks.address(of, host, node):
        return False
    if kind == "smtp":
        _smtp(of, one, node, checks)
    if lost := _BY_PORT[kind]:
        words = f"of {of} only its port is probed; not carried over: {lost}"
        checks.levels.note(NoteKind.UNSUPPORTED, words, node)
    return True


def _smtp(of: str, one: Node, node: Node, checks: Checks) -> None:
    security = said(one, "smtp_security", "smtpSecurity")
    checks.put(of, ("talk", "speaks"), "smtp", node)
    if security == "starttls":
        checks.put(of, ("talk", "starttls"), True, node)
    elif security == "secure":
        checks.put(of, ("talk", "tls"), True, node)


def _websocket(of: str, one: Node, named: Node, checks: Checks) -> bool:
    text, node = said(one, "url"), one.child("url") or named
    hidden = any(there(one, key) for _, keys in _SECRETS for key in keys)
    if hidden or not WEBSOCKET.fullmatch(text) or is_secret("", text):
        words = (
            f"the WebSocket of {of} has no plain address, or needs what may be a secret; write its "
        )
        words += "`websocket:`"
        checks.levels.note(NoteKind.SECRET, words, node)
        return False
    checks.put(of, ("websocket", "url"), text, node)
    return True


def _dns(of: str, one: Node, named: Node, checks: Checks) -> bool:
    name, node = said(one, "hostname").rstrip("."), one.child("hostname") or named
    kind = said(one, "dns_resolve_type") or "A"
    if not name or kind not in expectation.RECORDS:
        words = f"the question of {of} is none that the file can ask: {kind[:20]} {name[:80]}"
        checks.levels.note(NoteKind.UNSUPPORTED, words, node)
        return False
    checks.put(of, ("dns", "name"), name, node)
    checks.put(of, ("dns", "type"), kind, one.child("dns_resolve_type") or node)
    server, where = said(one, "dns_resolve_server"), one.child("dns_resolve_server") or node
    port = said(one, "port")
    full = f"{server}:{port}" if port not in ("", "0", "53") and ":" not in server else server
    try:
        if server:
            checks.put(of, ("dns", "server"), expectation.server(full), where)
    except ValueError:
        words = f"{of} asks the server {server[:80]}; the file names one by its IP address"
        checks.levels.note(NoteKind.UNSUPPORTED, words, where)
    if said(one, "conditions") not in ("", "[]"):
        words = f"conditions on the answers of {of} are not carried over; the file names the answers, `expect:`"
        checks.levels.note(NoteKind.UNSUPPORTED, words, one.child("conditions") or node)
    return True


# ------------------------------------------------------------------ who hears of it


def _push(of: str, one: Node, named: Node, context: Context) -> None:
    checks, node = context.checks, one.child("interval") or named
    checks.put(of, ("heartbeats", of, "every"), units.show_duration(_interval(one)), node)
    if retries := _retries(one):
        checks.put(of, ("heartbeats", of, "grace"), units.show_duration(retries), node)
    words = f"the push address of {of} is not copied: its job asks `POST /api/v1/heartbeats/{of}` with a token "
    words += "of standfast's own"
    checks.levels.note(NoteKind.SECRET, words, named)
    _down(of, one, named, context, signal="heartbeat")


def _down(
    of: str, one: Node, named: Node, context: Context, signal: str = "successful probes"
) -> None:
    channels = context.channels.get(said(one, "id"), [])
    if channels:
        severity = min(context.checks.severity(channel, named) for channel in channels)
        after = _interval(one) + _retries(one)
        context.checks.down(of, after, severity, named, signal=signal)


def _certificate(of: str, one: Node, named: Node, context: Context) -> None:
    channels = context.channels.get(said(one, "id"), [])
    if not channels or not flag(one, "expiry_notification", "expiryNotification"):
        return
    levels, node = context.checks.levels, one.child("expiry_notification") or named
    alert = levels.free_alert(f"{of}-certificate", of)
    severity = max(context.checks.severity(channel, named) for channel in channels)
    within = units.show_duration(context.certificate)
    levels.put(("alerts", alert, "of"), of, node)
    levels.put(("alerts", alert, "when"), f"certificate expires within {within}", node)
    levels.put(("alerts", alert, "severity"), severity, node)
