"""The page that a person reads in a terminal, or in the log of a pipeline."""

from __future__ import annotations

import re
import textwrap
from itertools import groupby
from typing import TYPE_CHECKING

from standfast.review.finding import Role
from standfast.review.output import telling

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from standfast.review.feedback import Track
    from standfast.review.finding import Finding, Review
    from standfast.review.report import Report
    from standfast.spec.values import Assumption

_COLOURS = {"ACCEPT": "32", "WARN": "33", "CLARIFY": "36", "BLOCK": "31"}
_VERDICT = re.compile(r"^( {2})?(ACCEPT|WARN|CLARIFY|BLOCK)\b")
_INDENT = " " * 10
_NARROWEST = 40
_FEW = 3  # findings of one rule for one role that each say all


def as_text(
    report: Report,
    *,
    colour: bool = False,
    assumptions: bool = False,
    full: bool = False,
    width: int | None = None,
) -> str:
    """Verdict, checklist, findings by role, what is known, changed, waived and assumed.

    Of many findings of one rule the first says why and what to do, the others only what was found;
    `full` has each say all. Lines are broken at `width`, where one is given; a pipe gets them whole, so
    that they can be searched.
    """
    review = report.review
    lines = [_headline(report)]
    lines += filter(None, [telling.compared(report)])
    lines += ["", *_checklist(review), "", *_inputs(review)]
    for role in Role:
        lines += _of_role(report, role, full=full)
    lines += _known(report)
    lines += _changed(report.feedback.changed)
    lines += _elsewhere(report.feedback.elsewhere)
    lines += _waived(report)
    lines += _assumed(review.assumptions) if assumptions else _hint(review.assumptions)
    lines += _imported(review.imported) if assumptions else ()
    lines += _unproved(review.declared)
    return "\n".join(_finished(line, width, colour) for line in lines) + "\n"


def _finished(line: str, width: int | None, colour: bool) -> str:
    """Broken and painted last, so that no sign of the file's can steer the reader's terminal."""
    clean = "".join(sign if sign.isprintable() else "\ufffd" for sign in line)
    fitted = _fitted(clean, width)
    return _VERDICT.sub(_painted, fitted, count=1) if colour else fitted


def _fitted(line: str, width: int | None) -> str:
    if width is None or len(line) <= width:
        return line
    margin = len(line) - len(line.lstrip())
    return textwrap.fill(
        line,
        max(width, _NARROWEST),
        subsequent_indent=" " * (margin if margin == len(_INDENT) else margin + 4),
        break_long_words=False,
        break_on_hyphens=False,
    )


def _painted(match: re.Match[str]) -> str:
    return f"{match[1] or ''}\x1b[1;{_COLOURS[match[2]]}m{match[2]}\x1b[0m"


def _headline(report: Report) -> str:
    name, day = report.review.system, report.review.as_of
    return f"{report.verdict.name}  {name}, as of {day:%Y-%m-%d}: {telling.figures(report)}"


def _checklist(review: Review) -> Iterator[str]:
    wide = max(len(check.name) for check in review.checks)
    yield "Quick checks"
    for check in review.checks:
        yield f"  [{'x' if check.passed else ' '}] {check.name:<{wide}}  {check.detail}"


def _inputs(review: Review) -> Iterator[str]:
    wide = max(len(one.role) for one in review.inputs)
    yield "Inputs"
    for one in review.inputs:
        yield f"  {one.role:<{wide}}  {one.what}: {telling.owed(one)}"


def _of_role(report: Report, role: Role, *, full: bool) -> Iterator[str]:
    """A finding stands under the first role that it addresses, once."""
    own = [finding for finding in report.counted if finding.to[0] is role]
    if own:
        yield from ("", f"{telling.addressed(role)} ({len(own)})")
    for rule, group in groupby(own, key=lambda one: (one.rule, one.verdict)):
        findings = list(group)
        told = len(findings) if full or len(findings) <= _FEW else 1
        for finding in findings[:told]:
            yield from _paragraph(report, finding)
        if short := findings[told:]:
            yield f"{_INDENT}{rule[0]} {len(short)} times more; --full gives each its own advice:"
            yield from (_line(report, finding) for finding in short)


def _line(report: Report, finding: Finding) -> str:
    place = f"  ({finding.where})" if finding.where else ""
    track = report.track(finding)
    said = "; ".join(
        filter(None, (finding.problem, telling.worsened(report, finding.id), *_said(track)))
    )
    return (
        f"  {finding.verdict.name:<7} {finding.rule}  {finding.at}{place}  {track.status}: {said}"
    )


def _paragraph(report: Report, finding: Finding) -> Iterator[str]:
    track = report.track(finding)
    place = f"  ({finding.where})" if finding.where else ""
    yield f"  {finding.verdict.name:<7} {finding.rule}  {finding.at}{place}  {track.status}"
    yield f"{_INDENT}{finding.problem}"
    if worse := telling.worsened(report, finding.id):
        yield f"{_INDENT}{worse}"
    yield f"{_INDENT}why: {finding.why}"
    yield f"{_INDENT}do:  {finding.suggestion}"
    yield f"{_INDENT}else: {finding.if_rejected}"
    if len(finding.to) > 1:
        yield f"{_INDENT}also asked: {', '.join(finding.to[1:])}"
    if finding.rests_on:
        yield f"{_INDENT}rests on: {', '.join(finding.rests_on)}"
    if finding.evidence:
        yield f"{_INDENT}known by: {'; '.join(finding.evidence)}"
    yield from (f"{_INDENT}{line}" for line in _said(track))


def _said(track: Track) -> Iterator[str]:
    if said := telling.answer(track):
        yield f"answer: {said}"
        yield f"next: {telling.next_step(track)}"
    elif track.note:
        yield f"asked again: {track.note}"


def _known(report: Report) -> Iterator[str]:
    if report.shown_known:
        yield from ("", f"Known ({len(report.shown_known)}), as in {report.comparison_name}")
    for one in report.shown_known:
        yield f"  {one.verdict.name:<7} {one.rule}  {one.at}  {report.track(one).status}: {one.problem}"
    if said := telling.gone(report):
        yield from ("", said)
        yield from (f"  {name}" for name in report.comparison.gone) if report.comparison else ()


def _changed(tracks: Sequence[Track]) -> Iterator[str]:
    if tracks:
        yield from ("", f"Changed ({len(tracks)}): answered, and gone")
    for one in tracks:
        said = telling.answer(one)
        yield f"  {one.id}{': ' if said else ''}{said}"


def _elsewhere(tracks: Sequence[Track]) -> Iterator[str]:
    if tracks:
        yield from ("", f"On a server ({len(tracks)}): found by what it measured, not by the file")
    for one in tracks:
        yield f"  {one.id}  {one.status}: {telling.answer(one)}"


def _waived(report: Report) -> Iterator[str]:
    findings = report.review.waived
    if findings:
        yield from ("", f"Waived ({len(findings)})")
    for one in findings:
        yield f"  {one.verdict.name:<7} {one.rule}  {one.at}, by {one.waived_by}: {one.problem}"


def _assumed(assumptions: Sequence[Assumption]) -> Iterator[str]:
    yield from ("", f"Assumptions ({len(assumptions)})")
    for assumption in assumptions:
        yield f"  {assumption}"


def _imported(paths: Sequence[str]) -> Iterator[str]:
    if paths:
        yield from ("", f"Imported, and confirmed by nobody ({len(paths)})")
    for path in paths:
        yield f"  {path}"


def _hint(assumptions: Sequence[Assumption]) -> Iterator[str]:
    if assumptions:
        yield from ("", f"{len(assumptions)} values were assumed; `--assumptions` lists them.")


def _unproved(declared: Sequence[str]) -> Iterator[str]:
    """That a channel reaches somebody only a server can find out."""
    if declared:
        ways = (
            "1 way to wake somebody is"
            if len(declared) == 1
            else f"{len(declared)} ways to wake people are"
        )
        yield from (
            "",
            f"{ways} declared, not verified: run `standfast on-call test --all` with a server.",
        )
