"""Checks of other monitors on their way to facts: what is asked, how often, and who hears when it fails."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

from standfast.drivers.importers import stores
from standfast.drivers.importers.bounding import listed
from standfast.drivers.importers.secrets import is_secret
from standfast.spec import units
from standfast.spec.drafting.draft import NoteKind
from standfast.spec.drafting.mending import fit

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import timedelta

    from standfast.drivers.importers.levels import Levels
    from standfast.spec.drafting.draft import Path, Plain
    from standfast.spec.tree import Node

MOST = 2_000  # checks of one import
WHOLE = re.compile(r"0|-?[1-9]\d{0,14}", re.ASCII)
WEBSOCKET = re.compile(r"wss?://[^\s/?#@]+(?:[/?#]\S*)?", re.ASCII)  # with no login in it
_URL = re.compile(r"https?://[^\s/?#@]+(?:[/?#]\S*)?", re.ASCII | re.IGNORECASE)
_ADDRESS = re.compile(r"(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]{1,253}):(\d{1,5})", re.ASCII)
_HOST = re.compile(r"[A-Za-z0-9_.-]{1,253}|[0-9A-Fa-f:]{2,45}", re.ASCII)
_FEW = 20  # codes that are named one by one
# These call somebody, whatever the hour; the others are read when somebody looks.
_WAKING = frozenset(
    {"pagerduty", "opsgenie", "ilert", "squadcast", "signl4", "incident-io", "splunk", "twilio", "vonage",
     "plivo"}
)  # fmt: skip


def typed(text: str) -> str | int | bool:
    """Others compare texts; JSON tells numbers and texts apart, and a number is what is likely meant."""
    if text in ("true", "false"):
        return text == "true"
    return int(text) if WHOLE.fullmatch(text) else text


def statuses(good: Callable[[int], bool], *, followed: bool) -> tuple[str, ...]:
    """The final answers that are good, as the file writes them; empty where they are the file's own.

    A redirect that is followed is no final answer, and one below 200 is none to anybody.
    """
    codes = {code for code in range(200, 600) if good(code)}
    if codes == set(range(200, 400)):
        return ()
    kinds = [each for each in range(2, 6) if codes >= set(range(each * 100, each * 100 + 100))]
    rest = [code for code in sorted(codes) if code // 100 not in kinds]
    if followed and any(each != 3 for each in kinds):
        kinds = [each for each in kinds if each != 3]
        rest = [code for code in rest if code // 100 != 3]
    if len(rest) > _FEW:
        raise ValueError("these are too many codes to name")
    return (*(f"{each}xx" for each in kinds), *map(str, rest))


@dataclass(slots=True)
class Checks:
    """Each check is a component; one that another source knows keeps the type that it has there."""

    levels: Levels
    types: Mapping[str, str]
    _taken: set[str] = field(default_factory=set)
    _numbers: dict[str, int] = field(default_factory=dict)
    _renamed: list[tuple[str, str, Node]] = field(default_factory=list)
    _groups: dict[str, Node] = field(default_factory=dict)
    _channels: dict[str, tuple[str, Node]] = field(default_factory=dict)

    def component(self, wanted: str, group: str, node: Node) -> str:
        """A name of its own, told apart by its group where two are called alike."""
        name = self._free(wanted, group)
        self._taken.add(name)
        if name != wanted:
            self._renamed.append((wanted, name, node))
        return self.levels.component(name, node)

    def _free(self, wanted: str, group: str) -> str:
        behind = fit(f"{group}-{wanted}") if group else fit(wanted)
        for name in (fit(wanted), behind):
            if name not in self._taken:
                return name
        number = self._numbers.get(behind, 2)  # goes on where the last search ended
        while f"{behind[:57]}-{number}" in self._taken:
            number += 1
        self._numbers[behind] = number + 1
        return f"{behind[:57]}-{number}"

    def grouped(self, group: str, node: Node) -> None:
        if group:
            self._groups.setdefault(group, node)

    def put(self, of: str, path: Path, value: Plain, *at: Node) -> None:
        self.levels.put(("components", of, *path), value, *at)

    def kind(self, of: str, kind: str, node: Node) -> None:
        if kind and of not in self.types:
            self.put(of, ("type",), kind, node)

    def url(self, of: str, text: str, node: Node) -> bool:
        """Whether it could be taken; what could be a secret in it stays where it is."""
        if not _URL.fullmatch(text):
            said = f"the address of {of} is none that is asked by HTTP"
            if "@" in text:
                said = f"the address of {of} holds a login; not copied"
            kind = NoteKind.SECRET if "@" in text else NoteKind.UNSUPPORTED
            self.levels.note(kind, said, node)
            return False
        if is_secret("", text) or any(is_secret(key, value) for key, value in _query(text)):
            said = f"the address of {of} holds a secret; not copied, so nothing probes {of}"
            self.levels.note(NoteKind.SECRET, said, node)
            return False
        self.put(of, ("url",), text, node)
        self.kind(of, "http", node)
        return True

    def is_address(self, of: str, text: str, node: Node) -> bool:
        match = _ADDRESS.fullmatch(text)
        if match and 0 < int(match[1]) < 65_536:
            return True
        said = f"the address of {of} is no `host:port`, so nothing probes {of}"
        self.levels.note(NoteKind.UNSUPPORTED, said, node)
        return False

    def address(self, of: str, text: str, node: Node) -> bool:
        if not self.is_address(of, text, node):
            return False
        self.put(of, ("address",), text, node)
        port = text.rpartition(":")[2]
        kind = stores.PORTS.get(port, "")
        if kind and of not in self.types:
            said = f"{of} is taken for {kind} by its port {port}"
            self.levels.note(NoteKind.DETECTED, said, node)
            self.kind(of, kind, node)
        return True

    def ping(self, of: str, host: str, node: Node) -> bool:
        if not _HOST.fullmatch(host):
            said = f"what is pinged for {of} is no host's name or address"
            self.levels.note(NoteKind.UNSUPPORTED, said, node)
            return False
        self.put(of, ("ping",), host, node)
        return True

    def every(self, of: str, span: timedelta, node: Node) -> None:
        self.put(of, ("probe_every",), units.show_duration(span), node)

    def down(
        self, of: str, after: timedelta, severity: str, *at: Node, signal: str = "successful probes"
    ) -> str:
        alert = self.levels.free_alert(f"{of}-down", of)
        path = ("alerts", alert)
        self.levels.put((*path, "of"), of, *at)
        self.levels.put((*path, "when"), f"no {signal} for {units.show_duration(after)}", *at)
        self.levels.put((*path, "severity"), severity, *at)
        return alert

    def severity(self, channel: str, node: Node) -> str:
        """By the channel: neither Gatus nor Uptime Kuma says how bad it is."""
        severity = "P2" if channel.lower() in _WAKING else "P3"
        self._channels.setdefault(channel, (severity, node))
        return severity

    def rest(self) -> None:
        """What is told once about all of them."""
        if self._renamed:
            said = listed(f"{old[:60]!r} is {new}" for old, new, _ in self._renamed)
            words = f"{said}: names in the file are letters, digits, '-' and '_', each of its own"
            self.levels.note(NoteKind.DETECTED, words, self._renamed[0][2])
        if self._groups:
            said = f"groups are for the page of the tool ({listed(one[:40] for one in self._groups)}); "
            said += "the file says by `needs:` and `journeys:` what belongs together"
            self.levels.note(NoteKind.SKIPPED, said, next(iter(self._groups.values())))
        for channel, (severity, node) in self._channels.items():
            said = f"what was told by {channel[:60]} is taken as {severity}, since no severity is stated"
            self.levels.note(NoteKind.DETECTED, f"{said}: is that right?", node)


def _query(url: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(urlsplit(url).query, max_num_fields=200)
    except ValueError:
        return [("secret", "too many to be looked at")]
