from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from standfast.errors import NotFound
from standfast.recovery.catalogue import (
    Canary,
    Copy,
    CopyState,
    Mark,
    TableFacts,
    advance,
    chain,
    fail,
)
from standfast.recovery.proof import Found, LastWords, differences, measured_rpo
from standfast.recovery.retention import removable
from standfast.recovery.schedule import next_daily, next_interval
from standfast.recovery.wal import (
    SEGMENT_SIZE,
    Segment,
    format_lsn,
    goes_on,
    parse_lsn,
    read_segment,
    scan,
    segment_name,
)  # fmt: skip

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
instants = st.integers(0, 315_000_000).map(
    lambda s: datetime(2020, 1, 1, tzinfo=UTC) + timedelta(seconds=s)
)


def copy(
    name: str,
    *,
    days: float,
    kind: str = "full",
    parent: str | None = None,
    state=CopyState.CHECKSUMMED,
) -> Copy:
    at = NOW - timedelta(days=days)
    return Copy(
        id=name, store="db", kind=kind, parent=parent, state=state, begun_at=at, finished_at=at, size=1,
        timeline=1, start_lsn=1, end_lsn=2, generation=1, major=18, system_identifier="1",
        manifest_sha256="", segment_size=SEGMENT_SIZE, location="local",
    )  # fmt: skip


@given(st.integers(0, 2**64 - 1))
def test_a_position_reads_back_as_it_was_written(position: int) -> None:
    assert parse_lsn(format_lsn(position)) == position


@given(st.integers(1, 2**31), st.integers(0, 2**40), st.sampled_from([2**20, 2**24, 2**30]))
def test_a_segment_name_reads_back(timeline: int, number: int, size: int) -> None:
    number %= 2**32 * (2**32 // size)
    segment = read_segment(segment_name(timeline, number, size), size, size)
    assert segment
    assert (segment.timeline, segment.number) == (timeline, number)


@given(st.integers(1, 30), st.sets(st.integers(0, 29)))
def test_a_run_is_whole_just_where_no_segment_is_missing(length: int, gone: set[int]) -> None:
    present = [n for n in range(length) if n not in gone]
    found = [
        Segment(name=segment_name(1, n), timeline=1, number=n, partial=False, size=SEGMENT_SIZE)
        for n in present
    ]
    span = scan(found, first=0, last=length - 1)
    missing = {n for n in gone if n < length}
    assert span.whole == (not missing)
    assert len(span.problems) == len(missing)
    assert span.through == (
        min(missing) - 1 if missing and min(missing) else (None if missing else length - 1)
    )


@given(
    st.times().map(lambda t: t.replace(microsecond=0)), instants,
    st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata"]),
)  # fmt: skip
def test_the_next_daily_instant_is_after_now_and_within_a_day_and_a_clock_change(
    at: time, now: datetime, zone: str
) -> None:
    due = next_daily(at, ZoneInfo(zone), now)
    assert now < due <= now + timedelta(hours=26)


@given(
    st.timedeltas(timedelta(seconds=1), timedelta(days=40)),
    instants,
    st.timedeltas(timedelta(0), timedelta(days=400)),
)
def test_missed_intervals_are_made_up_for_once(
    every: timedelta, since: datetime, away: timedelta
) -> None:
    now = since + away
    due = next_interval(every, since, now)
    assert now < due <= now + every
    assert (due - since) % every == timedelta(0)


@st.composite
def catalogues(draw) -> list[Copy]:
    copies: list[Copy] = []
    for number in range(draw(st.integers(1, 12))):
        usable_parents = [c.id for c in copies]
        parent = draw(st.sampled_from([None, *usable_parents])) if usable_parents else None
        copies.append(copy(
            str(number), days=60 - number * draw(st.integers(1, 5)) - number / 100, parent=parent,
            kind="incremental" if parent else "full", state=draw(st.sampled_from(list(CopyState))),
        ))  # fmt: skip
    return copies


@given(catalogues())
def test_retention_never_breaks_a_chain_nor_takes_the_last_proof_or_the_newest(
    copies: list[Copy],
) -> None:
    gone = {
        c.id
        for c in removable(
            copies, {"full": timedelta(days=30), "incremental": timedelta(days=7)}, NOW
        )
    }
    left = [c for c in copies if c.id not in gone]
    for each in left:
        try:
            chain(left, each)
        except NotFound:
            raise AssertionError(f"{each.id} lost a link") from None
    if proven := [c for c in copies if c.proven]:
        assert max(proven, key=lambda c: c.finished_at).id not in gone
    if usable := [c for c in copies if c.usable]:
        assert max(usable, key=lambda c: c.finished_at).id not in gone


def test_a_copy_never_falls_back_by_passing_a_weaker_check() -> None:
    proven = advance(copy("a", days=1), CopyState.CONTENT_MATCHED, NOW)
    assert advance(proven, CopyState.CHECKSUMMED, NOW) == proven
    assert fail(proven, "gone", NOW).reason == "gone"


def test_fewer_rows_other_content_and_an_old_canary_are_each_told() -> None:
    canary = Canary(sequence=7, at=NOW)
    facts = {
        "a": TableFacts(rows=2, digest="1"),
        "b": TableFacts(rows=2, digest="1"),
        "c": TableFacts(rows=1, digest="1"),
    }
    mark = Mark(name="m", at=NOW, lsn=1, generation=1, canary=canary, tables=facts)
    assert differences(mark, Found(canary=canary, tables=facts)) == ()

    wrong = differences(mark, Found(
        canary=Canary(sequence=6, at=NOW),
        tables={"a": TableFacts(rows=1, digest="1"), "b": TableFacts(rows=2, digest="2")},
    ))  # fmt: skip
    assert len(wrong) == 4


def test_the_measured_loss_is_nothing_only_where_commits_wait() -> None:
    canary = Canary(sequence=1, at=NOW - timedelta(minutes=3))
    fresh = LastWords(canary=canary, answered=True, arrived_after=timedelta(seconds=1))
    assert measured_rpo(canary, fresh, synchronous=True) == timedelta(0)
    assert measured_rpo(canary, fresh, synchronous=False) == timedelta(seconds=1)
    assert measured_rpo(None, fresh, synchronous=True) is None


def test_a_store_that_answers_has_lost_all_since_what_came_back() -> None:
    restored, now = (
        Canary(sequence=1, at=NOW - timedelta(hours=9)),
        Canary(sequence=2, at=NOW),
    )
    for unread in (False, True):
        last = LastWords(canary=now, answered=True, unread=unread)
        assert measured_rpo(restored, last, synchronous=False) == timedelta(hours=9)


spans = st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=900))


@given(spans, st.integers(1, 1000), st.booleans())
def test_loss_reaches_from_the_last_write_to_the_last_restored_however_long_a_store_is_silent(
    lost: timedelta, beats: int, synchronous: bool
) -> None:
    """Nothing is asked of the time since: an outage adds to no loss."""
    restored = Canary(sequence=7, at=NOW - lost)
    last = LastWords(canary=Canary(sequence=7 + beats, at=NOW), answered=False)

    assert measured_rpo(restored, last, synchronous=synchronous) == lost
    unread = replace(last, unread=True)
    assert measured_rpo(restored, unread, synchronous=synchronous) is None


@given(st.integers(0, 9), st.booleans())
def test_of_a_silent_store_of_which_all_that_was_seen_came_back_only_waiting_commits_tell_no_loss(
    more: int, unread: bool
) -> None:
    restored = Canary(sequence=7 + more, at=NOW)
    last = LastWords(canary=Canary(sequence=7, at=NOW), answered=False, unread=unread)

    assert measured_rpo(restored, last, synchronous=False) is None
    assert measured_rpo(restored, last, synchronous=True) == (None if unread else timedelta(0))
    assert measured_rpo(restored, replace(last, canary=None), synchronous=True) is None


def test_an_archive_goes_on_where_a_segment_lies_behind_the_position() -> None:
    first, second = (read_segment(segment_name(1, number), SEGMENT_SIZE) for number in (3, 4))
    assert first
    assert second
    assert not goes_on([first], 4 * SEGMENT_SIZE)
    assert goes_on([first, second], 4 * SEGMENT_SIZE)
    assert not goes_on([first, second], 4 * SEGMENT_SIZE + 1)
