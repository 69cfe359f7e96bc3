"""Who hears of it in Gatus: channels without their secrets, and alerts by how many checks in a row failed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from standfast.drivers.importers import nodes
from standfast.drivers.importers.bounding import listed
from standfast.drivers.importers.gatus.variables import open_variable, reference
from standfast.drivers.importers.nodes import at
from standfast.drivers.importers.secrets import is_secret
from standfast.spec.drafting.draft import NoteKind

if TYPE_CHECKING:
    from datetime import timedelta

    from standfast.drivers.importers.checks import Checks
    from standfast.spec.tree import Node

FAILURES = 3  # in a row; Gatus' own where nothing is said
_MOST_FAILURES = 100_000
# They show the `text` of the JSON that a webhook of the file sends.
_CHATS = ("slack", "mattermost", "googlechat", "rocketchat")
_NO_CHANNEL = frozenset({"default-alert", "overrides"})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Alert:
    kind: str
    failures: int
    node: Node
    description: Node | None


@dataclass(slots=True)
class Alerting:
    checks: Checks
    defaults: dict[str, Node] = field(default_factory=dict)
    _channels: dict[str, str] = field(default_factory=dict)

    def read(self, config: Node) -> None:
        """The channels of one file. What all alerts of a channel share is kept for later."""
        for kind, own, said in nodes.entries(config, "alerting"):
            if (default := at(said, "default-alert")) is not None:
                self.defaults.setdefault(kind, default)
            if kind in _CHATS and (address := at(said, "webhook-url")) is not None:
                self._chat(kind, address)
            elif kind == "email":
                self._mail(own, said)
            else:
                self._named(kind, own, said)
            if nodes.items(said, "overrides"):
                words = (
                    f"channels of {kind[:40]} for single groups (`overrides`) are not carried over"
                )
                self.checks.levels.note(NoteKind.UNSUPPORTED, words, at(said, "overrides") or own)

    def _chat(self, kind: str, address: Node) -> None:
        found = reference(nodes.text(address))
        if not found:
            words = f"the address of {kind} is a secret and not copied; write `channels: {{chat: {{kind: "
            words += "webhook, url: env:NAME}}`"
            self.checks.levels.note(NoteKind.SECRET, words, address)
        elif self._channels.setdefault("chat", kind) == kind:
            self.checks.levels.put(("channels", "chat", "kind"), "webhook", address)
            self.checks.levels.put(("channels", "chat", "url"), found, address)
        else:
            words = (
                f"{kind} is one more chat beside {self._channels['chat']}; write a channel for it"
            )
            self.checks.levels.note(NoteKind.UNSUPPORTED, words, address)

    def _mail(self, own: Node, said: Node) -> None:
        host, sender = at(said, "host"), at(said, "from")
        plain = {
            key: node
            for key, node in (("host", host), ("from", sender), ("to", at(said, "to")))
            if node is not None and nodes.text(node) and not open_variable(nodes.text(node))
        }
        if not {"host", "from"} <= set(plain):
            words = "email names no plain `host` and `from`; write the channel by hand"
            self.checks.levels.note(NoteKind.PLACEHOLDER, words, own)
            return
        self.checks.levels.put(("channels", "email", "kind"), "smtp", own)
        for key, node in plain.items():
            self.checks.levels.put(("channels", "email", key), nodes.text(node), node)
        if (port := nodes.number(said, "port")) is not None:
            self.checks.levels.put(("channels", "email", "port"), port, at(said, "port") or own)
        for key in ("username", "password"):
            self._secret(key, at(said, key))

    def _secret(self, key: str, node: Node | None) -> None:
        if node is None or not nodes.text(node):
            return
        if found := reference(nodes.text(node)):
            self.checks.levels.put(("channels", "email", key), found, node)
        else:
            words = (
                f"the {key} of the mail server is written out; not copied. Write `{key}: env:NAME`"
            )
            self.checks.levels.note(NoteKind.SECRET, words, node)

    def _named(self, kind: str, own: Node, said: Node) -> None:
        keys = [key for key, _, _ in nodes.entries(said) if key not in _NO_CHANNEL]
        words = f"the channel {kind[:40]} is not carried over"
        words += f" (nor copied: {listed(keys)})" if keys else ""
        words += "; write one under `channels:`, by webhook or mail"
        kept = NoteKind.SECRET if keys else NoteKind.UNSUPPORTED
        self.checks.levels.note(kept, words, own)

    # ------------------------------------------------------------------ the alerts of an endpoint

    def of(self, of: str, one: Node, every: timedelta, *, beats: bool = False) -> None:
        """Several of one endpoint are one alert: the first that calls, as bad as the worst."""
        found = [known for said in nodes.items(one, "alerts") if (known := self._alert(of, said))]
        if not found:
            return
        quickest = min(found, key=lambda each: each.failures)
        severity = min(self.checks.severity(each.kind, each.node) for each in found)
        signal = "heartbeat" if beats else "successful probes"
        alert = self.checks.down(
            of, every * quickest.failures, severity, quickest.node, signal=signal
        )
        if len(found) > 1:
            said = listed(f"{each.kind} after {each.failures} failures" for each in found)
            words = f"{len(found)} alerts of {of} are one here ({said}); who hears of it, the severity says"
            self.checks.levels.note(NoteKind.UNSUPPORTED, words, found[1].node)
        described = sorted(found, key=lambda each: each.failures)
        description = next((each.description for each in described if each.description), None)
        text = " ".join(nodes.text(description).split())
        if description is not None and text and not is_secret("", text) and "[" not in text:
            if open_variable(text):
                return
            self.checks.levels.put(("alerts", alert, "summary"), text[:400], description)

    def _alert(self, of: str, said: Node) -> _Alert | None:
        kind = nodes.text(said, "type")
        default = self.defaults.get(kind)
        enabled = nodes.text(said, "enabled") or nodes.text(default, "enabled")
        if not kind or enabled == "false":
            words = (
                f"an alert of {of} is switched off in Gatus"
                if kind
                else f"an alert of {of} has no type"
            )
            self.checks.levels.note(NoteKind.SKIPPED, words, said)
            return None
        failures = nodes.number(said, "failure-threshold") or nodes.number(
            default, "failure-threshold"
        )
        return _Alert(
            kind=kind,
            failures=min(failures or FAILURES, _MOST_FAILURES),
            node=said,
            description=at(said, "description") or at(default, "description"),
        )
