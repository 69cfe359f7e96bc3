"""The standing review on real databases: findings open and close, answers are kept, nothing is forgotten."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from standfast import spec
from standfast.audit.event import Actor
from standfast.engine.examine import Examine
from standfast.errors import FileError, NotFound, StandfastError
from standfast.review import Measured, Role
from standfast.review import examine as review
from standfast.review.feedback import Answer, Reply, Status

if TYPE_CHECKING:
    from conftest import FakeClock, MemoryLog
    from standfast.spec.system import System
    from standfast.store.database import Database

BLOG = """\
system: {name: blog}
components:
  web: {type: http, url: https://blog.test, needs: {db: hard}}
  db: {type: postgresql}
data:
  posts: {store: db, class: critical, rpo: 24h, rto: 4h}
locations:
  near: {path: /var/backups/near}
backups:
  db: {full: {at: "02:00 daily", keep: 30d, to: [near]}, verify: {weekly: restore}}
journeys:
  read: {path: [web], slo: 99%, sla: 99.9%}
"""
ID = "SLO-02@journeys.read.sla"
ADA = Actor(type="user", id="ada", ip_address="192.0.2.1")


class Beside:
    """The file of answers, as it stands on disk by now."""

    def __init__(self) -> None:
        self.replies: tuple[Reply, ...] = ()
        self.problems: tuple[str, ...] = ()

    def __call__(self) -> tuple[Reply, ...]:
        if self.problems:
            raise FileError(self.problems)
        return self.replies


@pytest.fixture
def broken() -> System:
    return spec.read_text(BLOG)


@pytest.fixture
def mended() -> System:
    return spec.read_text(BLOG.replace("99.9%", "95%"))


@pytest.fixture
def beside() -> Beside:
    return Beside()


@pytest.fixture
def examine(database: Database, clock: FakeClock, beside: Beside) -> Examine:
    return Examine(database, lambda _now: Measured(), beside, clock)


def status(examine: Examine, system: System, clock: FakeClock) -> Status:
    report = examine.report(system, clock())
    gone = [one for one in report.feedback.changed if one.id == ID]
    return gone[0].status if gone else report.feedback.tracks[ID].status


def test_an_answer_is_kept_and_told_with_who_gave_it(
    examine: Examine, broken: System, clock: FakeClock, log: MemoryLog
) -> None:
    kept = examine.answer(
        broken, ID, Answer.REJECT, ADA, because="signed", instead="credits", via="api"
    )
    assert (kept.by, kept.role, kept.at) == ("ada", Role.ANALYST, clock())
    assert status(examine, broken, clock) is Status.REJECTED
    (event,) = log.events
    assert (event.type, event.actor, event.target and event.target.id) == (
        "finding.answered",
        ADA,
        ID,
    )
    assert event.context == {"via": "api", "role": "Business Analyst", "instead": "credits"}


def test_the_same_answer_twice_is_one(
    examine: Examine, broken: System, log: MemoryLog, database: Database
) -> None:
    for _ in range(2):
        examine.answer(broken, ID, Answer.ACCEPT, ADA, because="so")
    assert log.types == ["finding.answered"]
    assert len(database.read(lambda tx: tx.review.replies())) == 1


def test_what_cannot_be_answered_changes_nothing(
    examine: Examine, broken: System, mended: System, log: MemoryLog
) -> None:
    with pytest.raises(NotFound, match="no such finding"):
        examine.answer(mended, ID, Answer.ACCEPT, ADA, because="so")
    with pytest.raises(StandfastError, match="not to Legal"):
        examine.answer(broken, ID, Answer.ACCEPT, ADA, because="so", role=Role.LEGAL)
    assert log.types == []


def test_a_mended_finding_is_marked_changed_and_one_that_comes_back_is_asked_again(
    examine: Examine, broken: System, mended: System, clock: FakeClock, log: MemoryLog
) -> None:
    examine.tick(broken, clock())
    examine.answer(broken, ID, Answer.ACCEPT, ADA, because="so")
    examine.tick(mended, clock.pass_by(minutes=1))
    examine.tick(mended, clock.pass_by(minutes=1))
    assert status(examine, mended, clock) is Status.CHANGED
    assert log.types.count("finding.changed") == 1
    examine.tick(broken, clock.pass_by(minutes=1))
    assert status(examine, broken, clock) is Status.SUBMITTED
    clock.pass_by(minutes=1)
    examine.answer(broken, ID, Answer.PARTIAL, ADA, because="for now")
    assert status(examine, broken, clock) is Status.WORKAROUND


def test_the_file_and_the_server_meet_and_the_newest_answer_counts(
    examine: Examine,
    broken: System,
    beside: Beside,
    clock: FakeClock,
    log: MemoryLog,
    database: Database,
) -> None:
    early = clock() - timedelta(days=1)
    beside.replies = (
        Reply(finding=ID, at=early, answer=Answer.REJECT, by="Bo", because="no", instead="x"),
    )
    examine.answer(broken, ID, Answer.ACCEPT, ADA, because="so")
    for _ in range(2):
        examine.tick(broken, clock())
    assert status(examine, broken, clock) is Status.ACKNOWLEDGED
    late = Reply(
        finding=ID, at=clock.pass_by(hours=1), answer=Answer.PARTIAL, by="Bo", because="half"
    )
    beside.replies += (late,)
    examine.tick(broken, clock())
    assert status(examine, broken, clock) is Status.WORKAROUND
    kept = database.read(lambda tx: tx.review.replies())
    assert [one.by for one in kept] == ["Bo", "ada", "Bo"]
    assert log.types.count("finding.answered") == 3


def test_what_only_measurement_shows_is_kept_as_such(
    database: Database, clock: FakeClock, broken: System
) -> None:
    measured = Measured(last_restore={"db": None})
    examine = Examine(database, lambda _now: measured, clock=clock)
    alone = {one.id for one in review(broken, Measured(), clock()).findings}
    report = examine.report(broken, clock())
    live = next(one for one in report.review.findings if one.id not in alone)
    assert examine.answer(broken, live.id, Answer.ACCEPT, ADA, because="so").live
    assert not examine.answer(broken, ID, Answer.ACCEPT, ADA, because="so").live
    (first, second) = database.read(lambda tx: tx.review.replies())
    assert {first.live, second.live} == {True, False}


def test_a_broken_file_of_answers_stops_nothing_and_is_shown(
    examine: Examine, broken: System, beside: Beside, clock: FakeClock
) -> None:
    beside.problems = ("standfast.feedback.yaml:2:3: error: no",)
    assert examine.tick(broken, clock()) > 0
    assert examine.refused == beside.problems
    beside.problems = ()
    examine.tick(broken, clock())
    assert examine.refused == ()
