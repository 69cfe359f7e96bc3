"""What a value in a JSON body must be, beyond being equal to another."""

from __future__ import annotations

from dataclasses import dataclass

Plain = str | int | float | bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """Of a number; what is None is not asked for."""

    above: float | None = None
    at_least: float | None = None
    below: float | None = None
    at_most: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """Everything stated must hold; a bare value of the file is no Term but the value itself."""

    one_of: tuple[Plain, ...] = ()
    none_of: tuple[Plain, ...] = ()
    bounds: Bounds | None = None
    length: Bounds | None = None  # of a list, a mapping or a text
    contains: Plain = None  # an item of a list, a key of a mapping, a part of a text
    matches: str = ""
    present: bool = True
