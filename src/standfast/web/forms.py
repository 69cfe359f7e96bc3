"""A form that came back: what was typed, and what is wrong with which field."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from standfast.errors import StandfastError

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


@dataclass(slots=True)
class Filled:
    """`given` is shown again as it was typed; `wrong` names the field, or "" where it is of none."""

    given: dict[str, str] = field(default_factory=dict)
    wrong: dict[str, str] = field(default_factory=dict)

    def read(self, name: str, parse: Callable[[str], T]) -> T | None:
        """None where it cannot be read; the form then says why beside the field."""
        try:
            return parse(self.given[name].strip())
        except StandfastError as error:
            self.refuse(name, error)
            return None

    def refuse(self, name: str, error: StandfastError) -> None:
        told = ": ".join(filter(None, (error.where, error.problem)))
        self.wrong[name] = f"{told}; {error.fix}" if error.fix else told

    def value(self, name: str) -> str:
        return self.given.get(name, "")
