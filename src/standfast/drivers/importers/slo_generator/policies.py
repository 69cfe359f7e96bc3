"""Error budget policies of slo-generator: over how long an objective is judged, and who hears of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from standfast.drivers.importers import nodes
from standfast.drivers.importers.bounding import listed
from standfast.drivers.importers.nodes import at
from standfast.spec import units
from standfast.spec.drafting.draft import NoteKind

if TYPE_CHECKING:
    from collections.abc import Iterable

    from standfast.drivers.importers.levels import Levels
    from standfast.spec.tree import Node

_LONGEST = timedelta(days=1100)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Step:
    window: timedelta
    node: Node
    rate: str
    alerts: bool
    message: str


@dataclass(slots=True)
class Policies:
    levels: Levels
    _known: dict[str, Node] = field(default_factory=dict)
    _told: set[str] = field(default_factory=set)

    def read(self, configs: Iterable[Node]) -> None:
        for config in configs:
            for name, _, policy in nodes.entries(config, "error_budget_policies"):
                self._known.setdefault(name, policy)

    def window(self, slo: str, spec: Node, named: Node) -> tuple[str, Node] | None:
        """The longest of the policy's steps; the shorter ones are burn rates, which the file works out."""
        said = at(spec, "error_budget_policy")
        name = nodes.text(said) or "default"
        policy = self._known.get(name)
        steps = self._steps(policy)
        if not steps:
            text = f"no source says the steps of the error budget policy {name[:60]}; {slo} is judged over the "
            text += "system's own window"
            self.levels.note(NoteKind.PLACEHOLDER, text, said or named)
            return None
        longest = max(steps, key=lambda one: one.window)
        if name not in self._told:
            self._told.add(name)
            self._tell(name, steps, longest)
        return units.show_duration(longest.window), longest.node

    def _steps(self, policy: Node | None) -> list[_Step]:
        found = []
        for one in nodes.items(policy, "steps") or nodes.items(policy):
            node = at(one, "window")
            seconds = nodes.number(node) or 0
            window = timedelta(seconds=seconds)
            if node is not None and timedelta(0) < window <= _LONGEST:
                step = _Step(
                    window=window, node=node, rate=nodes.text(one, "burn_rate_threshold")[:20],
                    alerts=nodes.text(one, "alert") == "true", message=nodes.text(one, "message_alert")[:100],
                )  # fmt: skip
                found.append(step)
            elif node is not None:
                text = f"a window of {nodes.text(node)[:20]!r} seconds cannot be judged"
                self.levels.note(NoteKind.UNSUPPORTED, text, node)
        return found

    def _tell(self, name: str, steps: list[_Step], longest: _Step) -> None:
        calls = [one for one in steps if one.alerts]
        rates = listed(f"{one.rate or '?'} over {units.show_duration(one.window)}" for one in steps)
        text = f"the burn rates of the policy {name[:60]} ({rates}) are worked out of each objective here; its "
        text += f"longest window, {units.show_duration(longest.window)}, is the objective's"
        self.levels.note(NoteKind.UNSUPPORTED, text, longest.node)
        if not calls:
            text = f"the policy {name[:60]} wakes nobody; the file alerts on each of its objectives"
            self.levels.note(NoteKind.UNSUPPORTED, text, longest.node)
        acts = listed(f"{one.message!r}" for one in steps if one.message and not one.alerts)
        if acts:
            text = f"what the team does by the policy {name[:60]} ({acts}) is asked by burn rates there, "
            text += "and by what is left of the budget here; write it under `budget_policy:`"
            self.levels.note(NoteKind.UNSUPPORTED, text, longest.node)
