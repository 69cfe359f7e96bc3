"""Conditions of Gatus, as far as words go: what is looked at, how it is compared, and with what.

As it reads them itself: `==` before `!=`, `<=`, `>=`, `>` and `<`, each with a space on both sides.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta

LONGEST = 1000
_SIGNS = (" == ", " != ", " <= ", " >= ", " > ", " < ")
_MIRRORED = {"<": ">", ">": "<", "<=": ">=", ">=": "<="}
_LOOKED_AT = re.compile(
    r"\[(STATUS|RESPONSE_TIME|IP|BODY|CONNECTED|CERTIFICATE_EXPIRATION|DOMAIN_EXPIRATION|DNS_RCODE)\](.*)",
    re.IGNORECASE | re.DOTALL,
)
_FUNCTION = re.compile(r"(len|has)\((.*)\)", re.DOTALL)
_CHOICE = re.compile(r"(any|pat)\((.*)\)", re.DOTALL)
_DURATION = re.compile(r"(?:\d{1,12}(?:\.\d{1,9})?(?:ns|us|µs|ms|s|m|h))+", re.ASCII)
_PIECE = re.compile(r"(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)", re.ASCII)
_SECONDS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1, "m": 60, "h": 3600}
_LONGEST_SPAN = 400 * 366 * 86_400  # seconds; more is a slip


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """`about` is compared by `sign` with one of `values`, or with a pattern."""

    about: str  # STATUS, BODY ...
    path: str = ""  # of a value in the body: ".user.name"
    function: str = ""  # "len", "has"
    sign: str
    values: tuple[str, ...]
    pattern: bool = False


def condition(text: str) -> Condition | None:
    """None where Gatus itself would not know it, or both sides are looked up in the answer."""
    if len(text) > LONGEST:
        return None
    sign = next((one for one in _SIGNS if one in text), None)
    halves = text.split(sign) if sign else []
    if sign is None or len(halves) != 2:
        return None
    first, second = (half.strip() for half in halves)
    said = sign.strip()
    looked, other = _looked_at(first), _looked_at(second)
    if looked is None:
        first, second, looked, other = second, first, other, looked
        said = _MIRRORED.get(said, said)
    if looked is None or other is not None:
        return None
    function, about, path = looked
    choice = _CHOICE.fullmatch(second)
    if choice and said not in ("==", "!="):
        return None
    if choice and choice[1] == "any":
        values = tuple(one.strip() for one in choice[2].split(","))
    else:
        values = (choice[2] if choice else second,)
    return Condition(
        about=about,
        path=path,
        function=function,
        sign=said,
        values=values,
        pattern=bool(choice and choice[1] == "pat"),
    )


def _looked_at(text: str) -> tuple[str, str, str] | None:
    function = _FUNCTION.fullmatch(text)
    match = _LOOKED_AT.fullmatch(function[2] if function else text)
    if match is None or (match[2] and match[1].upper() != "BODY"):
        return None
    if match[2] and match[2][0] not in ".[":
        return None
    return function[1] if function else "", match[1].upper(), match[2]


def compares(one: Condition, number: int) -> bool:
    """Does the condition hold for a number? Raises ValueError where it compares with none."""
    if one.pattern:
        return bool(re.fullmatch(regex(one.values[0]), str(number))) == (one.sign == "==")
    known = [int(float(value)) for value in one.values if _is_number(value)]
    if len(known) != len(one.values) or not known:
        raise ValueError("it compares with something that is no number")
    return {
        "==": number in known,
        "!=": number not in known,
        "<": number < known[0],
        "<=": number <= known[0],
        ">": number > known[0],
        ">=": number >= known[0],
    }[one.sign]


def _is_number(text: str) -> bool:
    return bool(re.fullmatch(r"\d{1,9}(?:\.\d{1,9})?", text, re.ASCII))


def regex(pattern: str) -> str:
    """A pattern of Gatus for RE2; raises ValueError where it has classes, escapes or slashes.

    Gatus takes every slash out of both sides before it compares.
    """
    if re.search(r"[\[\]\\/]", pattern):
        raise ValueError("its pattern has classes, escapes or slashes")
    parts = re.split(r"([*?])", pattern)
    return "".join({"*": ".*", "?": "."}.get(part) or re.escape(part) for part in parts)


def literal(pattern: str) -> str:
    """The text of `*text*`; "" of any other pattern."""
    inner = pattern[1:-1] if len(pattern) > 2 and pattern[0] == pattern[-1] == "*" else ""
    return "" if re.search(r"[*?\[\]\\]", inner) else inner


def duration(text: str) -> timedelta:
    """As Go spells it, or milliseconds as a number. Raises ValueError."""
    if re.fullmatch(r"\d{1,12}", text, re.ASCII):
        seconds = int(text) / 1000
    elif _DURATION.fullmatch(text):
        seconds = sum(float(many) * _SECONDS[unit] for many, unit in _PIECE.findall(text))
    else:
        raise ValueError(f"{text[:40]!r} is no duration")
    if not 0 < seconds < _LONGEST_SPAN:
        raise ValueError(f"{text[:40]!r} is no length of time that can be waited for")
    return timedelta(milliseconds=round(seconds * 1000))
