"""Counts that somebody else made: a server's answers, turned into whole events of each minute.

A rate is no count. What is left over when it is rounded is carried into the next minute, so that however many
minutes are added up, they are at most one event off.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from standfast.monitoring.count import Count, bucket_start

if TYPE_CHECKING:
    from collections.abc import Mapping

MINUTE = timedelta(minutes=1)
LONGEST = 1440  # minutes in one answer
NOT_YET = "not asked yet"
_SILENT = timedelta(minutes=5)  # so long without an answer is told


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """The two expressions of an indicator; a value times `scale` is the events of one minute."""

    indicator: str
    bad: str
    total: str
    scale: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """Which minutes are asked for, by the instants at which they end, both included."""

    first: datetime
    last: datetime
    newest: datetime  # that could be asked for at all

    @property
    def behind(self) -> bool:
        return self.last < self.newest


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """By the instant that each minute ends at; a missing one was not answered."""

    bad: Mapping[datetime, float] = field(default_factory=dict)
    total: Mapping[datetime, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far an indicator was read, and how the last question ended."""

    indicator: str
    read_to: datetime  # the end of the last minute that was taken
    ok: bool
    because: str
    at: datetime  # of the last question
    since: datetime  # of `ok`
    bad: str = ""  # the expressions as they were asked
    total: str = ""
    bad_carried: float = 0.0  # events, less than one
    total_carried: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    counts: tuple[Count, ...]
    progress: Progress


def begun(indicator: str, now: datetime, newest: datetime, catch_up: timedelta) -> Progress:
    return Progress(
        indicator=indicator,
        read_to=newest - catch_up,
        ok=False,
        because=NOT_YET,
        at=now,
        since=now,
    )


def newest_end(now: datetime, lag: timedelta) -> datetime:
    """The end of the newest minute that is older than `lag`."""
    return bucket_start(now - lag, MINUTE)


def stretch(progress: Progress, newest: datetime, catch_up: timedelta) -> Stretch | None:
    """The minutes that are still missing, the oldest first; None where there are none.

    What lies further back than `catch_up` is given up: it was not seen, which the coverage says.
    """
    first = max(progress.read_to, newest - catch_up) + MINUTE
    if first > newest:
        return None
    return Stretch(first=first, last=min(newest, first + (LONGEST - 1) * MINUTE), newest=newest)


def failed(progress: Progress, question: Question | None, because: str, now: datetime) -> Progress:
    """Nothing is taken: the same minutes are asked for again."""
    return replace(
        _asked(progress, question, now),
        ok=False,
        because=because,
        since=progress.since if not progress.ok else now,
    )


def taken(
    progress: Progress, question: Question, asked: Stretch, answer: Answer, now: datetime
) -> Taken:
    """The counts of an answer.

    Minutes at the end that are not answered may only be late, and are asked for again; a gap before an
    answered minute is one.
    """
    counts: list[Count] = []
    fault = ""
    read_to, bad_over, total_over = (
        max(progress.read_to, asked.first - MINUTE),
        progress.bad_carried,
        progress.total_carried,
    )
    end = asked.first
    while end <= asked.last:
        bad, total, why = _events(answer, end, question.scale)
        fault = why or fault
        if not why and total is not None:
            whole_total, total_over = _whole(total + total_over)
            whole_bad, bad_over = _whole(bad + bad_over, most=whole_total)
            counts.append(_count(question.indicator, end, whole_bad, whole_total))
            read_to = end
        end += MINUTE
    if asked.behind:
        read_to = asked.last
    because = fault or _silence(asked, read_to)
    ok = not because
    after = replace(
        _asked(progress, question, now),
        read_to=read_to,
        bad_carried=bad_over,
        total_carried=total_over,
        ok=ok,
        because=because,
        since=progress.since if progress.ok == ok else now,
    )
    return Taken(counts=tuple(counts), progress=after)


def _asked(progress: Progress, question: Question | None, now: datetime) -> Progress:
    if question is None:
        return replace(progress, at=now)
    return replace(progress, at=now, bad=question.bad, total=question.total)


def _events(answer: Answer, end: datetime, scale: float) -> tuple[float, float | None, str]:
    """(bad, total, fault) of the minute that ends then; no total where nothing was answered."""
    total, bad = answer.total.get(end), answer.bad.get(end)
    if total is None and bad is None:
        return 0.0, None, ""
    at = f"{end:%H:%M} UTC"
    if total is None:
        return 0.0, None, f"bad events without all events at {at}: `total` answers nothing"
    if bad is None:
        return (
            0.0,
            None,
            f"all events without the bad ones at {at}: a metric, label or bucket is missing",
        )
    if not (math.isfinite(total) and math.isfinite(bad)):
        return 0.0, None, f"{bad:g} bad of {total:g} at {at} are no numbers"
    slack = 1e-6 + 0.01 * abs(total)
    if total < 0 or bad < -slack:
        return 0.0, None, f"{bad:g} bad of {total:g} at {at}: fewer than none"
    if bad > total + slack:
        return 0.0, None, f"{bad:g} bad of {total:g} at {at}: more bad than all"
    return min(max(bad, 0.0), total) * scale, total * scale, ""


def _whole(events: float, most: int | None = None) -> tuple[int, float]:
    """Whole events, and what is left over; of the bad ones no more than there are at all."""
    whole = max(0, round(events))
    whole = whole if most is None else min(whole, most)
    return whole, events - whole


def _count(indicator: str, end: datetime, bad: int, total: int) -> Count:
    begins = end - MINUTE
    return Count(
        indicator=indicator, at=begins, bad=bad, total=total, covered=MINUTE, seen_from=begins
    )


def _silence(asked: Stretch, read_to: datetime) -> str:
    if asked.behind or asked.newest - read_to <= _SILENT:
        return ""
    return f"nothing is answered since {read_to:%Y-%m-%d %H:%M} UTC: no such series, or no samples of late"
