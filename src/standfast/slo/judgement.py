"""Judging a burn: two windows against one factor, with honesty at low traffic in both directions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from fractions import Fraction
from typing import TYPE_CHECKING

from standfast.slo.burn import burn_rate, detection

if TYPE_CHECKING:
    from collections.abc import Callable

    from standfast.slo.burn import BurnWindow
    from standfast.slo.objective import Objective
    from standfast.slo.tally import Tally


class BurnState(StrEnum):
    CRITICAL = "critical"  # long and short at or over the factor
    INCREASING = "increasing"  # short only: it has just begun
    RECOVERING = "recovering"  # long only: it has ended, or nearly
    ACCEPTABLE = "acceptable"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """The burn over one window, wide enough to hold the events that a judgement needs."""

    window: timedelta
    tally: Tally
    rate: Fraction | None
    widened: bool = False
    young: bool = False  # it reaches back to before the first look


@dataclass(frozen=True, slots=True, kw_only=True)
class Burn:
    objective: str
    window: BurnWindow
    state: BurnState
    long: Reading
    short: Reading
    because: str

    @property
    def fires(self) -> bool:
        return self.state is BurnState.CRITICAL


def judge(
    objective: Objective,
    window: BurnWindow,
    counts: Callable[[timedelta], Tally],
    *,
    watched: timedelta,
) -> Burn:
    """`counts` tallies the window that ends now; `watched` is the time since the first look."""
    needed = events_needed(objective, window)
    long = _reading(objective, window.long, needed, objective.window, counts, watched)
    few = events_needed_shortly(objective, window)
    short = _reading(objective, window.short, few, long.window, counts, watched)
    state = _state(objective, window, long, short, watched)
    return Burn(
        objective=objective.name,
        window=window,
        state=state,
        long=long,
        short=short,
        because=_because(objective, window, long, short, state),
    )


def events_needed(objective: Objective, window: BurnWindow) -> int:
    """So many that a single bad one cannot fire it: 1/n < factor x allowed.

    One failed request of ten is no reason to wake anybody. With fewer events the window is widened
    rather than the alert dropped: eight days at 90% of failures are one, however quiet the service.
    """
    above, below = _product(window.factor, objective.allowed)
    return below // above + 1 if above else 1


def events_needed_shortly(objective: Objective, window: BurnWindow) -> int:
    """The same of the short window, at the same pace."""
    return -(-events_needed(objective, window) * (window.short // _US) // (window.long // _US))


def _product(one: Fraction, other: Fraction) -> tuple[int, int]:
    """Their product, not reduced: this is asked for every window of every objective again and again."""
    return one.numerator * other.numerator, one.denominator * other.denominator


_US = timedelta(microseconds=1)
_HANDFUL = 10  # events


def _reading(
    objective: Objective,
    window: timedelta,
    needed: int,
    widest: timedelta,
    counts: Callable[[timedelta], Tally],
    watched: timedelta,
) -> Reading:
    wide = window
    tally = counts(wide)
    while _at_pace(tally.evidence, wide, watched) < needed and wide < widest:
        wide = min(2 * wide, widest)
        tally = counts(wide)
    return Reading(
        window=wide,
        tally=tally,
        rate=burn_rate(tally.bad, _at_pace(tally.total, wide, watched), objective.allowed),
        widened=wide > window,
        young=watched < wide,
    )


def _at_pace(events: int, window: timedelta, watched: timedelta) -> Fraction | int:
    """How many events the whole window holds, at the pace since the first look.

    What was seen for two minutes has not spent the budget of an hour at the pace of those two minutes:
    the rest of the window counts as just as busy, and good. So the young alert as soon as the old do.
    """
    if not timedelta(0) < watched < window:
        return events
    return events * Fraction(window // _US, watched // _US)


def _state(
    objective: Objective,
    window: BurnWindow,
    long: Reading,
    short: Reading,
    watched: timedelta,
) -> BurnState:
    if not (_seen(objective, long, watched) and _seen(objective, short, watched)):
        return BurnState.UNKNOWN
    if _too_few(objective, window, long):
        return BurnState.UNKNOWN
    over_long = _over(window, long)
    over_short = _over(window, short)
    if over_long and over_short:
        return BurnState.CRITICAL
    if over_short:
        return BurnState.INCREASING
    return BurnState.RECOVERING if over_long else BurnState.ACCEPTABLE


def _too_few(objective: Objective, window: BurnWindow, long: Reading) -> bool:
    """A handful of events of something just begun is no evidence, however bad they are."""
    return long.young and long.tally.evidence < min(_HANDFUL, events_needed(objective, window))


def _over(window: BurnWindow, reading: Reading) -> bool:
    """At or above the factor, by more than one bad event: the widest window may still be poor."""
    tally = reading.tally
    several = tally.bad * tally.evidence > tally.total
    return several and reading.rate is not None and reading.rate >= window.factor


def _seen(objective: Objective, reading: Reading, watched: timedelta) -> bool:
    asked, covered, least = (
        min(reading.window, watched) // _US,
        reading.tally.covered // _US,
        objective.min_coverage,
    )
    return covered > 0 and covered * least.denominator >= asked * least.numerator


def _because(
    objective: Objective, window: BurnWindow, long: Reading, short: Reading, state: BurnState
) -> str:
    if state is BurnState.UNKNOWN and _too_few(objective, window, long) and long.tally.total:
        return (
            f"{objective.name}: {count_words(long.tally.bad)} bad of {long.tally.total:,} since the first"
            f" look are too few events to judge the burn"
        )
    if state is BurnState.UNKNOWN:
        return f"{objective.name}: too little was seen over {words(long.window)} to judge the burn"
    said = (
        f"{objective.name} burns its budget {_times(long.rate)} over {words(long.window)}"
        f" and {_times(short.rate)} over {words(short.window)}"
        f" ({count_words(long.tally.bad)} bad of {long.tally.total:,}); the limit is"
        f" {float(window.factor):.4g}x, {float(window.budget_share):.0%} of the budget"
        f" in {words(window.long)}"
    )
    if long.widened or short.widened:
        said += "; widened, for too few events otherwise"
    if long.young:
        said += "; first seen within that time, which counts as good before"
    return said


def explain(objective: Objective, window: BurnWindow) -> str:
    """How soon this window notices, in one sentence: the answer to "why this number"."""
    soon = told(objective.bad, lambda share: detection(objective, window, share))
    return (
        f"fires when {float(window.budget_share):.0%} of the budget would go in"
        f" {words(window.long)} ({float(window.factor):.4g}x): {soon}"
    )


_SHARES = (Fraction(1), Fraction(1, 10), Fraction(1, 100))


def told(bad: str, detected: Callable[[Fraction], timedelta | None]) -> str:
    """ "100% of requests failing after 52s, 10% after 8m38s, 1% never": how soon each share is noticed."""
    first, *others = (f"{float(share):.0%}" for share in _SHARES)
    names = (f"{first} of {bad}", *others)
    return ", ".join(
        f"{name} {_after(detected(share))}" for name, share in zip(names, _SHARES, strict=True)
    )


def _after(span: timedelta | None) -> str:
    return "never" if span is None else f"after {words(span)}"


def _times(rate: Fraction | None) -> str:
    return "0x" if rate is None else f"{float(rate):.4g}x"


def count_words(count: Fraction | int) -> str:
    """Bad events; those of a joint objective are worked out, and no whole number."""
    return f"{round(count):,}" if count >= 100 else f"{float(count):.3g}"


def words(span: timedelta) -> str:
    """A duration as the file would write it: "1h30m", "52s"."""
    left = round(span.total_seconds())
    parts = []
    for name, size in (("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)):
        count, left = divmod(left, size)
        if count:
            parts.append(f"{count}{name}")
    return "".join(parts[:2]) or f"{span.total_seconds():.3g}s"
