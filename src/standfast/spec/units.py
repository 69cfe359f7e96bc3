"""Units of the file: durations, percentages, money, sizes, clock times; compulsory, exact, both ways.

Each parser raises ValueError with a sentence that shows the right spelling.
"""

from __future__ import annotations

import re
from datetime import date, time, timedelta
from decimal import Decimal
from fractions import Fraction

from standfast.spec.values import Money

_DURATION = re.compile(
    r"(?:(\d{1,3})y)?(?:(\d{1,4})w)?(?:(\d{1,5})d)?(?:(\d{1,6})h)?"
    r"(?:(\d{1,8})m)?(?:(\d{1,9})s)?(?:(\d{1,12})ms)?",
    re.ASCII,
)
_STEPS = tuple(
    timedelta(milliseconds=step)
    for step in (31_536_000_000, 604_800_000, 86_400_000, 3_600_000, 60_000, 1000, 1)
)
_PERCENT = re.compile(r"(\d{1,5}(?:\.\d{1,12})?)\s*%", re.ASCII)
_MONEY = re.compile(r"(\d{1,15}(?:\.\d{1,4})?) ([A-Z]{3})", re.ASCII)
_SIZE = re.compile(r"(\d{1,9}(?:\.\d{1,3})?)\s*([kKMGTP]i?)?B", re.ASCII)
_CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)", re.ASCII)
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_PREFIXES = "kMGTP"


def duration(text: object) -> timedelta:
    """Prometheus spelling: 30s, 1h30m, 7d; years are 365 days. The unit is compulsory."""
    match = _DURATION.fullmatch(text) if isinstance(text, str) and text else None
    if match is None:
        raise ValueError(f"not a duration: '{text}'; write for example 30s, 5m, 1h30m, 7d")
    parts = zip(match.groups(), _STEPS, strict=True)
    return sum((int(many) * step for many, step in parts if many), timedelta(0))


def show_duration(span: timedelta) -> str:
    """The shortest spelling that `duration` reads back: 30d, 1h30m, 250ms."""
    left, words = span // timedelta(milliseconds=1), ""
    if left == 0:
        return "0s"
    years, rest = divmod(left, 31_536_000_000)
    if years and not rest:
        return f"{years}y"
    for size, unit in ((86_400_000, "d"), (3_600_000, "h"), (60_000, "m"), (1000, "s"), (1, "ms")):
        many, left = divmod(left, size)
        words += f"{many}{unit}" if many else ""
    return words


def percentage(text: object) -> Fraction:
    """A share from 0% to 100%, exact; the sign is compulsory."""
    share = growth(text)
    if share > 1:
        raise ValueError(f"'{text}' is more than the whole; write at most 100%")
    return share


def growth(text: object) -> Fraction:
    """A percentage that may pass 100%, as a rate of growth does."""
    match = _PERCENT.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        shown = text if isinstance(text, int | float) and not isinstance(text, bool) else "99.9"
        raise ValueError(f'write a percentage with its sign: "{shown}%"')
    return Fraction(match[1]) / 100


def show_percentage(share: Fraction, digits: int = 10) -> str:
    """Exact up to `digits` decimals, without trailing zeros: 99.95%."""
    scaled = Decimal(share.numerator * 100) / Decimal(share.denominator)
    text = f"{scaled:.{digits}f}"
    return f"{text.rstrip('0').rstrip('.') if '.' in text else text}%"


def money(text: object) -> Money:
    match = _MONEY.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise ValueError(f"not an amount of money: '{text}'; write for example 4200 EUR")
    return Money(amount=Decimal(match[1]), currency=match[2])


def size(text: object) -> int:
    """Bytes of "120GB" (decimal) or "4GiB" (binary)."""
    match = _SIZE.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise ValueError(f"not a size: '{text}'; write for example 120GB or 512MiB")
    number, prefix = match[1], match[2] or ""
    step = 1024 if prefix.endswith("i") else 1000
    power = _PREFIXES.index(prefix[0].replace("K", "k")) + 1 if prefix else 0
    return int(Fraction(number) * step**power)


def speed(text: object) -> int:
    """Bytes a second of "90MB/s"."""
    if isinstance(text, str) and text.endswith("/s"):
        return size(text.removesuffix("/s"))
    raise ValueError(f"not a speed: '{text}'; write for example 90MB/s")


def day(text: object) -> date:
    try:
        return date.fromisoformat(text if isinstance(text, str) and len(text) == 10 else "")
    except ValueError:
        raise ValueError(f"not a date: '{text}'; write for example 2026-10-14") from None


def clock(text: object) -> time:
    match = _CLOCK.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise ValueError(f"not a time of day: '{text}'; write for example 09:00")
    return time(int(match[1]), int(match[2]))


def daily(text: object) -> time:
    """ "02:00 daily", "daily 02:00" or just "02:00"."""
    words = text.replace("daily", " ").split() if isinstance(text, str) else []
    if len(words) != 1:
        raise ValueError(f"not a time every day: '{text}'; write for example \"02:00 daily\"")
    return clock(words[0])


def handover(text: object) -> tuple[int | None, time]:
    """ "Mon 09:00" as weekday (0 is Monday) and time; "09:00" alone is every day."""
    words = text.split() if isinstance(text, str) else []
    if len(words) == 1:
        return None, clock(words[0])
    if len(words) != 2 or words[0].lower()[:3] not in _DAYS:
        raise ValueError(f"not a handover: '{text}'; write for example Mon 09:00")
    return _DAYS.index(words[0].lower()[:3]), clock(words[1])


def tripping(text: object) -> tuple[Fraction, timedelta]:
    """When a breaker opens: the share of failures and the window of "50% in 10s"."""
    share, middle, window = text.partition(" in ") if isinstance(text, str) else ("", "", "")
    if not middle:
        raise ValueError(f"not a threshold: '{text}'; write for example 50% in 10s")
    return percentage(share.strip()), duration(window.strip())


def response(text: object) -> timedelta | None:
    """A duration, or None for "next business day"."""
    if isinstance(text, str) and text.strip().lower() == "next business day":
        return None
    try:
        return duration(text)
    except ValueError:
        raise ValueError(
            f"not a duration: '{text}'; write for example 5m, 4h, or next business day"
        ) from None
