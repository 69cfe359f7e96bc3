"""The promises of a service level as they are written: 99.9%, p95 < 200ms, < 0.1%, avg < 200ms."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

from standfast.spec import units
from standfast.spec.values import Promise

_LATENCY = re.compile(
    r"(?:p(?P<rank>\d{1,2}(?:\.\d{1,4})?)|(?P<share>\S+%))\s*<=?\s*(?P<limit>\S+)", re.IGNORECASE
)
_AVERAGE = re.compile(r"(?:avg|average|mean)\s*<=?\s*(?P<limit>\S+)", re.IGNORECASE)
_BAD = re.compile(r"(?:errors?(?: rate)?\s*)?<=?\s*(?P<share>\S+%)", re.IGNORECASE)
EXAMPLES = "99.9%, p95 < 200ms, or < 0.1%"


def short(text: str) -> str:
    """As a part of a name: "p95-200ms", "99.9pct"."""
    return text.replace(" ", "").replace("<", "-").replace("%", "pct").lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A promise, and whether it is one on an average, which no share of events can keep."""

    promise: Promise
    average: bool = False


def promise(text: object) -> Written:
    """Raises ValueError with the right spelling."""
    said = " ".join(text.split()) if isinstance(text, str) else ""
    if not said:
        return Written(promise=Promise(text="", target=units.percentage(text)))
    if match := _AVERAGE.fullmatch(said):
        limit = units.duration(match["limit"])
        return Written(
            promise=Promise(text=said, target=Fraction(1, 2), threshold=limit), average=True
        )
    if match := _BAD.fullmatch(said):
        return Written(promise=Promise(text=said, target=1 - units.percentage(match["share"])))
    if match := _LATENCY.fullmatch(said):
        share = Fraction(match["rank"]) / 100 if match["rank"] else units.percentage(match["share"])
        limit = units.duration(match["limit"])
        return Written(promise=Promise(text=said, target=share, threshold=limit))
    if "<" in said or ">" in said:
        raise ValueError(f"not a promise: '{said}'; write for example {EXAMPLES}")
    return Written(promise=Promise(text=said, target=units.percentage(said)))
