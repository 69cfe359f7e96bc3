"""What a dashboard is made of: a question, the queries that answer it, and from where on the answer is bad."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from standfast.publish.prometheus.promql import whole

if TYPE_CHECKING:
    from fractions import Fraction


class Kind(StrEnum):
    """A type of panel, by Grafana's own name."""

    STAT = "stat"
    LINES = "timeseries"
    BARS = "bargauge"
    TABLE = "table"
    STATES = "state-timeline"
    TEXT = "text"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One query; `legend` may name labels in Grafana's own way, `{{component}}`."""

    expr: str
    legend: str = ""

    def __post_init__(self) -> None:
        whole(self.expr)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """From `bad` on the answer is red, from `warn` on orange; `below`: it is bad to have less."""

    bad: Fraction | float
    warn: Fraction | float | None = None
    below: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    title: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    question: str
    kind: Kind
    targets: tuple[Target, ...] = ()
    unit: str = "short"  # by Grafana's own names: s, percentunit, reqps, bytes ...
    limits: Limits | None = None
    about: str = ""
    links: tuple[Link, ...] = ()
    text: str = ""  # Markdown, of a text
    words: tuple[tuple[float, str], ...] = ()  # values that are shown as words

    def __post_init__(self) -> None:
        if not self.question.strip():
            raise ValueError("a panel that answers no question")
        if (self.kind is Kind.TEXT) == bool(self.targets):
            raise ValueError(f"a panel with neither or both of text and queries: {self.question}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    title: str
    panels: tuple[Panel, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dashboard:
    name: str  # of the file, and of the uid
    title: str
    question: str
    page: str  # the page of standfast that shows the same
    rows: tuple[Row, ...]


def target(expr: str, legend: str = "") -> Target:
    return Target(expr=expr, legend=legend)
