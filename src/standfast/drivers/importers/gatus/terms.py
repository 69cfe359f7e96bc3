"""What Gatus asks of a value in a JSON body, in the words of the file."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from standfast.drivers.importers.checks import typed
from standfast.drivers.importers.gatus.condition import regex

if TYPE_CHECKING:
    from collections.abc import Mapping

    from standfast.drivers.importers.gatus.condition import Condition
    from standfast.spec.drafting.draft import Plain

_NUMBER = re.compile(r"\d{1,12}(?:\.\d{1,6})?", re.ASCII)
_BOUNDS = {"<": "below", "<=": "at_most", ">": "above", ">=": "at_least"}


class Unasked(Exception):
    """The file has no word for a condition; the text says why."""


def terms(one: Condition) -> Mapping[str, Plain]:
    """By the file's words; raises Unasked where it has none."""
    if one.function == "has":
        return {"present": _present(one)}
    if one.function == "len":
        return _length(one)
    if one.sign in _BOUNDS:
        return {_BOUNDS[one.sign]: _number(one.values[0])}
    if one.pattern:
        if one.sign != "==":
            raise Unasked("of a value the file says which pattern it matches")
        return {"matches": f"(?s)^{regex(one.values[0])}$"}
    if len(one.values) == 1:
        return {"is" if one.sign == "==" else "not": typed(one.values[0])}
    if any(not isinstance(typed(value), str) for value in one.values):
        raise Unasked("of several numbers it cannot be told whether the body has them as texts")
    return {"one_of" if one.sign == "==" else "not": one.values}


def _present(one: Condition) -> bool:
    if one.values not in (("true",), ("false",)) or one.sign not in ("==", "!="):
        raise Unasked("a value is there or not")
    return (one.values == ("true",)) == (one.sign == "==")


def _length(one: Condition) -> Mapping[str, Plain]:
    if one.sign == "!=" or one.pattern or len(one.values) != 1:
        raise Unasked("of a length the file says its bounds")
    number = _number(one.values[0])
    if one.sign == "==":
        return {"length.at_least": number, "length.at_most": number}
    return {f"length.{_BOUNDS[one.sign]}": number}


def _number(text: str) -> int:
    """Gatus leaves out what is behind the point."""
    if not _NUMBER.fullmatch(text):
        raise Unasked("it compares with something that is no number")
    return int(float(text))
