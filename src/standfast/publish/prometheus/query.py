"""An alert's query together with worlds that it is tested in: one that must fire it, one that must not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from standfast.publish.prometheus.promql import whole

if TYPE_CHECKING:
    from standfast.spec.system import Component


@dataclass(frozen=True, slots=True, kw_only=True)
class Samples:
    """One series of a unit test: it starts at `first` and gains `step` every fifteen seconds."""

    series: str
    step: float = 0.0
    first: float = 0.0


World = tuple[Samples, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """What Prometheus evaluates, how long it must hold, and the worlds of its unit test."""

    expr: str
    lasting: timedelta
    bad: World = ()
    good: World = ()
    drains: timedelta = timedelta(0)  # how long it may still hold once all is well
    grain: timedelta = timedelta(0)  # of what counts slices of time: how long each is

    def __post_init__(self) -> None:
        whole(self.expr)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsaid:
    """A condition that these metrics cannot express, and who can change that."""

    reason: str
    rule: str = "ALR-03"
    to: str = "Developer"


def unscraped(component: Component, what: str) -> Unsaid:
    """A rule on series that nobody collects would never fire, or always, and nobody would notice."""
    return Unsaid(
        reason=f"{component.name} is not scraped, so nothing tells its {what}: name the address of its "
        f"metrics as `components.{component.name}.scrape`, or of an exporter as `.exporter`",
        rule="MON-01",
        to="DevOps/Platform",
    )
