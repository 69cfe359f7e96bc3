"""The margin of the file: what the conversion notes while it reads, mistakes and assumptions alike."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from standfast.spec.problem import MOST_SHOWN, nearest
from standfast.spec.values import Assumption

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

T = TypeVar("T")


@dataclass(slots=True)
class Margin:
    """Filled while one file is converted; `mistakes` are (dotted path, sentence)."""

    mistakes: list[tuple[str, str]] = field(default_factory=list)
    assumptions: list[Assumption] = field(default_factory=list)

    def wrong(self, path: str, sentence: str) -> None:
        self.mistakes.append((path, sentence))

    def assume(self, path: str, assumed: str, because: str, change: str) -> None:
        number = f"A-{len(self.assumptions) + 1:02}"
        self.assumptions.append(
            Assumption(id=number, path=path, assumed=assumed, because=because, change=change)
        )

    def assumed(self, stated: T | None, value: T, path: str, said: str, because: str) -> T:
        """`stated`, or else `value` with a note of the assumption."""
        if stated is not None:
            return stated
        self.assume(path, said, because, f"write `{path}` to change")
        return value

    def refer(self, path: str, name: str, known: Collection[str], kind: str) -> bool:
        """Does `name` exist among `known`? Notes the mistake where it does not."""
        if name in known:
            return True
        # After so many only a count is shown, and comparing names is the dear part.
        hint = "" if len(self.mistakes) > MOST_SHOWN else nearest(name, known)
        hint = hint or _declared(kind, known)
        self.wrong(path, f"there is no {kind} '{name}'{hint}")
        return False

    def refer_all(self, path: str, names: Iterable[str], known: Collection[str], kind: str) -> None:
        for index, name in enumerate(names):
            self.refer(f"{path}.{index}", name, known, kind)


_SECTIONS = {"component": "components", "team": "teams", "person": "people", "region": "regions"}


def _declared(kind: str, known: Collection[str]) -> str:
    if not known:
        section = _SECTIONS.get(kind, f"{kind}s")
        return f"; declare it under `{section}:`"
    shown = ", ".join(sorted(known)[:12])
    return f"; known are {shown}{' ...' if len(known) > 12 else ''}"
