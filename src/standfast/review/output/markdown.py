"""Markdown for a pull request: short at first sight, the rest folded away, no longer than a comment may be."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from standfast.review.finding import Role, Verdict
from standfast.review.output import telling
from standfast.review.wording import counted

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from standfast.review.feedback import Track
    from standfast.review.finding import Finding
    from standfast.review.report import Report

MARKER = "<!-- standfast review -->"  # by which a pipeline finds its comment again
LONGEST = 60_000  # characters; GitHub takes 65,536 of a comment
_LISTED = 100  # of what is known, gone, changed or waived
_SPAN = re.compile(r"(`[^`]+`)")
_SIGNS = re.compile(r"([\\`*_{}\[\]<>#|~&])")


def as_markdown(report: Report) -> str:
    """Verdict, quick checks, then a part for each role, the blocking ones unfolded."""
    review = report.review
    head = [
        MARKER,
        f"## standfast review of {escaped(review.system)}: {report.verdict.name}",
        "",
        f"{telling.figures(report)}, as of {review.as_of:%Y-%m-%d}.",
        *filter(None, [escaped(telling.compared(report))]),
        "",
        *_checks(report),
        "",
        *_inputs(report),
    ]
    parts = [*_roles(report), *_rest(report)]
    return _bounded("\n".join(head) + "\n", parts)


def _bounded(text: str, parts: Sequence[str]) -> str:
    """As many whole parts as fit, and how many did not."""
    left = 0
    for part in parts:
        if len(text) + len(part) > LONGEST:
            left += 1
        else:
            text += part
    if left:
        text += f"\n{counted(left, 'part')} left out, for a comment takes no more; see the text or JSON.\n"
    return text


def escaped(text: str) -> str:
    """Text as text: nothing in it makes Markdown or HTML, or calls anybody; code between backticks stays so."""
    parts = _SPAN.split(_printable(" ".join(text.split())))
    return "".join(
        code_span(part[1:-1]) if index % 2 else _plain(part) for index, part in enumerate(parts)
    )


def _plain(text: str) -> str:
    return _SIGNS.sub(r"\\\1", text).replace("@", "@\u200b").replace("://", ":\u200b//")


def _printable(text: str) -> str:
    return "".join(sign if sign.isprintable() else "\ufffd" for sign in text)


def code_span(text: str) -> str:
    """A path, an id or a key as code; a backtick in it would end it, a bar would end a cell."""
    return f"`{_printable(text).replace('`', chr(39)).replace('|', chr(0xA6))}`"


def _checks(report: Report) -> Iterator[str]:
    yield "| Quick check | Passed | Detail |"
    yield "|---|---|---|"
    for one in report.review.checks:
        yield f"| {one.name} | {'yes' if one.passed else '**no**'} | {escaped(one.detail)} |"


def _inputs(report: Report) -> Iterator[str]:
    owing = sum(bool(one.missing) for one in report.review.inputs)
    said = f"{counted(owing, 'role')} owing" if owing else "complete"
    yield f"<details><summary>Inputs: {said}</summary>"
    yield ""
    yield "| From | What | State |"
    yield "|---|---|---|"
    for one in report.review.inputs:
        yield f"| {one.role} | {escaped(one.what)} | {escaped(telling.owed(one))} |"
    yield ""
    yield "</details>"


def _roles(report: Report) -> Iterator[str]:
    for role in Role:
        own = [one for one in report.counted if one.to[0] is role]
        # Long lists go in slices, so that what is left out of a comment is not a whole role.
        for start in range(0, len(own), 20):
            yield _folded(report, role, own[start : start + 20], len(own), start)


def _folded(report: Report, role: Role, own: Sequence[Finding], total: int, start: int) -> str:
    blocks = sum(one.verdict is Verdict.BLOCK for one in own)
    said = f"{telling.addressed(role)}: {counted(total, 'finding')}"
    if blocks:
        said += f", {blocks} blocking"
    if start:
        said = f"{telling.addressed(role)}, from the {start + 1}th on"
    unfolded = " open" if blocks else ""
    items = "\n".join(_item(report, one) for one in own)
    return f"\n<details{unfolded}><summary>{said}</summary>\n\n{items}\n\n</details>\n"


def _item(report: Report, finding: Finding) -> str:
    track = report.track(finding)
    place = f" ({code_span(finding.where)})" if finding.where else ""
    lines = [
        f"- **{finding.verdict.name}** {code_span(finding.id)}{place}, {track.status}",
        escaped(finding.problem),
        *filter(None, [escaped(telling.worsened(report, finding.id))]),
        f"Do: {escaped(finding.suggestion)}",
        f"Else: {escaped(finding.if_rejected)}",
    ]
    if len(finding.to) > 1:
        lines.append(f"Also asked: {', '.join(finding.to[1:])}")
    if finding.rests_on:
        lines.append(f"Rests on: {escaped(', '.join(finding.rests_on))}")
    if finding.evidence:
        lines.append(f"Known by: {escaped('; '.join(finding.evidence))}")
    lines += _said(track)
    return "<br>\n  ".join(lines)


def _said(track: Track) -> Iterator[str]:
    if said := telling.answer(track):
        yield f"Answer: {escaped(said)}"
        yield escaped(telling.next_step(track).capitalize())
    elif track.note:
        yield f"Asked again: {escaped(track.note)}"


def _rest(report: Report) -> Iterator[str]:
    known = [
        f"- {one.verdict.name} {code_span(one.id)}, {report.track(one).status}"
        for one in report.shown_known
    ]
    waived = [
        f"- {one.verdict.name} {code_span(one.id)}, by {escaped(one.waived_by)}: {escaped(one.problem)}"
        for one in report.review.waived
    ]
    changed = [
        f"- {code_span(one.id)} {escaped(telling.answer(one))}" for one in report.feedback.changed
    ]
    elsewhere = [
        f"- {code_span(one.id)}, {one.status}: {escaped(telling.answer(one))}"
        for one in report.feedback.elsewhere
    ]
    gone = report.comparison.gone if report.comparison and report.comparison.listed else ()
    for title, items in (
        (f"Known in {report.comparison_name}", known),
        ("Known, and gone: take the lines out", [f"- {code_span(one)}" for one in gone]),
        ("Changed: answered, and gone", changed),
        ("On a server: found by what it measured", elsewhere),
        ("Waived", waived),
    ):
        if items:
            more = [f"- and {len(items) - _LISTED} more"] if len(items) > _LISTED else []
            body = "\n".join([*items[:_LISTED], *more])
            yield (
                f"\n<details><summary>{escaped(title)} ({len(items)})</summary>\n\n{body}\n\n"
                "</details>\n"
            )
