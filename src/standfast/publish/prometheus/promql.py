"""PromQL of small parts. What must not happen is an expression that is empty without anybody noticing.

- A missing error series makes `errors / total` empty, not 0: hence `(errors or 0 * total)`.
- 0 / 0 is NaN and NaN > x is false: hence `total > 0`.
- `sum` comes after `rate`: a restart of one instance looks like a reset of the sum.
- Prometheus 2 keeps `le="1"` as scraped, Prometheus 3 stores `le="1.0"`: hence a pattern for `le`.
"""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import TYPE_CHECKING

from standfast.publish.markdown import span
from standfast.spec.units import duration

if TYPE_CHECKING:
    from collections.abc import Mapping
    from fractions import Fraction

WINDOW = "$w"
"""Stands for the length of a window in the text of a query."""

FIVE_MINUTES = timedelta(minutes=5)


def whole(expr: str) -> str:
    """The expression itself; raises ValueError where there is none, or its window was never filled in."""
    if not expr.strip():
        raise ValueError("an empty query")
    if re.search(r"\$w\b", expr):
        raise ValueError(f"a query without its window: {expr}")
    return expr


def longest_range(expr: str) -> timedelta:
    """The longest time that the expression looks back over by itself."""
    found = re.findall(r"\[(\w+)[\]:]", expr)
    return max((duration(one) for one in found), default=timedelta(0))


def over(query: str, window: timedelta) -> str:
    return query.replace(WINDOW, span(window))


def series(
    metric: str,
    patterns: Mapping[str, str] | None = None,
    excluded: Mapping[str, str] | None = None,
    /,
    **labels: str,
) -> str:
    """A selector with every value quoted; `patterns` and `excluded` are regular expressions of RE2."""
    parts = [f"{name}={quoted(value)}" for name, value in labels.items()]
    parts += [f"{name}=~{quoted(value)}" for name, value in (patterns or {}).items()]
    parts += [f"{name}!~{quoted(value)}" for name, value in (excluded or {}).items()]
    return f"{metric}{{{','.join(parts)}}}"


def quoted(text: str) -> str:
    """A string of PromQL, which follows Go's rules and shares JSON's escapes."""
    if text.isascii() and text.isprintable() and '"' not in text and "\\" not in text:
        return f'"{text}"'
    return json.dumps(text, ensure_ascii=False)


def one_of(values: tuple[str, ...]) -> str:
    """A pattern that matches exactly these values."""
    return "|".join(re.sub(r"([.+*?()|\[\]{}^$\\])", r"\\\1", value) for value in values)


def codes(values: tuple[str, ...]) -> str:
    """A pattern for status classes and codes, whether the label tells classes or single codes."""
    classes = [value[0] for value in values if value.endswith("xx")]
    single = [one for value in values for one in (LATE if value == "timeout" else (value,))]
    rest = [one for one in single if not one.endswith("xx") and one[0] not in classes]
    return "|".join(dict.fromkeys([*(f"{one}.." for one in classes), *rest]))


LATE = ("408", "504")
"""What `timeout` means among codes."""


def le(bound: Fraction) -> str:
    """A pattern for one bucket's bound in seconds, however its zeros were written: 0.2, 0.20, 1, 1.0."""
    whole, _, rest = number(bound).partition(".")
    return rf"{whole}\.{rest}0*" if rest else rf"{whole}(\.0*)?"


def number(value: Fraction) -> str:
    """A decimal to twelve places, without an exponent and without needless zeros."""
    return f"{float(value):.12f}".rstrip("0").rstrip(".") or "0"


def ratio(part: str, whole: str) -> str:
    """A share that is 0 while nothing failed and absent while nothing happened."""
    return f"({part} or 0 * {whole}) / ({whole} > 0)"
