"""Alert policies as burn-rate alerts: on what, and how bad. When they fire, the file computes itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from standfast.drivers.importers import nodes
from standfast.drivers.importers.bounding import listed
from standfast.drivers.importers.nodes import at
from standfast.spec.drafting.draft import NoteKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from standfast.drivers.importers.levels import Levels
    from standfast.drivers.importers.openslo.catalogue import Catalogue, Thing
    from standfast.spec.tree import Node


class Policies:
    def __init__(self, catalogue: Catalogue, levels: Levels) -> None:
        self.catalogue, self.levels = catalogue, levels
        self.used: set[tuple[str, str]] = set()

    def of(self, slo: Thing, of: str, names: Sequence[str]) -> None:
        """One alert on each level that came of an SLO: several burn rates are one alert in the file."""
        found: list[tuple[str, str, Node]] = []  # severity, policy, where
        for said in nodes.items(slo.spec, "alertPolicies"):
            policy, name, node = self._policy(slo, said)
            if policy is None:
                continue
            conditions = nodes.items(policy, "conditions")
            if not conditions:
                text = f"the alert policy {name} of {slo.name} has no condition"
                self.levels.note(NoteKind.UNSUPPORTED, text, node)
            found += [one for each in conditions if (one := self._condition(slo, name, each))]
            for target in nodes.items(policy, "notificationTargets"):
                self._target(slo, target)
        if not found:
            return
        severity, policy_name, spot = min(found, key=lambda one: one[0])
        if len(found) > 1:
            others = listed(f"{name} ({its})" for its, name, _ in found if name != policy_name)
            text = (
                f"{len(found)} alert policies of {slo.name} are one alert here, of the severity "
                f"{severity}; beside: {others}"
            )
            self.levels.note(NoteKind.UNSUPPORTED, text, spot)
        for name in names:
            alert = self.levels.free_alert(f"{name}-{policy_name.removeprefix(f'{name}-')}", name)
            self.levels.burn(alert, name, of, severity, spot)

    def _policy(self, slo: Thing, said: Node) -> tuple[Node | None, str, Node]:
        ref = at(said, "alertPolicyRef") or (said if said.kind == "scalar" else None)
        if ref is None:
            return at(said, "spec"), nodes.text(said, "metadata", "name") or "burns", said
        one = self._found("AlertPolicy", nodes.text(ref))
        if one is None:
            text = f"{slo.name} refers to the alert policy {nodes.text(ref)[:80]}, which no source defines"
            self.levels.note(NoteKind.PLACEHOLDER, text, ref)
            return None, "", said
        return one.spec, one.name, ref

    def _found(self, kind: str, name: str) -> Thing | None:
        self.used.add((kind, name))
        return self.catalogue.named(kind, name)

    def _condition(self, slo: Thing, policy: str, said: Node) -> tuple[str, str, Node] | None:
        """Its severity, the policy's name, and where."""
        ref = at(said, "conditionRef")
        spec = at(said, "spec")
        if ref is not None:
            one = self._found("AlertCondition", nodes.text(ref))
            if one is None:
                text = (
                    f"the policy {policy} refers to the condition {nodes.text(ref)[:80]}, which no "
                    "source defines"
                )
                self.levels.note(NoteKind.PLACEHOLDER, text, ref)
                return None
            spec = one.spec
        condition = at(spec, "condition")
        kind = nodes.text(condition, "kind").lower() or "burnrate"
        if kind != "burnrate":
            text = f"the policy {policy} of {slo.name} waits for {kind[:60]!r}; the file knows burn rates"
            self.levels.note(NoteKind.UNSUPPORTED, text, condition or said)
            return None
        word = at(spec, "severity")
        severity = self.levels.severities.of(nodes.text(word), word or said)
        if condition is not None:
            self._own_windows(slo, condition)
        return severity, policy, word or said

    def _own_windows(self, slo: Thing, condition: Node) -> None:
        """Their threshold is one of many that a budget can be watched by; the file has its own four."""
        said = ", ".join(
            f"{key} {nodes.text(condition, key)[:20]}"
            for key in ("op", "threshold", "lookbackWindow", "alertAfter")
            if nodes.text(condition, key)
        )
        if said:
            text = (
                f"the burn rates at which the alerts of {slo.name} fire are computed from its "
                f"objective; not taken: {said}"
            )
            self.levels.note(NoteKind.UNSUPPORTED, text, condition)
        if nodes.text(condition, "op") in {"lte", "lt"}:
            text = (
                f"a condition of {slo.name} fires while the burn rate is low (`op: "
                f"{nodes.text(condition, 'op')}`); "
            )
            text += "taken as the usual alert on a high one"
            self.levels.note(NoteKind.UNSUPPORTED, text, at(condition, "op") or condition)

    def _target(self, slo: Thing, said: Node) -> None:
        ref = at(said, "targetRef")
        one = self._found("AlertNotificationTarget", nodes.text(ref)) if ref is not None else None
        spec = one.spec if one is not None else at(said, "spec")
        name = nodes.text(ref) or nodes.text(said, "metadata", "name") or "unnamed"
        kind = nodes.text(spec, "target")
        text = f"alerts of {slo.name} go to {name[:60]}" + (
            f" ({kind[:40]})" if kind else ", which no source defines"
        )
        self.levels.note(
            NoteKind.UNSUPPORTED,
            f"{text}; the file says by `on_call:` and `channels:` who hears of what",
            ref or said,
        )

    def rest(self) -> None:
        for kind, what in (
            ("AlertPolicy", "alert policy"),
            ("AlertCondition", "alert condition"),
            ("AlertNotificationTarget", "notification target"),
        ):
            for one in self.catalogue.of_kind(kind):
                if (kind, one.name) not in self.used:
                    self.levels.note(
                        NoteKind.SKIPPED, f"nothing refers to the {what} {one.name}", one.named
                    )
