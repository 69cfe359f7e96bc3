"""Conditions in words, both ways: five forms, unknown signals refused with the known ones listed."""

from __future__ import annotations

import re
from datetime import timedelta
from fractions import Fraction
from typing import TYPE_CHECKING, assert_never

from standfast.spec import signals, units
from standfast.spec.condition import Absence, Age, Burn, Condition, Expiry, Expr, Threshold
from standfast.spec.problem import nearest

if TYPE_CHECKING:
    from collections.abc import Collection

LONGEST = 300
FORMS = (
    "`error rate > 5% for 5m`, `no successful requests for 1m`, `certificate expires within 14d`, "
    "`last backup older than 26h`, `burn rate of api-availability`"
)
_THRESHOLD = re.compile(
    r"(?P<signal>[a-z][a-z0-9 ._-]*?)\s*(?P<sign>>=?|<=?|\babove\b|\bbelow\b)\s*(?P<limit>\S+)"
    r"(?: for (?P<lasting>\S+))?(?: with at least (?P<floor>[0-9]{1,9}) (?:requests|events))?",
    re.IGNORECASE,
)
_ABSENCE = re.compile(
    r"no (?P<signal>[a-z ]+?) for (?P<lasting>\S+)(?P<guard> despite traffic)?", re.IGNORECASE
)
_EXPIRY = re.compile(r"(?P<what>[a-z ]+?) expires within (?P<within>\S+)", re.IGNORECASE)
_AGE = re.compile(r"(?:last |newest )?(?P<what>[a-z ]+?) older than (?P<limit>\S+)", re.IGNORECASE)
_BURN = re.compile(r"burn rate of (?P<objective>\S+)", re.IGNORECASE)
_UNIT_NAMES = {"%": "a percentage", "s": "a duration", "": "a number"}
_NUMBER = re.compile(r"\d{1,15}(?:\.\d{1,6})?", re.ASCII)


def condition(text: str, kind: str, own: Collection[str] = ()) -> Condition:
    """What `text` waits for at a component of type `kind`; `own` are signals with metrics of its own.

    Raises ValueError with the forms, the known signals or the right unit.
    """
    said = " ".join(text.split())
    if len(said) > LONGEST:
        raise ValueError(f"a condition has at most {LONGEST} characters")
    if match := _BURN.fullmatch(said):
        return Burn(objective=match["objective"], text=said)
    if match := _EXPIRY.fullmatch(said):
        what = _known(match["what"], signals.EXPIRIES)
        return Expiry(what=what, within=units.duration(match["within"]), text=said)
    if match := _AGE.fullmatch(said):
        what = _known(match["what"], signals.AGES)
        return Age(what=what, limit=units.duration(match["limit"]), text=said)
    if match := _ABSENCE.fullmatch(said):
        signal = _known(match["signal"], signals.ABSENCES)
        lasting, guarded = units.duration(match["lasting"]), match["guard"] is not None
        return Absence(signal=signal, lasting=lasting, guarded=guarded, text=said)
    if match := _THRESHOLD.fullmatch(said):
        return _threshold(match, said, kind, own)
    raise ValueError(f"not a condition: '{said}'; write one of {FORMS}, or `expr:` with PromQL")


def _known(word: str, known: Collection[str]) -> str:
    name = word.lower()
    if name not in known:
        hint = nearest(name, known) or f"; known are {', '.join(known)}"
        raise ValueError(f"unknown signal '{name}'{hint}")
    return name


def _threshold(match: re.Match[str], said: str, kind: str, own: Collection[str]) -> Threshold:
    known = signals.threshold_signals(kind)
    name = match["signal"].lower().strip()
    if name not in known and name not in own:
        names = sorted({*known, *own})
        raise ValueError(
            f"unknown signal '{name}'{nearest(name, names)} known for {kind}: {', '.join(names)}"
            if nearest(name, names)
            else f"unknown signal '{name}'; known for {kind}: {', '.join(names)}"
        )
    limit, unit = _limit(match["limit"], known[name].unit if name in known else None)
    lasting = units.duration(match["lasting"]) if match["lasting"] else timedelta(0)
    return Threshold(
        signal=name,
        above=match["sign"].lower() in {">", ">=", "above"},
        limit=limit,
        unit=unit,
        lasting=lasting,
        floor=int(match["floor"] or 0),
        text=said,
    )


def _limit(text: str, unit: str | None) -> tuple[Fraction, str]:
    """The limit in shares, seconds or plain numbers; `unit` None takes whichever is written."""
    if unit == "%" or (unit is None and text.endswith("%")):
        return units.growth(text), "%"
    if unit in ("", None) and _NUMBER.fullmatch(text):
        return Fraction(text), ""
    if unit == "":
        raise ValueError(f"this signal is counted: '{text}' must be {_UNIT_NAMES[unit]}")
    return Fraction(units.duration(text) // timedelta(milliseconds=1), 1000), "s"


def show(one: Condition) -> str:
    """The words that `condition` reads back; PromQL as it is."""
    match one:
        case Threshold():
            return _show_threshold(one)
        case Absence():
            guard = " despite traffic" if one.guarded else ""
            return f"no {one.signal} for {units.show_duration(one.lasting)}{guard}"
        case Expiry():
            return f"{one.what} expires within {units.show_duration(one.within)}"
        case Age():
            return f"last {one.what} older than {units.show_duration(one.limit)}"
        case Burn():
            return f"burn rate of {one.objective}"
        case Expr():
            return one.promql
    assert_never(one)


def _show_threshold(one: Threshold) -> str:
    limit = {
        "%": lambda: units.show_percentage(one.limit),
        "s": lambda: units.show_duration(timedelta(milliseconds=int(one.limit * 1000))),
        "": lambda: f"{float(one.limit):g}" if one.limit.denominator > 1 else str(one.limit),
    }[one.unit]()
    words = f"{one.signal} {'>' if one.above else '<'} {limit}"
    words += f" for {units.show_duration(one.lasting)}" if one.lasting else ""
    return words + (f" with at least {one.floor} requests" if one.floor else "")
