"""A count of events, on its way into its bucket."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

_EPOCH_ORDINAL = 719_163  # of 1970-01-01


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    indicator: str
    at: datetime  # the beginning of its bucket
    bad: int
    total: int
    covered: timedelta  # how much time this look speaks for
    seen_from: datetime  # the instant from which it speaks


def bucket_start(moment: datetime, width: timedelta) -> datetime:
    """The beginning of the bucket that `moment` lies in; buckets count from 1970 in UTC."""
    since_midnight = timedelta(
        days=moment.toordinal() - _EPOCH_ORDINAL,
        hours=moment.hour,
        minutes=moment.minute,
        seconds=moment.second,
        microseconds=moment.microsecond,
    )
    return moment - since_midnight % width


def count_of(
    indicator: str,
    bad: int,
    total: int,
    *,
    since: datetime,
    now: datetime,
    every: timedelta,
    width: timedelta,
) -> Count:
    """What one look since the last one at `since` counted.

    A look speaks for two and a half intervals at most. After a longer pause its events belong to the
    middle of it: they did happen, and are no news of the last minutes. Where `since` is not past, our
    clock has been set: the events count, and nobody knows for how long they stand.
    """
    gap = max(now - since, timedelta(0))
    most = 2.5 * every
    late = gap > max(5 * every, timedelta(minutes=5))
    return Count(
        indicator=indicator,
        at=bucket_start(now - gap / 2 if late else now, width),
        bad=bad,
        total=total,
        covered=min(gap, most) if not late else timedelta(0),
        seen_from=now if late else max(since, now - most),
    )
