"""What a probe expects of an answer, and in words what of it was not met."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import re2

from standfast.spec.expectation import steps

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from standfast.monitoring.target import Outcome
    from standfast.spec.expectation import Expectation

_SHOWN = 60  # characters of what others wrote
_NOWHERE = object()


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
            yield f"header {name} is {_shown(found)}, without {_shown(text)}"
    yield from (f"body lacks {_shown(one)}" for one in expected.contains if one not in outcome.text)
    yield from (f"body holds {_shown(one)}" for one in expected.lacks if one in outcome.text)
    for pattern in expected.matches:
        # In linear time, whatever the pattern and the body: https://github.com/google/re2
        if re2.search(pattern, outcome.text) is None:
            yield f"body does not match {_shown(pattern)}"
    if expected.json:
        yield from _of_json(expected, outcome.text)
    if expected.within is not None and (outcome.latency or expected.within) > expected.within:
        took, most = outcome.latency or expected.within, expected.within
        yield f"took {took.total_seconds():.3g}s, more than {most.total_seconds():g}s"
    if expected.certificate is not None:
        yield from _certificate(expected, outcome, now)


def _status(allowed: Sequence[str], status: int | None) -> Iterator[str]:
    if status is None:
        return
    if not allowed:
        if status >= 400:
            yield f"answered {status}"
    elif str(status) not in allowed and f"{status // 100}xx" not in allowed:
        yield f"answered {status}, expected {' or '.join(allowed)}"


def _of_json(expected: Expectation, text: str) -> Iterator[str]:
    try:
        body = json.loads(text)
    except (ValueError, RecursionError):
        yield "body is no JSON"
        return
    for path, wanted in expected.json.items():
        found = _at(body, path)
        if found is _NOWHERE:
            yield f"json {path} is missing"
        elif found != wanted or isinstance(found, bool) != isinstance(wanted, bool):
            yield f"json {path} is {_shown(_spelled(found))}, expected {_shown(_spelled(wanted))}"


def _at(body: object, path: str) -> object:
    for step in steps(path):
        if isinstance(body, list) and isinstance(step, int):
            body = body[step] if step < len(body) else _NOWHERE
        elif isinstance(body, dict) and isinstance(step, str):
            body = body.get(step, _NOWHERE)
        else:
            return _NOWHERE
    return body


def _certificate(expected: Expectation, outcome: Outcome, now: datetime) -> Iterator[str]:
    if outcome.expires is None:
        yield "no certificate was shown"
    elif expected.certificate is not None and outcome.expires - now < expected.certificate:
        left, least = (outcome.expires - now).days, expected.certificate.days
        yield f"certificate ends in {left} days, sooner than {least}"


def answers_unmet(expected: Sequence[str], found: Sequence[str]) -> tuple[str, ...]:
    """Of DNS: what is missing among the answers, and what nobody expects; nothing expected is met by any."""
    if not expected:
        return ()
    wanted, given = {_record(one) for one in expected}, {_record(one) for one in found}
    missing = [f"the answer {one} is missing" for one in sorted(wanted - given)]
    strange = [f"answered {_shown(one)}, which is not expected" for one in sorted(given - wanted)]
    return (*missing, *strange)


def _record(text: str) -> str:
    """A record's data as everybody writes it: names without the last dot, texts without quotes."""
    return " ".join(part.rstrip(".") for part in text.replace('"', "").lower().split())


def _spelled(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _shown(text: str) -> str:
    line = "".join(each if each.isprintable() else " " for each in text)
    return f"'{line[:_SHOWN]}{'…' if len(line) > _SHOWN else ''}'"
