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
from standfast.drivers.importers.gatus.variables import open_variable
from standfast.drivers.importers.secrets import is_secret
from standfast.spec import expectation, units
from standfast.spec.drafting.draft import NoteKind

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import timedelta

    from standfast.drivers.importers.checks import Checks
    from standfast.spec.tree import Node

_WHOLE = re.compile(r"0|-?[1-9]\d{0,14}", re.ASCII)


class Unasked(Exception):
    """The file has no word for a condition; the text says why."""


@dataclass(slots=True)
class Answer:
    """The conditions of one endpoint, sorted by what they are about."""

    checks: Checks
    of: str
    kind: str  # http | dns | address | ping
    left: list[tuple[str, str, Node]] = field(default_factory=list)
    status: list[tuple[Condition, Node]] = field(default_factory=list)
    texts: dict[str, list[tuple[str, Node]]] = field(default_factory=dict)
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
            raise Unasked("only an address that is asked by HTTP has expectations")

    def _of_http(self, one: Condition, node: Node) -> None:
        if one.about == "STATUS":
            compares(one, 200)
            self.status.append((one, node))
        elif one.about in ("RESPONSE_TIME", "CERTIFICATE_EXPIRATION"):
            self._span(one, node)
        elif one.about == "BODY" and not one.function:
            self._body(one, node)
        else:
            raise Unasked(f"the file asks nothing about {one.function or one.about}")

    def _span(self, one: Condition, node: Node) -> None:
        quick = one.about == "RESPONSE_TIME"
        if one.sign not in (("<", "<=") if quick else (">", ">=")):
            raise Unasked("it is compared the other way round")
        span = duration(one.values[0])
        self.spans.setdefault("within" if quick else "certificate", []).append((span, node))

    def _record(self, one: Condition, node: Node) -> None:
        if one.sign != "==" or one.pattern or len(one.values) != 1 or one.path or one.function:
            raise Unasked("the file names the answers that a name must have, word by word")
        self._text("expect", one.values[0], node)

    def _body(self, one: Condition, node: Node) -> None:
        if one.path:
            self._json(one, node)
        elif one.pattern and (inner := literal(one.values[0])) and one.sign in ("==", "!="):
            self._text("contains" if one.sign == "==" else "lacks", inner, node)
        elif one.sign != "==":
            raise Unasked("the file says what a body holds, lacks or matches")
        elif one.pattern:
            if one.values[0].strip("*"):
                self._text("matches", rf"(?s)^\s*{regex(one.values[0])}\s*$", node)
        else:
            inner = "|".join(map(re.escape, one.values))
            self._text("matches", rf"^\s*(?:{inner})\s*$", node)

    def _json(self, one: Condition, node: Node) -> None:
        path = expectation.json_path(one.path.removeprefix("."))
        if one.sign != "==" or one.pattern or len(one.values) != 1:
            raise Unasked("of a value in JSON the file says which one it is")
        if one.values[0] == "null":
            raise Unasked("whether a value is null cannot be told from `null` as a text")
        self._text(f"json.{path}", one.values[0], node)

    def _text(self, word: str, text: str, node: Node) -> None:
        if not text.strip() or "\n" in text or len(text) > 400:
            raise Unasked("the text to look for is empty, of several lines or too long")
        if is_secret("", text):
            raise Unasked("it holds a secret; not copied")
        if word == "matches":
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
            self.checks.put(self.of, ("probe", word), units.show_duration(span), node)
        if self.kind == "http":
            self._put_status(named, followed=followed)

    def _put_text(self, word: str, found: list[tuple[str, Node]]) -> None:
        at = tuple(node for _, node in found)
        said = tuple(dict.fromkeys(text for text, _ in found))
        if word == "expect":
            self.checks.put(self.of, ("dns", "expect"), said, *at)
        elif word.startswith("json."):
            path = ("probe", "json", word.removeprefix("json."))
            self.checks.put(self.of, path, _typed(said[0]), at[0])
            if len(said) > 1:
                words = f"{self.of} wants two values of {path[-1]} at once; the first counts"
                self.checks.levels.note(NoteKind.UNSUPPORTED, words, at[1])
        else:
            self.checks.put(self.of, ("probe", word), said[0] if len(said) == 1 else said, *at)

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
        if not followed and not any(one.startswith("3") for one in good):
            said = f"{self.of} follows no redirects in Gatus (`ignore-redirect`); here they are followed"
            self.checks.levels.note(NoteKind.UNSUPPORTED, said, named)


def _typed(text: str) -> str | int | bool:
    """Gatus compares texts; JSON tells numbers and texts apart, and a number is what is likely meant."""
    if text in ("true", "false"):
        return text == "true"
    return int(text) if _WHOLE.fullmatch(text) else text


def _domain(one: Condition) -> None:
    if one.sign not in (">", ">="):
        raise Unasked("it is compared the other way round")
    within = units.show_duration(duration(one.values[0]))
    raise Unasked(
        f"nothing looks up when a domain ends; where your metrics tell, write the alert `domain "
        f"expires within {within}`"
    )
