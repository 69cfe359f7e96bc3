"""People and components by the names that somebody typed: known, or an error that says which is near."""

from __future__ import annotations

from typing import TYPE_CHECKING

from standfast.errors import NotFound, StandfastError
from standfast.spec.problem import nearest

if TYPE_CHECKING:
    from collections.abc import Collection

    from standfast.spec.system import System

_MOST_LISTED = 12
_LONGEST_SHOWN = 60
_LONGEST_REASON = 500  # characters


def component_of(system: System, name: str) -> str:
    """`name`, which the file knows. Raises NotFound."""
    return known("component", name, system.components)


def person_of(system: System, name: str) -> str:
    """`name`, which is the id of a person of the file. Raises NotFound."""
    return known("person", name, system.people)


def answerable_of(system: System, name: str) -> str:
    """`name`, which is the id of a person or a team of the file. Raises NotFound."""
    return known("person or team", name, {**system.people, **system.teams})


def reason_of(text: str) -> str:
    """A reason as one printable line. Raises StandfastError where there is none, or too much of it."""
    line = " ".join(text.split())
    if not 0 < len(line) <= _LONGEST_REASON or not line.isprintable():
        raise StandfastError(
            f"a reason is a line of 1 to {_LONGEST_REASON} characters", fix="say in a line why"
        )
    return line


def known(kind: str, name: str, names: Collection[str]) -> str:
    """`name`, which is one of `names`. Raises NotFound with the nearest of them."""
    if name in names:
        return name
    near = nearest(name, names).removeprefix("; ")
    raise NotFound(
        f"no {kind} is called {name[:_LONGEST_SHOWN]!r}", fix=near or _listed(kind, names)
    )


def _listed(kind: str, names: Collection[str]) -> str:
    if not names:
        return f"the file names no {kind}"
    few = ", ".join(sorted(names)[:_MOST_LISTED])
    return f"one of {few}" + (" ..." if len(names) > _MOST_LISTED else "")
