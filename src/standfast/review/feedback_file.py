"""`standfast.feedback.yaml`: the answers, beside the reliability file, for people to read and to merge.

A list that only grows: the newest answer is the last one, and git keeps two people's answers apart.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from standfast.review.feedback import LONGEST, LONGEST_NAME, Answer, Reply, role
from standfast.review.finding import Verdict
from standfast.spec.editing import append
from standfast.spec.problem import Problem, failure, nearest
from standfast.spec.tree import Refused, grow

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from standfast.review.finding import Role
    from standfast.spec.tree import Node

NAME = "standfast.feedback.yaml"
HEAD = """\
# What was answered to the findings of `standfast review`: `standfast feedback answer` adds to it.
# The newest answer to a finding counts. Write by hand what you like, and keep what was said before.
answers:
"""
MOST = 10_000  # answers
_KEYS = ("finding", "answer", "changed", "by", "role", "at", "because", "instead", "verdict",
         "live")  # fmt: skip
_ID = re.compile(r"[A-Z]{3}-[0-9]{2,3}@\S.{0,499}", re.ASCII)
_VERDICTS = {one.name: one for one in (Verdict.WARN, Verdict.CLARIFY, Verdict.BLOCK)}


def beside(path: str) -> str:
    """Where the answers to a reliability file are kept."""
    folder, slash, _ = path.replace("\\", "/").rpartition("/")
    return f"{folder}{slash}{NAME}"


def read(text: str, name: str = NAME) -> tuple[Reply, ...]:
    """Every answer, in the order of the file. Raises FileError with every problem, each with its place."""
    if all(not line.strip() or line.lstrip().startswith("#") for line in text.splitlines()):
        return ()
    problems: list[Problem] = []
    replies: list[Reply] = []
    try:
        for node in _entries(grow(text, name, problems), problems):
            replies += _reply(node, problems)
    except Refused as refused:
        problems.append(refused.problem)
    if problems:
        raise failure(problems, {name: text}, name)
    return tuple(replies)


def write(text: str, replies: Iterable[Reply]) -> str:
    """`text` with these answers after its own; whatever else stands in it stays as it is."""
    text = text if text.strip() else HEAD
    return append(text, "answers", *(dict(_fields(reply)) for reply in replies), flow=False)


def _fields(reply: Reply) -> Iterator[tuple[str, str]]:
    yield "finding", reply.finding
    stamp = reply.at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    if reply.answer is None:
        yield "changed", stamp
        return
    yield "answer", reply.answer.value
    yield "by", reply.by
    if reply.role:
        yield "role", reply.role.value
    yield "at", stamp
    if reply.verdict is not None:
        yield "verdict", reply.verdict.name
    yield "because", reply.because
    if reply.instead:
        yield "instead", reply.instead
    if reply.live:
        yield "live", "yes"


def _entries(root: Node, problems: list[Problem]) -> Iterator[Node]:
    if root.entries is None:
        problems.append(_at(root, "a mapping is expected: it begins with `answers:`", "file"))
        return
    for key, (mark, _) in root.entries.items():
        if key != "answers":
            problems.append(
                _at(mark, f"unknown key '{key[:80]}'; the only one is 'answers'", key[:80])
            )
    listed = root.child("answers")
    if listed is None or (listed.kind == "scalar" and listed.scalar is None):
        return
    if listed.items is None:
        problems.append(
            _at(listed, "a list is expected here: one `- finding: ...` each", "answers")
        )
        return
    if len(listed.items) > MOST:
        problems.append(_at(listed, f"more than {MOST:,} answers", "answers"))
        return
    yield from listed.items


@dataclass(frozen=True, slots=True)
class _Reader:
    """One entry's fields; what is wrong with them goes to `problems`."""

    node: Node
    entries: Mapping[str, tuple[Node, Node]]
    problems: list[Problem]

    def text(self, key: str, *, most: int, needed: bool = False) -> str:
        node = self.node.child(key)
        if node is None or (node.kind == "scalar" and node.scalar in (None, "")):
            if needed:
                self.say(self.node, f"'{key}' is missing in this answer", key)
            return ""
        if node.kind != "scalar":
            self.say(node, "text is expected here", key)
            return ""
        said = " ".join(str(node.scalar).split())
        if len(said) > most:
            self.say(node, f"more than {most} characters", key)
        return said

    def moment(self, key: str) -> datetime | None:
        said = self.text(key, most=40, needed=True)
        if not said:
            return None
        try:
            found = datetime.fromisoformat(said)
        except ValueError:
            self.say(
                self.node.child(key) or self.node,
                f"not an instant: '{said}'; write for example 2026-11-25 or 2026-11-25T10:12:00Z",
                key,
            )
            return None
        return found if found.tzinfo else found.replace(tzinfo=UTC)

    def say(self, node: Node, sentence: str, key: str) -> None:
        self.problems.append(_at(node, sentence, f"answers.{key}"))


def _reply(node: Node, problems: list[Problem]) -> Iterator[Reply]:
    if node.entries is None:
        problems.append(
            _at(node, "an answer is a mapping: `finding:`, `answer:`, `by:`", "answers")
        )
        return
    before = len(problems)
    reader = _Reader(node, node.entries, problems)
    for key, (mark, _) in node.entries.items():
        if key not in _KEYS:
            hint = nearest(key, _KEYS) or f"; known are {', '.join(_KEYS)}"
            reader.say(mark, f"unknown key '{key[:80]}'{hint}", key[:80])
    name = reader.text("finding", most=600, needed=True)
    if name and not _ID.fullmatch(name):
        said = (
            f"not a finding: '{name[:80]}'; copy its id from the review, as AVL-01@journeys.x.slo"
        )
        reader.say(node.child("finding") or node, said, "finding")
    if "changed" in node.entries and "answer" not in node.entries:
        at = reader.moment("changed")
        if at and len(problems) == before:
            yield Reply(finding=name, at=at)
        return
    found = _answered(reader, name)
    if found and len(problems) == before:
        yield found


def _answered(reader: _Reader, name: str) -> Reply | None:
    answer = _answer(reader)
    at = reader.moment("at")
    by = reader.text("by", most=LONGEST_NAME, needed=True)
    because = reader.text("because", most=LONGEST, needed=True)
    instead = reader.text("instead", most=LONGEST)
    if answer is Answer.REJECT and not instead:
        said = "whoever rejects says what is done instead: `instead:` is missing"
        reader.say(reader.node, said, "instead")
    verdict, asked, live = _verdict(reader), _role(reader), reader.text("live", most=80)
    if live not in ("", "yes", "True"):
        reader.say(reader.node.child("live") or reader.node, "write yes, or leave it out", "live")
    if answer is None or at is None:
        return None
    return Reply(
        finding=name,
        at=at,
        answer=answer,
        by=by,
        role=asked,
        because=because,
        instead=instead,
        verdict=verdict,
        live=bool(live),
    )


def _answer(reader: _Reader) -> Answer | None:
    said = reader.text("answer", most=80, needed=True)
    if said and said not in set(Answer):
        reader.say(
            reader.node.child("answer") or reader.node,
            f"not an answer: '{said}'; write ACCEPT, REJECT or PARTIAL",
            "answer",
        )
    return Answer(said) if said in set(Answer) else None


def _role(reader: _Reader) -> Role | None:
    said = reader.text("role", most=80)
    try:
        return role(said) if said else None
    except ValueError as error:
        reader.say(reader.node.child("role") or reader.node, str(error), "role")
        return None


def _verdict(reader: _Reader) -> Verdict | None:
    said = reader.text("verdict", most=80)
    if said and said not in _VERDICTS:
        reader.say(
            reader.node.child("verdict") or reader.node,
            f"not a verdict of a finding: '{said}'; write WARN, CLARIFY or BLOCK",
            "verdict",
        )
    return _VERDICTS.get(said)


def _at(node: Node, sentence: str, path: str) -> Problem:
    return Problem(node.file, node.line, node.column, sentence, path)
