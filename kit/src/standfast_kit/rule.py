"""When a breaker trips, how long it stays open, and what counts: plain values, and their short spellings."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction
from typing import Literal

Errors = type[BaseException] | tuple[type[BaseException], ...] | Callable[[BaseException], bool]
"""Exception classes, or a question asked of the exception."""

_UNITS = {"ms": Fraction(1, 1000), "s": Fraction(1), "m": Fraction(60), "h": Fraction(3600)}
_DURATION = re.compile(r"(\d{1,9}(?:\.\d{1,6})?)\s*(ms|s|m|h)")
_SHARE = re.compile(r"(\d{1,3}(?:\.\d{1,6})?)\s*%\s+(in|over)\s+(.+)")


def duration(value: str | float | timedelta) -> timedelta:
    """`"30s"`, `"1m"`, `"250ms"`, a number of seconds, or a timedelta; ValueError for anything else."""
    if isinstance(value, timedelta):
        length = value
    elif isinstance(value, str):
        found = _DURATION.fullmatch(value.strip())
        if not found:
            raise ValueError(f"{value!r} is not a duration; write 250ms, 30s, 1m or 2h")
        length = timedelta(microseconds=int(Fraction(found[1]) * _UNITS[found[2]] * 1_000_000))
    else:
        length = timedelta(seconds=value)
    if length <= timedelta(0):
        raise ValueError(f"{value!r} is not a duration: it must be longer than nothing")
    return length


def _share(text: str, word: str, example: str) -> tuple[Fraction, timedelta]:
    found = _SHARE.fullmatch(text.strip())
    if not found or found[2] != word:
        raise ValueError(f"{text!r} is not understood; write it like {example!r}")
    return Fraction(found[1]) / 100, duration(found[3])


def _check_share(share: Fraction) -> None:
    if not 0 < share <= 1:
        raise ValueError(
            f"a share of {float(share):.4g} makes no sense; it lies above 0 and up to 1"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Trip:
    """Open when this share of the calls of the last `window` failed."""

    share: Fraction
    window: timedelta

    def __post_init__(self) -> None:
        _check_share(self.share)

    @classmethod
    def parse(cls, text: str) -> Trip:
        """Read `"50% in 10s"`."""
        share, window = _share(text, "in", "50% in 10s")
        return cls(share=share, window=window)


@dataclass(frozen=True, slots=True, kw_only=True)
class Slow:
    """Open when this share of the calls took `over` or longer, though they may have succeeded."""

    share: Fraction
    over: timedelta

    def __post_init__(self) -> None:
        _check_share(self.share)

    @classmethod
    def parse(cls, text: str) -> Slow:
        """Read `"50% over 4s"`."""
        share, over = _share(text, "over", "50% over 4s")
        return cls(share=share, over=over)


def unchanged(seconds: float) -> float:
    """The open time without jitter."""
    return seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Everything a breaker is told; the defaults trip late rather than early."""

    trip: Trip
    reset: timedelta
    min_calls: int = 10
    """Fewer calls than this in the window never trip: three failures of four prove little."""
    slow: Slow | None = None
    probes: int = 1
    """Calls let through while half-open; all must come back before the breaker closes."""
    probe_verdict: Literal["any", "rate"] = "any"
    """`any`: one failed probe opens again at once. `rate`: the share is judged when all are back."""
    probe_wait: timedelta | None = None
    """How long half-open waits for its probes; the reset time when not given."""
    when_stuck: Literal["open", "closed"] = "open"
    """Where half-open goes when its probes never come back."""
    growth: float = 1.0
    """Factor on the open time for each opening without a close between; 1 keeps it constant."""
    reset_cap: timedelta | None = None
    jitter: Callable[[float], float] = unchanged
    """Changes the open time in seconds, so that many processes do not probe at the same moment."""
    record: Errors = Exception
    ignore: Errors = ()
    failed_result: Callable[[object], bool] | None = None
    """Judges a returned value; true makes the call a failure."""

    def __post_init__(self) -> None:
        if self.min_calls < 1 or self.probes < 1 or self.growth < 1:
            raise ValueError("min_calls, probes and growth are 1 or more")

    def open_seconds(self, reopened: int) -> float:
        """Open time in seconds after `reopened` openings in a row, before jitter and up to the cap."""
        cap = (self.reset_cap or timedelta(days=1)).total_seconds()
        # The exponent is bounded: a breaker that flaps for a week must not overflow a float.
        grown = self.reset.total_seconds() * self.growth ** min(reopened, 64)
        return self.reset.total_seconds() if self.growth == 1 else min(grown, cap)


def matches(error: BaseException, wanted: Errors) -> bool:
    """Is `error` one of the wanted classes, or does the question say yes?"""
    if isinstance(wanted, (type, tuple)):
        return isinstance(error, wanted)
    return bool(wanted(error))
