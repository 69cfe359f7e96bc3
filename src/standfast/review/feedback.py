"""Upstream feedback: what the addressed roles answered to findings, and where each finding stands.

An answer says what people will do; it changes no verdict. Only the file, a measurement or a waiver does that.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from standfast.errors import StandfastError
from standfast.review.finding import Role

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from standfast.review.finding import Finding, Review, Verdict

LONGEST = 2000  # characters of one reason
LONGEST_NAME = 200
_SHORT = {
    "SA": Role.ARCHITECT,
    "OPS": Role.OPS,
    "BA": Role.ANALYST,
    "DA": Role.DATA,
    "QA": Role.QA,
    "DEV": Role.DEV,
    "LEG": Role.LEGAL,
    "AUTHOR": Role.AUTHOR,
}


class Answer(StrEnum):
    ACCEPT = "ACCEPT"  # it will be changed
    REJECT = "REJECT"  # it will not; something else is done instead
    PARTIAL = "PARTIAL"  # a part of it, or a way round it for now


class Status(StrEnum):
    """Where a finding stands between us and the role that it addresses."""

    SUBMITTED = "submitted"  # asked; nobody has answered, or the answer no longer fits
    ACKNOWLEDGED = "acknowledged"  # accepted; the file has still to change
    REJECTED = "rejected"  # refused, with the alternative
    WORKAROUND = "workaround"  # accepted in part
    CHANGED = "changed"  # gone from the review


_MEANS = {
    Answer.ACCEPT: Status.ACKNOWLEDGED,
    Answer.REJECT: Status.REJECTED,
    Answer.PARTIAL: Status.WORKAROUND,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One line of a finding's history; without an answer it says that the finding was gone by then."""

    finding: str  # rule@path
    at: datetime
    answer: Answer | None = None
    by: str = ""
    role: Role | None = None
    because: str = ""
    instead: str = ""
    verdict: Verdict | None = None  # the finding's own when it was answered
    live: bool = False  # found by what a server has measured; the file alone does not show it


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """A finding's feedback: its status, the answer in force and everything said before."""

    id: str
    status: Status
    reply: Reply | None = None
    note: str = ""  # why an earlier answer counts no more
    history: tuple[Reply, ...] = ()  # oldest first


@dataclass(frozen=True, slots=True, kw_only=True)
class Feedback:
    """Where every finding of a review stands, and those that were answered and are gone."""

    tracks: Mapping[str, Track]
    changed: tuple[Track, ...] = ()
    elsewhere: tuple[
        Track, ...
    ] = ()  # answered on a server; a review of the file alone cannot tell


def track(review: Review, replies: Iterable[Reply], *, measured: bool = False) -> Feedback:
    """Lay what was answered beside what is found; the newest answer to a finding counts.

    `measured` says that the review knows what a server has measured. One of the file alone does not
    find what only measurement shows, and must not take it for gone.
    """
    said: dict[str, list[Reply]] = defaultdict(list)
    for reply in sorted(replies, key=lambda one: one.at):
        said[reply.finding].append(reply)
    found = {one.id: one for one in (*review.findings, *review.waived)}
    missing = {name: history for name, history in said.items() if name not in found}
    unseen = {name for name, history in missing.items() if history[-1].live and not measured}
    return Feedback(
        tracks={name: _track(name, one, said.get(name, ())) for name, one in found.items()},
        changed=tuple(
            _track(name, None, history) for name, history in missing.items() if name not in unseen
        ),
        elsewhere=tuple(_answered_only(name, missing[name]) for name in missing if name in unseen),
    )


def _answered_only(name: str, history: list[Reply]) -> Track:
    last = history[-1]
    status = _MEANS[last.answer] if last.answer else Status.CHANGED
    return Track(id=name, status=status, reply=last, history=tuple(history))


def _track(name: str, finding: Finding | None, said: Iterable[Reply]) -> Track:
    history = tuple(said)
    answers = [one for one in history if one.answer]
    if finding is None:
        return Track(
            id=name,
            status=Status.CHANGED,
            reply=answers[-1] if answers else None,
            history=history,
        )
    last = history[-1] if history else None
    note = _outdated(finding, last) if last else ""
    if last is None or last.answer is None or note:
        return Track(id=name, status=Status.SUBMITTED, note=note, history=history)
    return Track(id=name, status=_MEANS[last.answer], reply=last, history=history)


def _outdated(finding: Finding, last: Reply) -> str:
    if last.answer is None:
        return f"it was gone on {last.at:%Y-%m-%d} and is back"
    if last.verdict is not None and finding.verdict > last.verdict:
        return f"{last.by} answered when it was {last.verdict.name}; it is worse now"
    return ""


def answered(
    finding: Finding,
    answer: Answer,
    *,
    by: str,
    because: str,
    at: datetime,
    role: Role | None = None,
    instead: str = "",
    live: bool = False,
) -> Reply:
    """A reply that may be kept. Raises StandfastError where it says too little, or by the wrong role."""
    by, because, instead = _line(by), _line(because), _line(instead)
    where = finding.id
    if not by or len(by) > LONGEST_NAME:
        raise StandfastError("an answer has a name under it", where=where, fix="give it as `by`")
    if not because:
        raise StandfastError("an answer says why", where=where, fix="give it as `because`")
    if answer is Answer.REJECT and not instead:
        raise StandfastError(
            "whoever rejects says what is done instead", where=where, fix="give it as `instead`"
        )
    if max(len(because), len(instead)) > LONGEST:
        raise StandfastError(f"more than {LONGEST} characters", where=where, fix="link to the rest")
    if role is not None and role not in finding.to:
        raise StandfastError(
            f"it is addressed to {', '.join(finding.to)}, not to {role}",
            where=where,
            fix="let one of them answer",
        )
    return Reply(
        finding=finding.id,
        at=at.replace(microsecond=0),
        answer=answer,
        by=by,
        role=role or finding.to[0],
        because=because,
        instead=instead,
        verdict=finding.verdict,
        live=live,
    )


def role(text: str) -> Role:
    """Of "Business Analyst", "business analyst" or "BA". Raises ValueError naming all of them."""
    known = {one.value.lower(): one for one in Role}
    found = known.get(text.strip().lower()) or _SHORT.get(text.strip().upper())
    if found is None:
        names = ", ".join(f"{one.value} ({short})" for short, one in _SHORT.items())
        raise ValueError(f"there is no role '{text[:80]}'; write one of: {names}")
    return found


def _line(text: str) -> str:
    """One line of printable text."""
    flat = " ".join(text.split())
    return "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in flat)
