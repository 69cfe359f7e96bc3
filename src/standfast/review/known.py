"""How available things are known to be, and what that allows whatever stands on them."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from standfast.review.chain import works

if TYPE_CHECKING:
    from standfast.review.chain import Chain
    from standfast.review.measured import Measured
    from standfast.spec.system import Need, System

AVAILABILITY = frozenset({"availability", "errors", "probe"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A known availability: how much, where it stands, and of what kind it is."""

    value: Fraction
    path: str
    kind: str  # "availability" | "vendor SLA" | "SLO"


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the file says, and what was measured in its place."""

    system: System
    measured: Measured

    def availability(self, component: str) -> Figure | None:
        """The figure the file itself gives, the component's own before its vendor's before its SLO's."""
        path = f"components.{component}"
        about = self.system.components[component]
        if about.availability is not None:
            return Figure(
                value=about.availability, path=f"{path}.availability", kind="availability"
            )
        if about.sla is not None:
            return Figure(value=about.sla, path=f"{path}.sla", kind="vendor SLA")
        return self._promised(component)

    def effectiveness(self, caller: str, need: Need) -> Fraction:
        """How often a need's fallback works: as measured, else as the file says, else not at all."""
        edge = self.measured.edges.get((caller, need.to))
        measured = edge.effectiveness if edge is not None else None
        return (need.effectiveness or Fraction(0)) if measured is None else measured

    def ceiling(self, chain: Chain) -> Fraction:
        """The most a journey can be up, its parts failing independently; unknown ones count as perfect."""
        known = {name: self.availability(name) for name in (*chain.hard, *chain.parts)}
        values = {name: figure.value for name, figure in known.items() if figure is not None}
        return works(chain, values.get, self.effectiveness)

    def _promised(self, component: str) -> Figure | None:
        figures = [
            Figure(value=promise.target, path=f"service_levels.{level.name}.slo", kind="SLO")
            for level in self.system.levels_of.get(component, ())
            if level.sli in AVAILABILITY and not level.route
            for promise in level.slos
        ]
        return min(figures, key=lambda figure: figure.value, default=None)
