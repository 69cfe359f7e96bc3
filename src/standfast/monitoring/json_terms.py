"""What of a JSON body is not as it should be, in words."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import re2

from standfast.monitoring.shown import shown
from standfast.spec.expectation import steps
from standfast.spec.terms import Bounds, Term

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_NOWHERE = object()
_BOUNDS = {"above": "above", "at_least": "at least", "below": "below", "at_most": "at most"}


def of_json(expected: Mapping[str, object], text: str) -> Iterator[str]:
    try:
        body = json.loads(text)
    except (ValueError, RecursionError):
        yield "body is no JSON"
        return
    for path, wanted in expected.items():
        found = _at(body, path)
        yield from (f"json {path} {fault}" for fault in _faults(found, wanted))


def _at(body: object, path: str) -> object:
    for step in steps(path):
        if isinstance(body, list) and isinstance(step, int):
            body = body[step] if step < len(body) else _NOWHERE
        elif isinstance(body, dict) and isinstance(step, str):
            body = body.get(step, _NOWHERE)
        else:
            return _NOWHERE
    return body


def _faults(found: object, wanted: object) -> Iterator[str]:
    term = wanted if isinstance(wanted, Term) else None
    if term is not None and not term.present:
        if found is not _NOWHERE:
            yield f"is {_spelled(found)}, and should not be there"
    elif found is _NOWHERE:
        yield "is missing"
    elif term is None:
        if not _same(found, wanted):
            yield f"is {_spelled(found)}, expected {_spelled(wanted)}"
    else:
        yield from _against(found, term)


def _against(found: object, term: Term) -> Iterator[str]:
    if term.one_of and not any(_same(found, one) for one in term.one_of):
        yield f"is {_spelled(found)}, expected {' or '.join(_spelled(one) for one in term.one_of)}"
    if any(_same(found, one) for one in term.none_of):
        yield f"is {_spelled(found)}"
    if term.bounds is not None:
        yield from _outside(found, term.bounds, "is")
    if term.length is not None:
        if isinstance(found, list | dict | str):
            yield from _outside(len(found), term.length, "has the length")
        else:
            yield f"is {_spelled(found)}, which has no length"
    if term.contains is not None and not _holds(found, term.contains):
        yield f"is {_spelled(found)}, without {_spelled(term.contains)}"
    if term.matches and re2.search(term.matches, _text(found)) is None:
        yield f"is {_spelled(found)}, which does not match {shown(term.matches)}"


def _outside(found: object, bounds: Bounds, verb: str) -> Iterator[str]:
    if isinstance(found, bool) or not isinstance(found, int | float):
        yield f"{verb} {_spelled(found)}, which is no number"
        return
    met = {
        "above": bounds.above is None or found > bounds.above,
        "at_least": bounds.at_least is None or found >= bounds.at_least,
        "below": bounds.below is None or found < bounds.below,
        "at_most": bounds.at_most is None or found <= bounds.at_most,
    }
    for name, well in met.items():
        if not well:
            limit = getattr(bounds, name)
            yield f"{verb} {_spelled(found)}, expected {_BOUNDS[name]} {_spelled(limit)}"


def _same(found: object, wanted: object) -> bool:
    """In Python true is 1; in JSON it is not."""
    return found == wanted and isinstance(found, bool) == isinstance(wanted, bool)


def _holds(found: object, part: object) -> bool:
    if isinstance(found, str):
        return isinstance(part, str) and part in found
    if isinstance(found, list):
        return any(_same(one, part) for one in found)
    return isinstance(found, dict) and part in found


def _text(found: object) -> str:
    return found if isinstance(found, str) else json.dumps(found, ensure_ascii=False)


def _spelled(value: object) -> str:
    return shown(json.dumps(value, ensure_ascii=False))
