"""What was known before: a baseline for adoption, an older revision, and what is new or worse since.

A finding is worse when its verdict is; its figures may move without anybody having done something.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from standfast.review.finding import Verdict
from standfast.spec.editing import scalar
from standfast.spec.problem import Problem, failure
from standfast.spec.tree import Refused, grow

if TYPE_CHECKING:
    from collections.abc import Mapping

    from standfast.review.finding import Finding, Review
    from standfast.spec.tree import Node

_VERDICTS = {one.name: one for one in (Verdict.WARN, Verdict.CLARIFY, Verdict.BLOCK)}
_ID = re.compile(r"[A-Z]{3}-[0-9]{2,3}@\S.*", re.ASCII)
_HEAD = """\
# Findings that were known already: `standfast review --baseline` lists them and does not fail for them.
# Take a line out when it is mended. Written again by `standfast review --baseline FILE --write-baseline`.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """A review held against what was known before."""

    to: str  # "the baseline known.yaml", "revision 4f2c1e0"
    before: Mapping[str, Verdict]
    known: tuple[Finding, ...]  # still there, no worse
    worse: Mapping[str, Verdict]  # id -> what it was
    gone: tuple[str, ...]  # ids that were known and are found no more
    listed: bool = True  # whether the known ones are shown one by one

    def knows(self, finding: Finding) -> bool:
        """Whether it was there before, and no milder."""
        return finding.id in self.before and finding.id not in self.worse


def compare(
    review: Review, before: Mapping[str, Verdict], to: str, *, listed: bool = True
) -> Comparison:
    found = {one.id for one in (*review.findings, *review.waived)}
    return Comparison(
        to=to,
        before=before,
        known=tuple(
            one for one in review.findings if one.id in before and one.verdict <= before[one.id]
        ),
        worse={
            one.id: before[one.id]
            for one in review.findings
            if one.id in before and one.verdict > before[one.id]
        },
        gone=tuple(sorted(name for name in before if name not in found)),
        listed=listed,
    )


def verdicts(review: Review) -> dict[str, Verdict]:
    """What a later review is held against: the open findings; a waiver is no knowledge."""
    return {one.id: one.verdict for one in review.findings}


def write(review: Review) -> str:
    """The baseline file: one line for each open finding, sorted, so that changes read well."""
    lines = [
        f"  {scalar(name)}: {verdict.name}" for name, verdict in sorted(verdicts(review).items())
    ]
    body = "findings:\n" + "\n".join(lines) if lines else "findings: {}"
    name, day = json.dumps(review.system, ensure_ascii=False), review.as_of.date()
    return f"{_HEAD}format: 1\nsystem: {name}\nas_of: {day}\n{body}\n"


def read(text: str, name: str) -> dict[str, Verdict]:
    """The findings of a baseline file. Raises FileError with every problem, each with its place."""
    problems: list[Problem] = []
    try:
        found = dict(_found(grow(text, name, problems), problems))
    except Refused as refused:
        problems.append(refused.problem)
    if problems:
        raise failure(problems, {name: text}, name)
    return found


def _found(root: Node, problems: list[Problem]) -> dict[str, Verdict]:
    form, listed = root.child("format"), root.child("findings")
    if form is None or form.scalar != 1 or listed is None or listed.entries is None:
        said = "not a baseline of this version: `format: 1` and `findings:` are expected"
        problems.append(_at(root, said, "file"))
        return {}
    return {
        name: verdict
        for name, (mark, node) in listed.entries.items()
        if (verdict := _verdict(name, mark, node, problems)) is not None
    }


def _verdict(name: str, mark: Node, node: Node, problems: list[Problem]) -> Verdict | None:
    path = f"findings.{name[:80]}"
    if not _ID.fullmatch(name):
        problems.append(_at(mark, f"not the id of a finding: '{name[:80]}'", path))
        return None
    if not isinstance(node.scalar, str) or node.scalar not in _VERDICTS:
        problems.append(_at(node, "write WARN, CLARIFY or BLOCK", path))
        return None
    return _VERDICTS[node.scalar]


def _at(node: Node, sentence: str, path: str) -> Problem:
    return Problem(node.file, node.line, node.column, sentence, path)
