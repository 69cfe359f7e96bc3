"""What a probe expects of an answer, and in words what of it was not met."""

from __future__ import annotations

from typing import TYPE_CHECKING

import re2

from standfast.monitoring.json_terms import of_json
from standfast.monitoring.shown import shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime, timedelta

    from standfast.monitoring.target import Outcome
    from standfast.spec.expectation import Expectation


def unmet(expected: Expectation, outcome: Outcome, now: datetime) -> tuple[str, ...]:
    """Every expectation that an answer fails, by name; empty where it is as it should be."""
    return tuple(_unmet(expected, outcome, now))


def _unmet(expected: Expectation, outcome: Outcome, now: datetime) -> Iterator[str]:
    yield from _status(expected.status, outcome.status)
    for name, text in expected.headers.items():
        found = outcome.headers.get(name.lower())
        if found is None:
            yield f"header {name} is missing"
        elif text.lower() not in found.lower():
            yield f"header {name} is {shown(found)}, without {shown(text)}"
    yield from _body(expected, outcome.text)
    if expected.json:
        yield from of_json(expected.json, outcome.text)
    if expected.within is not None and (outcome.latency or expected.within) > expected.within:
        took, most = outcome.latency or expected.within, expected.within
        yield f"took {took.total_seconds():.3g}s, more than {most.total_seconds():g}s"
    if expected.certificate is not None:
        yield from too_short(expected.certificate, outcome.expires, now)


def _body(expected: Expectation, text: str) -> Iterator[str]:
    yield from (f"body lacks {shown(one)}" for one in expected.contains if one not in text)
    yield from (f"body holds {shown(one)}" for one in expected.lacks if one in text)
    for pattern in expected.matches:
        # In linear time, whatever the pattern and the body: https://github.com/google/re2
        if re2.search(pattern, text) is None:
            yield f"body does not match {shown(pattern)}"
    for pattern in expected.not_matches:
        if re2.search(pattern, text) is not None:
            yield f"body matches {shown(pattern)}"


def _status(allowed: Sequence[str], status: int | None) -> Iterator[str]:
    if status is None:
        return
    if not allowed:
        if status >= 400:
            yield f"answered {status}"
    elif str(status) not in allowed and f"{status // 100}xx" not in allowed:
        yield f"answered {status}, expected {' or '.join(allowed)}"


def too_short(least: timedelta, expires: datetime | None, now: datetime) -> Iterator[str]:
    """Of a certificate that has to be good for `least`."""
    if expires is None:
        yield "no certificate was shown"
    elif expires - now < least:
        yield f"certificate ends in {(expires - now).days} days, sooner than {least.days}"


def answers_unmet(expected: Sequence[str], found: Sequence[str]) -> tuple[str, ...]:
    """Of DNS: what is missing among the answers, and what nobody expects; nothing expected is met by any."""
    if not expected:
        return ()
    wanted, given = {_record(one) for one in expected}, {_record(one) for one in found}
    missing = [f"the answer {one} is missing" for one in sorted(wanted - given)]
    strange = [f"answered {shown(one)}, which is not expected" for one in sorted(given - wanted)]
    return (*missing, *strange)


def _record(text: str) -> str:
    """A record's data as everybody writes it: names without the last dot, texts without quotes."""
    return " ".join(part.rstrip(".") for part in text.replace('"', "").lower().split())
