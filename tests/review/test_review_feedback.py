"""What was answered to a finding, what it does, and what it never does."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from standfast import spec
from standfast.errors import FileError, StandfastError
from standfast.review import Finding, Measured, Review, Role, Verdict, examine
from standfast.review.baseline import read as read_baseline
from standfast.review.feedback import Answer, Reply, Status, answered, role, track
from standfast.review.feedback_file import HEAD, beside, read, write
from standfast.review.report import report

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from standfast.spec.system import System

ID = "AVL-01@journeys.checkout.slo"
AT = datetime(2026, 11, 24, 9, tzinfo=UTC)


@pytest.fixture
def weak(sound: System, spoil: Callable[..., System], now: datetime) -> Review:
    return examine(spoil(sound, {"components/db/availability": Fraction("0.998")}), Measured(), now)


def _reviews() -> tuple[Review, Review]:
    text = "system: {name: blog}\ncomponents:\n  web: {type: http}\n"
    text += "journeys:\n  checkout: {path: [web], slo: 99.9%}\n"
    low = "service_levels:\n  web: {of: web, sli: availability, slo: 99%}\n"
    moment = datetime(2026, 11, 24, 12, tzinfo=UTC)
    return tuple(
        examine(spec.read_text(one), Measured(), moment)
        for one in (text + low, text.replace("99.9%", "90%"))
    )  # type: ignore[return-value]


BLOCKED, FREE = _reviews()


def finding(review: Review, name: str = ID) -> Finding:
    return next(one for one in review.findings if one.id == name)


def said(answer: Answer | None, *, at: datetime = AT, verdict: Verdict | None = None) -> Reply:
    if answer is None:
        return Reply(finding=ID, at=at)
    instead = "credits" if answer is Answer.REJECT else ""
    return Reply(
        finding=ID, at=at, answer=answer, by="Ada", because="so", instead=instead, verdict=verdict
    )


# ------------------------------------------------------------------ status


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (Answer.ACCEPT, Status.ACKNOWLEDGED),
        (Answer.REJECT, Status.REJECTED),
        (Answer.PARTIAL, Status.WORKAROUND),
    ],
)
def test_an_answer_gives_a_finding_its_status(answer: Answer, status: Status, weak: Review) -> None:
    found = track(weak, [said(answer)])
    assert found.tracks[ID].status is status
    others = {one.status for name, one in found.tracks.items() if name != ID}
    assert others == {Status.SUBMITTED}


@pytest.mark.parametrize("answer", list(Answer))
def test_no_answer_changes_a_verdict(answer: Answer, weak: Review) -> None:
    told = report(weak, [said(answer)])
    assert (told.verdict, told.worst, told.count(Verdict.BLOCK)) == (
        Verdict.BLOCK,
        Verdict.BLOCK,
        1,
    )


def test_the_newest_answer_counts_whatever_the_order_and_all_stay_in_the_history(
    weak: Review,
) -> None:
    late, early = said(Answer.ACCEPT, at=AT + timedelta(days=1)), said(Answer.REJECT)
    found = track(weak, [late, early]).tracks[ID]
    assert (found.status, found.reply) == (Status.ACKNOWLEDGED, late)
    assert found.history == (early, late)


def test_a_finding_that_is_gone_has_changed(sound: System, now: datetime) -> None:
    found = track(examine(sound, Measured(), now), [said(Answer.ACCEPT)])
    assert [(one.id, one.status) for one in found.changed] == [(ID, Status.CHANGED)]
    assert ID not in found.tracks


def test_a_waived_finding_is_not_gone(
    sound: System, spoil: Callable[..., System], now: datetime
) -> None:
    from standfast.spec.system import Waiver

    waiver = Waiver(
        rule="AVL-01",
        at="journeys.checkout.slo",
        because="known",
        by="dee",
        until=now.date(),
    )
    system = spoil(sound, {"components/db/availability": Fraction("0.998"), "waivers": (waiver,)})
    found = track(examine(system, Measured(), now), [said(Answer.PARTIAL)])
    assert found.tracks[ID].status is Status.WORKAROUND
    assert found.changed == ()


def test_a_finding_that_came_back_is_asked_again(weak: Review) -> None:
    gone = said(None, at=AT + timedelta(hours=1))
    found = track(weak, [said(Answer.ACCEPT), gone]).tracks[ID]
    assert (found.status, found.reply) == (Status.SUBMITTED, None)
    assert found.note == "it was gone on 2026-11-24 and is back"
    again = said(Answer.ACCEPT, at=AT + timedelta(hours=2))
    assert track(weak, [said(Answer.ACCEPT), gone, again]).tracks[ID].reply == again


def test_a_finding_that_got_worse_is_asked_again(weak: Review) -> None:
    found = track(weak, [said(Answer.REJECT, verdict=Verdict.CLARIFY)]).tracks[ID]
    assert found.status is Status.SUBMITTED
    assert found.note == "Ada answered when it was CLARIFY; it is worse now"
    same = track(weak, [said(Answer.REJECT, verdict=Verdict.BLOCK)]).tracks[ID]
    assert same.status is Status.REJECTED


def test_what_only_a_server_finds_is_not_taken_for_gone_by_a_review_of_the_file(
    sound: System, now: datetime
) -> None:
    alone = examine(sound, Measured(), now)
    reply = replace(said(Answer.PARTIAL), live=True)
    found = track(alone, [reply])
    assert ([one.status for one in found.elsewhere], found.changed) == ([Status.WORKAROUND], ())
    assert [one.id for one in track(alone, [reply], measured=True).changed] == [ID]
    assert read(write("", [reply])) == (reply,)


# ------------------------------------------------------------------ what an answer must say


def test_an_answer_carries_name_role_date_words_and_the_verdict_it_was_given_to(
    weak: Review,
) -> None:
    moment = AT.replace(microsecond=123456)
    reply = answered(finding(weak), Answer.ACCEPT, by=" Ada  Ito ", because="we\nwill", at=moment)
    assert reply == Reply(
        finding=ID,
        at=AT,
        answer=Answer.ACCEPT,
        by="Ada Ito",
        role=Role.ANALYST,
        because="we will",
        verdict=Verdict.BLOCK,
    )


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"answer": Answer.REJECT}, "what is done instead"),
        ({"because": "  "}, "says why"),
        ({"by": ""}, "has a name"),
        ({"because": "x" * 2001}, "more than 2000"),
        ({"role": Role.LEGAL}, "addressed to Business Analyst, Solution Architect, not to Legal"),
    ],
)
def test_an_answer_that_says_too_little_is_refused(
    wrong: dict[str, object], says: str, weak: Review
) -> None:
    given: dict[str, object] = {"answer": Answer.ACCEPT, "by": "Ada", "because": "so", "at": AT}
    with pytest.raises(StandfastError, match=says):
        answered(finding(weak), **(given | wrong))  # type: ignore[arg-type]


def test_a_role_is_known_by_its_name_and_its_short_one() -> None:
    assert {role("business analyst"), role("BA"), role("ba")} == {Role.ANALYST}
    with pytest.raises(ValueError, match=r"there is no role 'CFO'; write one of: .*QA \(QA\)"):
        role("CFO")


# ------------------------------------------------------------------ the file


def test_the_answers_stand_beside_the_reliability_file() -> None:
    assert beside("standfast.yaml") == "standfast.feedback.yaml"
    assert beside("ops/shop.yaml") == "ops/standfast.feedback.yaml"


def test_a_file_begins_with_its_explanation_and_reads_back() -> None:
    replies = (said(Answer.REJECT, verdict=Verdict.BLOCK), said(None, at=AT + timedelta(days=1)))
    text = write("", replies)
    assert text.startswith(HEAD)
    assert read(text) == replies


def test_what_a_person_wrote_stays_as_it_is() -> None:
    mine = (
        "# ours\nanswers:   # newest last\n"
        f"- {{finding: {ID},   answer: ACCEPT, by: Ada, at: 2026-11-20, because: yes}}  # asked thrice\n"
        "# the end\n"
    )
    text = write(mine, [said(Answer.PARTIAL)])
    kept, added = text.splitlines()[:3], text.splitlines()[3:]
    assert kept == mine.splitlines()[:3]
    assert added[-1] == "# the end"
    assert [one.answer for one in read(text)] == [Answer.ACCEPT, Answer.PARTIAL]


@pytest.mark.parametrize("text", ["", "\n\n", "# nothing yet\n", "answers:\n", "answers: []\n"])
def test_a_file_without_answers_has_none(text: str) -> None:
    assert read(text) == ()
    assert read(write(text, [said(Answer.ACCEPT)])) == (said(Answer.ACCEPT),)


GOOD = f"finding: {ID}, answer: ACCEPT, by: Ada, at: 2026-11-20, because: so"


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (f"- {{{GOOD}, bye: x}}", "2:97: error: unknown key 'bye'; did you mean 'by'?"),
        ("- {finding: AVL-01}", "2:13: error: not a finding: 'AVL-01'"),
        (f"- {{{GOOD.replace('ACCEPT', 'accept')}}}", "not an answer: 'accept'; write ACCEPT"),
        (f"- {{{GOOD.replace('ACCEPT', 'REJECT')}}}", "`instead:` is missing"),
        (f"- {{{GOOD.replace('2026-11-20', 'soon')}}}", "not an instant: 'soon'"),
        (f"- {{{GOOD}, role: CFO}}", "there is no role 'CFO'"),
        (f"- {{{GOOD}, verdict: GOOD}}", "not a verdict of a finding: 'GOOD'"),
        (f"- {{{GOOD.replace(', because: so', '')}}}", "'because' is missing in this answer"),
        (f"- {{{GOOD}, because: again}}", "the key 'because' is here twice"),
        ("- one", "an answer is a mapping"),
        ("  x: y", "a list is expected here"),
        ("- &a [*a]", "points at nothing finished"),
    ],
)
def test_a_mistake_in_the_file_is_told_with_its_place(line: str, says: str) -> None:
    with pytest.raises(FileError) as told:
        read(f"answers:\n{line}\n", "f.yaml")
    assert says in "\n".join(told.value.problems)
    assert told.value.problems[0].startswith("f.yaml:2:")


def test_all_mistakes_are_told_at_once() -> None:
    with pytest.raises(FileError) as told:
        read("answers:\n- {finding: x}\n- {finding: y}\nmore: 1\n")
    assert len(told.value.problems) >= 7


def test_a_thousand_answers_are_added_in_one_go() -> None:
    many = [said(Answer.ACCEPT, at=AT + timedelta(seconds=number)) for number in range(1000)]
    text = write(write("", many[:1]), many[1:])
    assert read(text) == tuple(many)
    for style in ("answers: []\n", '{"answers": []}'):
        assert read(write(style, many[:3])) == tuple(many[:3])


@given(
    events=st.lists(
        st.tuples(st.integers(0, 10_000), st.sampled_from([*Answer, None])),
        unique_by=lambda one: one[0],
        max_size=8,
    ),
    chance=st.randoms(use_true_random=False),
)
def test_where_a_finding_stands_depends_on_when_and_not_on_the_way_it_was_told(
    events: list[tuple[int, Answer | None]], chance: Random
) -> None:
    replies = [said(answer, at=AT + timedelta(seconds=second)) for second, answer in events]
    told = [*replies]
    chance.shuffle(told)
    one, other = track(BLOCKED, replies), track(BLOCKED, told)
    assert one == other
    newest = max(replies, key=lambda reply: reply.at, default=None)
    open_again = newest is None or newest.answer is None
    assert (one.tracks[ID].status is Status.SUBMITTED) is open_again
    assert (track(FREE, told).changed != ()) is bool(replies)


@pytest.mark.parametrize(
    "text",
    [
        "answers: " + "[" * 10_000,
        "a: &a [x, x, x, x, x, x, x, x, x]\n"
        + "".join(f"{n}: &{n} [{', '.join(['*' + p] * 9)}]\n" for p, n in pairwise("abcdefghij")),
        "answers:\n" + "- {finding: AVL-01@a}\n" * 10_001,
        "answers:\n" + "- x\n" * 250_000,
        "x" * 5_000_000,
        "answers: !!python/object/apply:os.system [true]\n",
    ],
    ids=["deep", "bomb", "many", "more", "long", "tag"],
)
def test_a_hostile_file_gets_a_clear_error_soon(text: str) -> None:
    with pytest.raises(FileError) as told:
        read(text)
    assert len("\n".join(told.value.problems)) < 100_000


@given(st.text(max_size=300) | st.text("answers:[]{}&*-,# \nfindg@ACEPT", max_size=300))
def test_any_text_is_read_or_refused_with_its_place(text: str) -> None:
    for reading in (read, lambda one: read_baseline(one, "b.yaml")):
        problems: tuple[str, ...] = ()
        try:
            reading(text)
        except FileError as error:
            problems = error.problems
        assert all(re.match(r"[^:]+:\d+:\d+: error: ", one) for one in problems)


lines = st.text(
    st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp", "Cn", "Co")), min_size=1, max_size=60
).map(lambda text: " ".join(text.split()))


@given(
    because=lines.filter(bool),
    instead=lines.filter(bool),
    by=lines.filter(bool),
    at=st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)),  # noqa: DTZ001
    answer=st.sampled_from(Answer),
)
def test_whatever_is_answered_reads_back_as_it_was(
    because: str, instead: str, by: str, at: datetime, answer: Answer
) -> None:
    moment = at.replace(tzinfo=UTC, microsecond=0)
    reply = Reply(
        finding="AVL-01@a.b -> c",
        at=moment,
        answer=answer,
        by=by,
        role=Role.OPS,
        because=because,
        instead=instead,
        verdict=Verdict.WARN,
    )
    assert read(write(write("", [reply]), [reply])) == (reply, reply)
