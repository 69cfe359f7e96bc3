"""A draft made fit for the file's grammar: names it refuses are changed, always the same way, and noted."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from standfast.spec.drafting.draft import Draft, Fact, Note, NoteKind
from standfast.spec.values import Place

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from standfast.spec.drafting.draft import Path, Plain

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,62}", re.ASCII)
_NAMED = ("components", "journeys", "service_levels", "composites", "alerts", "people", "teams", "on_call",
          "regions", "data", "locations", "runbooks", "channels")  # fmt: skip
# Where a value names an entry of another section: (section, key) -> that section.
_REFERS = {
    ("components", "owner"): "teams",
    ("service_levels", "of"): "components",
    ("alerts", "of"): "components",
    ("alerts", "runbook"): "runbooks",
    ("data", "store"): "components",
    ("journeys", "path"): "components",
    ("teams", "members"): "people",
    ("teams", "lead"): "people",
    ("on_call", "covers"): "teams",
}
# Where a key of the path names one: (section, key above it) -> that section.
_KEYED = {
    ("components", "needs"): "components",
    ("components", "replicas"): "regions",
    ("components", "replication"): "regions",
    ("composites", "weighted"): "service_levels",
}
_Names = dict[str, dict[str, str]]


def mend(draft: Draft, name: str) -> Draft:
    """`draft` with names that the file takes, and a name for the system: its own, or else `name`."""
    names = {section: _fit_names(draft.names(section)) for section in _NAMED}
    notes = [
        _renamed(draft, section, old, new)
        for section, known in names.items()
        for old, new in known.items()
        if old != new
    ]
    facts = [_renamed_fact(fact, names) for fact in draft.facts]
    facts = [*_system(facts, name), *(one for one in facts if one.path != ("system", "name"))]
    return Draft(facts=(*facts, *_missing_types(facts)), notes=(*draft.notes, *notes))


def fit(name: str, otherwise: str = "unnamed") -> str:
    """A name of the file's grammar, as near to `name` as can be."""
    clean = re.sub(r"[^A-Za-z0-9_-]+", "-", name).strip("-_")
    return clean[:63].rstrip("-_") or otherwise


def _fit_names(wanted: Iterable[str]) -> dict[str, str]:
    """Good names keep theirs; the others are mended and told apart by a number."""
    asked = list(wanted)
    taken = {one for one in asked if _NAME.fullmatch(one)}
    found = {one: one for one in taken}
    for one in asked:
        if one not in found:
            found[one] = _free(fit(one), taken)
            taken.add(found[one])
    return found


def _free(name: str, taken: set[str]) -> str:
    number, free = 2, name
    while free in taken:
        free, number = f"{name[:58]}-{number}", number + 1
    return free


def _renamed(draft: Draft, section: str, old: str, new: str) -> Note:
    first = next(one for one in draft.facts if one.path[:2] == (section, old))
    place = first.places[0] if first.places else Place(file="", line=1, column=1)
    said = f"{old!r} is called {new} in the file: names are letters, digits, '-' and '_'"
    return Note(kind=NoteKind.UNSUPPORTED, place=place, text=said)


def _renamed_fact(fact: Fact, names: _Names) -> Fact:
    path, value = list(fact.path), fact.value
    section = path[0]
    if len(path) > 1 and section in names:
        path[1] = names[section].get(path[1], path[1])
    if len(path) > 3 and (section, path[2]) in _KEYED:
        known = names[_KEYED[section, path[2]]]
        path[3] = known.get(path[3], path[3])
    if len(path) == 3 and (section, path[2]) in _REFERS:
        value = _renamed_value(value, names[_REFERS[section, path[2]]])
    if section == "backups" and len(path) > 1:
        path[1] = names["components"].get(path[1], path[1])
    return replace(fact, path=tuple(path), value=value)


def _renamed_value(value: Plain, known: Mapping[str, str]) -> Plain:
    if isinstance(value, str):
        return known.get(value, value)
    return tuple(known.get(one, one) for one in value) if isinstance(value, tuple) else value


def _system(facts: Iterable[Fact], name: str) -> list[Fact]:
    said = [one for one in facts if one.path == ("system", "name") and isinstance(one.value, str)]
    if said:
        return [replace(said[0], value=fit(str(said[0].value), "my-system"))]
    return [Fact(path=("system", "name"), value=fit(name, "my-system"), places=())]


def _missing_types(facts: Iterable[Fact]) -> list[Fact]:
    """A component of which nothing says what it is, is `other`."""
    first: dict[str, Path] = {}
    typed: set[str] = set()
    for one in facts:
        if one.path[0] == "components" and len(one.path) > 1:
            first.setdefault(one.path[1], one.path)
            if one.path[2:] == ("type",):
                typed.add(one.path[1])
    return [
        Fact(path=("components", name, "type"), value="other", places=())
        for name in first
        if name not in typed
    ]
