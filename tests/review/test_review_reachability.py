"""ONC-08: whom a page must wake, and what is known of the ways to them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from standfast.paging.reachable import Proof, Way
from standfast.review import Evidence, Measured, Verdict, examine
from standfast.review.output.text import as_text
from standfast.review.report import report
from standfast.spec.calling import Channel
from standfast.spec.values import Grade

if TYPE_CHECKING:
    from standfast.review import Finding
    from standfast.spec import system as s

DAY = timedelta(days=1)


@pytest.fixture
def staffed(sound: s.System) -> s.System:
    """The sound system with a channel that every page goes by, and an address for each person."""
    page = Channel(
        name="page", kind="smtp", wakes=True, host="mail.shop.test", sender="sf@shop.test"
    )
    people = {name: replace(one, email=f"{name}@shop.test") for name, one in sound.people.items()}
    return replace(sound, channels={"page": page}, people=people)


def found(system: s.System, now: datetime, ada: dict[str, Way]) -> list[Finding]:
    """With everybody else verified."""
    known = {
        (person, channel): way(person, channel, Proof.VERIFIED, now)
        for person in system.people
        for channel in system.channels
    }
    known |= {("ada", channel): one for channel, one in ada.items()}
    evidence = {"channel.ada.page": Evidence(grade=Grade.MEASURED, at=now - DAY, of="failed")}
    review = examine(system, Measured(channels=known, evidence=evidence), now)
    return [one for one in review.findings if one.rule == "ONC-08"]


def way(person: str, channel: str, proof: Proof, now: datetime, **more: object) -> Way:
    given = {"until": now + 60 * DAY, "asked_at": now - DAY, **more}
    return Way(person=person, channel=channel, wakes=True, proof=proof, **given)


def ada(now: datetime, system: s.System, proof: Proof, **more: object) -> dict[str, Way]:
    return {one: way("ada", one, proof, now, **more) for one in system.channels}


@pytest.mark.parametrize(
    ("proof", "more", "verdict", "said"),
    [
        (Proof.DECLARED, {}, Verdict.CLARIFY, "was never tested"),
        (Proof.EXPIRED, {}, Verdict.CLARIFY, "the verification of page ended"),
        (Proof.TESTING, {}, Verdict.CLARIFY, "a test of page waits for its answer"),
        (Proof.FAILED, {"reason": "550 no such user"}, Verdict.BLOCK, "failed (550 no such user)"),
    ],
)
def test_without_a_proof_it_names_whom_and_what_to_do(
    staffed: s.System,
    now: datetime,
    proof: Proof,
    more: dict[str, str],
    verdict: Verdict,
    said: str,
) -> None:
    (one,) = found(staffed, now, ada(now, staffed, proof, **more))

    assert (one.at, one.verdict) == ("people.ada", verdict)
    assert said in one.problem
    assert "is to be woken in shop" in one.problem
    assert "standfast on-call test ada" in one.suggestion
    assert one.evidence == ("channel of ada.page: measured 2026-11-23, failed",)


def test_a_verification_that_ends_soon_is_a_warning(staffed: s.System, now: datetime) -> None:
    (one,) = found(staffed, now, ada(now, staffed, Proof.VERIFIED, until=now + 13 * DAY))

    assert one.verdict is Verdict.WARN
    assert f"ends {now + 13 * DAY:%Y-%m-%d}" in one.problem
    assert not found(staffed, now, ada(now, staffed, Proof.VERIFIED, until=now + 15 * DAY))


def test_one_of_two_ways_that_failed_is_a_warning(staffed: s.System, now: datetime) -> None:
    both = replace(
        staffed,
        channels={
            **staffed.channels,
            "call": replace(staffed.channels["page"], name="call", wakes=True),
        },
        severities={
            name: replace(rule, notify=("page", "call"))
            for name, rule in staffed.severities.items()
        },
    )
    ways = ada(now, both, Proof.VERIFIED) | {
        "call": way("ada", "call", Proof.FAILED, now, reason="no answer")
    }
    (one,) = found(both, now, ways)

    assert one.verdict is Verdict.WARN
    assert "the test of call" in one.problem


def test_without_a_server_it_is_declared_and_no_finding(staffed: s.System, now: datetime) -> None:
    review = examine(staffed, Measured(), now)
    text = as_text(report(review))

    assert "ada by page" in review.declared
    assert "declared, not verified: run `standfast on-call test --all` with a server" in text
    known = examine(staffed, Measured(channels={}), now)
    assert known.declared == ()
    assert "declared, not verified" not in as_text(report(known))
