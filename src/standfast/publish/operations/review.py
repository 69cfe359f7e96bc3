"""review.md: the verdict, and what goes back upstream to each role."""

from __future__ import annotations

from typing import TYPE_CHECKING

from standfast.publish.document import Document, Region
from standfast.publish.edition import count
from standfast.publish.markdown import bullets, code, escape, join, prose, table
from standfast.review.finding import Role, Verdict
from standfast.review.output import telling

if TYPE_CHECKING:
    from collections.abc import Iterator

    from standfast.publish.edition import Edition
    from standfast.review.feedback import Track
    from standfast.review.finding import Finding


def document(edition: Edition) -> Document:
    return edition.document(
        "docs/operations/review.md",
        "Review",
        Region(id="verdict", body=_verdict(edition)),
        Region(id="findings", body=_findings(edition)),
        Region(id="waivers", body=_waivers(edition)),
        Region(id="assumptions", body=assumptions(edition)),
    )


def _verdict(edition: Edition) -> str:
    review = edition.review
    counts = [
        f"{count(review.count(one), 'finding')} of {one.name}"
        for one in (Verdict.BLOCK, Verdict.CLARIFY, Verdict.WARN)
    ]
    boxes = [
        f"[{'x' if one.passed else ' '}] {escape(one.name)}: {escape(one.detail)}"
        for one in review.checks
    ]
    return join(
        f"## Verdict: {review.verdict.name}",
        f"{', '.join(counts)}; {len(review.waived)} waived.",
        bullets(boxes),
    )


def _findings(edition: Edition) -> str:
    blocks = []
    for role in Role:
        mine = [one for one in edition.review.findings if role in one.to]
        if mine:
            told = (_finding(one, edition.feedback.tracks[one.id]) for one in mine)
            blocks.append(join(f"### To the {role}", *told))
    return join("## Upstream feedback", *(blocks or ["Nothing is open."]))


def _finding(one: Finding, track: Track) -> str:
    rests = f" Rests on {', '.join(escape(each) for each in one.rests_on)}." if one.rests_on else ""
    return join(
        f"#### {escape(one.rule)} {one.verdict.name} at {code(one.at)}",
        bullets(
            [
                f"**What**: {prose(one.problem)}{f' ({escape(one.where)})' if one.where else ''}.{rests}",
                f"**Why it matters**: {prose(one.why)}",
                f"**Suggested**: {prose(one.suggestion)}",
                f"**If rejected**: {prose(one.if_rejected)}",
                *_answered(track),
            ]
        ),
    )


def _answered(track: Track) -> Iterator[str]:
    """What the role said; an answer changes no verdict, so what is still to come stands beside it."""
    if said := telling.answer(track):
        yield f"**Answer** ({track.status}): {prose(said)}; {telling.next_step(track)}"
    elif track.note:
        yield f"**Asked again**: {prose(track.note)}"


def _waivers(edition: Edition) -> str:
    rows = [
        [
            escape(one.rule),
            code(one.at),
            prose(one.because),
            edition.person(one.by),
            f"{one.until.isoformat()}{' **(expired)**' if one.until < edition.as_of else ''}",
        ]
        for one in edition.system.waivers
    ]
    if not rows:
        return join("## Waivers", "None.")
    return join("## Waivers", table(["Rule", "At", "Because", "By", "Until"], rows))


def assumptions(edition: Edition) -> str:
    rows = [
        [escape(one.id), prose(one.assumed), prose(one.because), prose(one.change)]
        for one in edition.system.assumptions
    ]
    if not rows:
        return join("## Assumptions", "None: the file states everything.")
    return join("## Assumptions", table(["Id", "Assumed", "Because", "To change it"], rows))
