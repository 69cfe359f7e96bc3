"""What an endpoint of Gatus must answer, as a probe of the file; what the file cannot ask is told."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from standfast.drivers.importers import nodes
from standfast.drivers.importers.bounding import listed, shown
from standfast.drivers.importers.checks import statuses
from standfast.drivers.importers.gatus.condition import (
    Condition,
    compares,
    condition,
    duration,
    literal,
    regex,
)
from standfast.drivers.importers.gatus.terms import Unasked, terms
from standfast.drivers.importers.gatus.variables import open_variable
from standfast.drivers.importers.secrets import is_secret
from standfast.spec import expectation, units
from standfast.spec.drafting.draft import NoteKind

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import timedelta

    from standfast.drivers.importers.checks import Checks
    from standfast.spec.drafting.draft import Plain
    from standfast.spec.tree import Node


@dataclass(slots=True)
class Answer:
    """The conditions of one endpoint, sorted by what they are about."""

    checks: Checks
    of: str
    kind: str  # http | dns | tls | websocket | grpc | ssh | address | ping
    left: list[tuple[str, str, Node]] = field(default_factory=list)
    status: list[tuple[Condition, Node]] = field(default_factory=list)
    texts: dict[str, list[tuple[str, Node]]] = field(default_factory=dict)
    terms: dict[str, dict[str, tuple[Plain, Node]]] = field(default_factory=dict)
    spans: dict[str, list[tuple[timedelta, Node]]] = field(default_factory=dict)

    def read(self, said: Iterable[Node]) -> None:
        for node in said:
            text = nodes.text(node)
            if name := open_variable(text):
                words = (
                    f"the condition {shown(text, 80)!r} of {self.of} waits for the variable {name}"
                )
                self.checks.levels.note(NoteKind.PLACEHOLDER, words, node)
                continue
            text = text.replace("$$", "$")
            one = condition(text)
            try:
                self._take(one, node)
            except (Unasked, ValueError) as error:
                self.left.append((text, str(error), node))
        self._settle()

    def _take(self, one: Condition | None, node: Node) -> None:
        if one is None:
            raise Unasked("it is of a form that is not known")
        if one.about == "CONNECTED":
            if (one.sign, one.values) not in (("==", ("true",)), ("!=", ("false",))):
                raise Unasked("it wants that nothing answers")
        elif one.about == "DNS_RCODE" and self.kind == "dns":
            if (one.sign, one.values) != ("==", ("NOERROR",)):
                raise Unasked("a name that has no answer is a failure here")
        elif one.about == "DOMAIN_EXPIRATION":
            _domain(one)
        elif one.about == "BODY" and self.kind == "dns":
            self._record(one, node)
        elif self.kind == "http":
            self._of_http(one, node)
        else:
            self._of_others(one, node)

    def _of_http(self, one: Condition, node: Node) -> None:
        if one.about == "STATUS":
            compares(one, 200)
            self.status.append((one, node))
        elif one.about == "RESPONSE_TIME":
            self._span("within", one, node)
        elif one.about == "CERTIFICATE_EXPIRATION":
            self._span("certificate", one, node)
        elif one.about == "BODY" and one.path:
            self._json(one, node)
        elif one.about == "BODY" and not one.function:
            self._body(one, node)
        else:
            raise Unasked(f"the file asks nothing about {one.function or one.about}")

    def _of_others(self, one: Condition, node: Node) -> None:
        if one.about == "CERTIFICATE_EXPIRATION" and self.kind == "tls":
            self._span("certificate", one, node)
        elif one.about == "BODY" and self.kind == "websocket" and not one.path:
            self._message(one, node)
        elif self.kind == "grpc" and (one.path, one.sign, one.values) == (
            ".status",
            "==",
            ("SERVING",),
        ):
            return  # which is what a probe asks for
        elif self.kind == "ssh" and (one.about, one.sign, one.values) == ("STATUS", "==", ("0",)):
            return  # which says that the banner was read
        else:
            raise Unasked("of such an address the file does not ask it")

    def _span(self, word: str, one: Condition, node: Node) -> None:
        quick = word == "within"
        if one.sign not in (("<", "<=") if quick else (">", ">=")):
            raise Unasked("it is compared the other way round")
        self.spans.setdefault(word, []).append((duration(one.values[0]), node))

    def _record(self, one: Condition, node: Node) -> None:
        if one.sign != "==" or one.pattern or len(one.values) != 1 or one.path or one.function:
            raise Unasked("the file names the answers that a name must have, word by word")
        self._text("expect", one.values[0], node)

    def _message(self, one: Condition, node: Node) -> None:
        if one.sign != "==" or one.function or "message" in self.texts:
            raise Unasked("the file says which pattern one message matches")
        self._text("message", _whole(one), node)

    def _body(self, one: Condition, node: Node) -> None:
        if one.pattern and (inner := literal(one.values[0])) and one.sign in ("==", "!="):
            self._text("contains" if one.sign == "==" else "lacks", inner, node)
        elif one.sign not in ("==", "!="):
            raise Unasked("a body is compared with no number")
        elif not one.pattern or one.values[0].strip("*") or one.sign == "!=":
            self._text("matches" if one.sign == "==" else "not_matches", _whole(one), node)

    def _json(self, one: Condition, node: Node) -> None:
        path = expectation.json_path(one.path.removeprefix("."))
        if "null" in one.values:
            raise Unasked("whether a value is null cannot be told from `null` as a text")
        if any(is_secret("", value) for value in one.values):
            raise Unasked("it holds a secret; not copied")
        known = self.terms.setdefault(path, {})
        for word, value in terms(one).items():
            if word in known:
                raise Unasked("the file asks that of a value once")
            known[word] = (value, node)

    def _text(self, word: str, text: str, node: Node) -> None:
        if not text.strip() or "\n" in text or len(text) > 400:
            raise Unasked("the text to look for is empty, of several lines or too long")
        if is_secret("", text):
            raise Unasked("it holds a secret; not copied")
        if word in ("matches", "not_matches", "message"):
            expectation.pattern(text)
        self.texts.setdefault(word, []).append((text, node))

    # ------------------------------------------------------------------ and put together

    def _settle(self) -> None:
        for text, why, node in self.left[:20]:
            said = f"the condition {shown(text, 80)!r} of {self.of} is not carried over: {why}"
            self.checks.levels.note(NoteKind.UNSUPPORTED, said, node)
        if len(self.left) > 20:
            rest = listed(shown(text, 40) for text, _, _ in self.left[20:])
            said = f"more conditions of {self.of} are not carried over: {rest}"
            self.checks.levels.note(NoteKind.UNSUPPORTED, said, self.left[20][2])

    def put(self, named: Node, *, followed: bool) -> None:
        for word, found in self.texts.items():
            self._put_text(word, found)
        for word, spans in self.spans.items():
            span, node = (min if word == "within" else max)(spans, key=lambda one: one[0])
            below = "talk" if self.kind == "tls" else "probe"
            self.checks.put(self.of, (below, word), units.show_duration(span), node)
        for path, said in self.terms.items():
            self._put_terms(path, said)
        if self.kind == "http":
            self._put_status(named, followed=followed)

    def _put_text(self, word: str, found: list[tuple[str, Node]]) -> None:
        at = tuple(node for _, node in found)
        said = tuple(dict.fromkeys(text for text, _ in found))
        if word == "expect":
            self.checks.put(self.of, ("dns", "expect"), said, *at)
        elif word == "message":
            self.checks.put(self.of, ("websocket", "expect"), said[0], at[0])
        else:
            self.checks.put(self.of, ("probe", word), said[0] if len(said) == 1 else said, *at)

    def _put_terms(self, path: str, said: dict[str, tuple[Plain, Node]]) -> None:
        """A value alone is written as it is."""
        for word, (value, node) in said.items():
            below = () if [*said] == ["is"] else tuple(word.split("."))
            self.checks.put(self.of, ("probe", "json", path, *below), value, node)

    def _put_status(self, named: Node, *, followed: bool) -> None:
        """Gatus minds the status only where a condition does."""
        at = tuple(node for _, node in self.status) or (named,)
        if not self.status:
            said = f"no condition of {self.of} is about its status, so every status is good: is that meant?"
            self.checks.levels.note(NoteKind.DETECTED, said, named)
        try:
            good = statuses(
                lambda code: all(compares(one, code) for one, _ in self.status), followed=followed
            )
        except ValueError as error:
            said = f"what the status of {self.of} must be is left out: {error}"
            self.checks.levels.note(NoteKind.UNSUPPORTED, said, at[0])
            return
        if good:
            one = int(good[0]) if good[0].isdigit() else good[0]
            self.checks.put(self.of, ("probe", "status"), one if len(good) == 1 else good, *at)
        elif not any(compares(one, 200) for one, _ in self.status):
            said = f"no status meets what {self.of} must answer"
            self.checks.levels.note(NoteKind.UNSUPPORTED, said, at[0])


def _domain(one: Condition) -> None:
    if one.sign not in (">", ">="):
        raise Unasked("it is compared the other way round")
    within = units.show_duration(duration(one.values[0]))
    raise Unasked(
        f"nothing looks up when a domain ends; where your metrics tell, write the alert `domain "
        f"expires within {within}`"
    )


def _whole(one: Condition) -> str:
    """The pattern that the whole body matches; Gatus takes the space around it away."""
    inner = regex(one.values[0]) if one.pattern else "|".join(map(re.escape, one.values))
    return rf"(?s)^\s*(?:{inner})\s*$"
