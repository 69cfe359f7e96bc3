"""ONC-08: that a channel stands in the file does not say that it wakes anybody; an answered test page does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from standfast.paging.reach import waking_ways
from standfast.paging.reachable import Proof, waking
from standfast.review.finding import Hit, Role, Verdict, rule
from standfast.review.wording import listed, stretch
from standfast.spec.values import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from standfast.paging.cover import Piece
    from standfast.paging.reachable import Way
    from standfast.review.case import Case
    from standfast.spec.calling import OnCall

_PAGING = (Severity.P1, Severity.P2)


@rule(
    "ONC-08",
    Verdict.CLARIFY,
    Role.OPS,
    condition="person on call within eight weeks whom no channel wakes that an answered test page has verified "
    "(BLOCK where the last test of every one failed; WARN where one of several failed, and where the last "
    "verification ends within two weeks)",
    why="an address with a slip of the pen, a telephone that lets nothing through at night: nobody notices "
    "until the page that matters",
    if_rejected="the on-call document shows the channel as declared, not as verified",
)
def unverified(case: Case) -> Iterator[Hit]:
    known = case.measured.channels
    if known is None:
        return  # without a server nobody can know; the review says so in its last line
    for person, (severity, rota, piece) in _needed(case).items():
        ways = waking(person, severity, case.system, known)
        if ways:
            yield from _judged(case, person, ways, rota, piece)


def _needed(case: Case) -> dict[str, tuple[Severity, OnCall, Piece]]:
    """Whom a page may have to wake, with the first stretch in which it does; by the gravest severity."""
    found: dict[str, tuple[Severity, OnCall, Piece]] = {}
    for rota in case.system.on_call.values():
        for severity in _PAGING:
            for piece in case.cover.get((rota.name, severity), ()):
                there = piece.standing
                for one in (*there.first, *there.behind):
                    if one not in found and waking_ways(one, severity, case.system):
                        found[one] = (severity, rota, piece)
    return found


def _judged(
    case: Case, person: str, ways: Sequence[Way], rota: OnCall, piece: Piece
) -> Iterator[Hit]:
    good = [way for way in ways if way.proof is Proof.VERIFIED]
    failed = [way for way in ways if way.proof is Proof.FAILED]
    who = _name(case, person)
    if not good:
        when = stretch(piece.begin, piece.end, rota.timezone)
        yield _hit(
            person,
            ways,
            f"{who} is to be woken in {rota.name} {when}, and no channel is known to do it: "
            f"{listed(_state(way) for way in ways)}",
            Verdict.BLOCK if len(failed) == len(ways) else None,
        )
    elif failed:
        yield _hit(person, failed, f"{who}: {listed(_state(way) for way in failed)}", Verdict.WARN)
    elif all(way.due(case.now) for way in good):
        yield _hit(person, good, f"{who}: {listed(_state(way) for way in good)}", Verdict.WARN)


def _hit(person: str, ways: Sequence[Way], problem: str, verdict: Verdict | None) -> Hit:
    repair = "mend the address or the channel, then " if ways[0].proof is Proof.FAILED else ""
    return Hit(
        at=f"people.{person}",
        problem=problem,
        suggestion=f"{repair}run `standfast on-call test {person}`, and let them answer it",
        verdict=verdict,
        known_by=tuple(f"channel.{way.person}.{way.channel}" for way in ways),
    )


def _state(way: Way) -> str:
    match way.proof:
        case Proof.VERIFIED:
            return f"the verification of {way.channel} ends {way.until:%Y-%m-%d}"
        case Proof.EXPIRED:
            return f"the verification of {way.channel} ended {way.until:%Y-%m-%d}"
        case Proof.FAILED:
            return f"the test of {way.channel} on {way.asked_at:%Y-%m-%d} failed ({way.reason})"
        case Proof.TESTING:
            return f"a test of {way.channel} waits for its answer"
        case Proof.DECLARED:
            return f"{way.channel} was never tested" + (f": {way.reason}" if way.reason else "")


def _name(case: Case, person: str) -> str:
    known = case.system.people.get(person)
    return known.name if known else person


RULES = (unverified,)
