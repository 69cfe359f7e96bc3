"""The steps of a journey: which of them fail it by failing, and which it can do without."""

from __future__ import annotations

from typing import TYPE_CHECKING

from standfast.spec.values import Strength

if TYPE_CHECKING:
    from collections.abc import Sequence

    from standfast.spec.system import Need, System


def soft_steps(system: System, path: Sequence[str]) -> dict[str, Need]:
    """The members of a path to which only soft needs of other members lead, each with the first of those."""
    members = dict.fromkeys(path)
    leading: dict[str, list[Need]] = {}
    for name in members:
        component = system.components.get(name)
        for need in component.needs.values() if component else ():
            if need.to in members:
                leading.setdefault(need.to, []).append(need)
    return {
        name: needs[0]
        for name, needs in leading.items()
        if all(need.strength is Strength.SOFT for need in needs)
    }


def hard_steps(system: System, path: Sequence[str]) -> tuple[str, ...]:
    """Those that decide. A path on which everything is soft is taken at its word: all of it decides."""
    soft = soft_steps(system, path)
    return tuple(step for step in path if step not in soft) or tuple(path)
