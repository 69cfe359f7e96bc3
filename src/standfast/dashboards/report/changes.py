"""What each version of the reliability file changed of the promises."""

from __future__ import annotations

from typing import TYPE_CHECKING

from standfast.dashboards.report.value import ChangeLine
from standfast.dashboards.report.wording import share_words
from standfast.slo.agreement import agreements
from standfast.slo.judgement import words
from standfast.slo.objective import objectives

if TYPE_CHECKING:
    from collections.abc import Sequence

    from standfast.dashboards.report.counts import Version
    from standfast.slo.agreement import Agreement
    from standfast.slo.objective import Objective
    from standfast.spec.system import System

_UNREADABLE = "this version can no longer be read"


def change_lines(opening: Version | None, versions: Sequence[Version]) -> tuple[ChangeLine, ...]:
    """Those that changed a promise; `opening` was in force when the period began."""
    found, before = [], opening.system if opening else None
    for one in versions:
        if changes := _changes(before, one.system):
            found.append(
                ChangeLine(
                    version=one.number,
                    accepted_at=one.accepted_at,
                    accepted_by=one.accepted_by,
                    digest=one.digest,
                    changes=changes,
                )
            )
        before = one.system or before
    return tuple(found)


def _changes(before: System | None, after: System | None) -> tuple[str, ...]:
    if after is None:
        return (_UNREADABLE,)
    new = {one.name: one for one in objectives(after)}
    if before is None:
        return (f"the first version that is known; it promises {_names(new)}",)
    old = {one.name: one for one in objectives(before)}
    return (
        *(f"{name} is promised from now on: {new[name].promise.text}" for name in new if name not in old),
        *(f"{name} is promised no more (was {old[name].promise.text})" for name in old if name not in new),
        *(
            f"{name}: {said}"
            for name in new
            if name in old
            for said in _said(_terms(old[name]), _terms(new[name]))
        ),
        *_contracts(before, after),
    )  # fmt: skip


def _contracts(before: System, after: System) -> list[str]:
    old = {one.name: one for one in agreements(before) if one.stated}
    new = {one.name: one for one in agreements(after) if one.stated}
    return [
        *(f"the agreement {name} is made: {new[name].terms.promise.text}" for name in new if name not in old),
        *(f"the agreement {name} ends" for name in old if name not in new),
        *(
            f"agreement {name}: {said}"
            for name in new
            if name in old
            for said in _said(_clauses(old[name]), _clauses(new[name]))
        ),
    ]  # fmt: skip


def _clauses(one: Agreement) -> dict[str, str]:
    contract = one.contract
    most, notice = contract.maintenance_at_most, contract.maintenance_notice
    return {
        "promise": one.terms.promise.text,
        "window": one.window_words,
        "credits": ", ".join(f"{share_words(each.share)} {each.text}" for each in contract.credits) or "none",
        "excludes": ", ".join(contract.excludes) or "nothing",
        "maintenance at most": words(most) if most is not None else "any",
        "notice": words(notice) if notice is not None else "none",
    }  # fmt: skip


def _said(before: dict[str, str], after: dict[str, str]) -> list[str]:
    return [
        f"{what} {before[what]} → {after[what]}" for what in after if before[what] != after[what]
    ]


def _terms(one: Objective) -> dict[str, str]:
    return {
        "objective": one.promise.text,
        "SLA": one.sla.text if one.sla else "none",
        "window": f"calendar {one.calendar}" if one.calendar else words(one.window),
        "counts": ", ".join(each.key for each in one.indicators) or "nothing",
        "coverage needed": share_words(one.min_coverage),
    }


def _names(found: dict[str, Objective]) -> str:
    return ", ".join(found) or "nothing"
