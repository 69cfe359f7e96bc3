"""What a report is made of on paper and on screen: both are drawn from the same blocks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from standfast.dashboards.report.value import DayLine


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    level: int  # 1 is the title
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    words: str
    look: str = ""  # "" | "soft" | "stamp"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    name: str
    value: str
    small: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    facts: tuple[Fact, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Items:
    """Lines in a box, of which the reader must know."""

    title: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    rows: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    tone: str  # good | bad | quiet
    word: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    title: str
    number: bool = False
    wide: bool = False  # takes what room there is


Cell = str | State


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """The first cell of a row names it. `folded` is for screens: paper leaves it out."""

    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    folded: str = ""  # what it is called while folded


@dataclass(frozen=True, slots=True, kw_only=True)
class Bars:
    name: str
    days: tuple[DayLine, ...]


Block = Heading | Text | Facts | Items | Method | Table | Bars
