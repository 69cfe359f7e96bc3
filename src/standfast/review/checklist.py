"""The boxes to tick before anything is designed, and what each role upstream still owes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from standfast.review.finding import Inputs, QuickCheck, Role
from standfast.review.wording import counted, listed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from standfast.review.case import Case
    from standfast.review.finding import Finding

# A box is ticked when none of its rules found anything, waived or not: a waiver is no document.
_BOXES: Mapping[str, tuple[str, ...]] = {
    "All services documented": ("INP-01", "INP-02", "INP-05", "INP-08", "MON-01"),
    "Performance baselines defined": ("INP-01", "BAS-01"),
    "Critical user journeys identified": ("INP-03",),
    "Compliance requirements known": ("CMP-00",),
    "RTO/RPO requirements defined": ("INP-01", "DAT-00", "DAT-01"),
}
_OWED: Mapping[Role, tuple[str, Mapping[str, tuple[str, ...]]]] = {
    Role.ARCHITECT: (
        "system design, components, dependencies",
        {
            "components": ("INP-01",),
            "dependencies": ("INP-08", "DEP-02", "DEP-03"),
            "owners": ("INP-02",),
        },
    ),
    Role.OPS: (
        "infrastructure, deployment topology",
        {"topology": ("INP-11",), "targets to watch": ("MON-01",)},
    ),
    Role.ANALYST: (
        "business-critical flows, SLAs, compliance requirements",
        {"journeys": ("INP-03",), "SLAs": ("INP-10",), "compliance": ("CMP-00",)},
    ),
    Role.DATA: (
        "data classification, sensitive data locations",
        {"data types": ("DAT-01",), "classes": ("INP-12",), "kinds": ("DAT-02",)},
    ),
    Role.QA: ("performance baselines", {"baselines": ("BAS-01",)}),
}


def quick_checks(case: Case, findings: Sequence[Finding]) -> tuple[QuickCheck, ...]:
    """The seed's five boxes, each with what is in the way."""
    return tuple(_box(case, name, rules, findings) for name, rules in _BOXES.items())


def _box(case: Case, name: str, rules: tuple[str, ...], findings: Sequence[Finding]) -> QuickCheck:
    found = [finding for finding in findings if finding.rule in rules]
    detail = (
        listed((f"{one.problem} ({one.rule})" for one in found), 2) if found else _pass(case, name)
    )
    return QuickCheck(name=name, passed=not found, detail=detail)


def _pass(case: Case, name: str) -> str:
    system = case.system
    baselines = sum(one.baseline is not None for one in system.components.values())
    return {
        "All services documented": counted(len(system.components), "component"),
        "Performance baselines defined": counted(baselines, "baseline"),
        "Critical user journeys identified": listed(system.journeys),
        "Compliance requirements known": listed(system.compliance.regimes or ()) or "none apply",
        "RTO/RPO requirements defined": counted(len(system.data), "data type"),
    }[name]


def inputs(findings: Sequence[Finding]) -> tuple[Inputs, ...]:
    """What each role provides, and which of it is missing."""
    found = {finding.rule for finding in findings}
    return tuple(
        Inputs(
            role=role, what=what, missing=tuple(n for n, rules in parts.items() if found & {*rules})
        )
        for role, (what, parts) in _OWED.items()
    )
