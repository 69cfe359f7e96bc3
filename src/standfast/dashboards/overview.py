"""The overview: are we well, will we break a promise, and would anybody be called?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from standfast.dashboards.mark import UNKNOWN, Mark, worst
from standfast.review.wording import listed
from standfast.slo.judgement import words

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from fractions import Fraction

    from standfast.dashboards.audit import Seal
    from standfast.dashboards.incident import IncidentLine, Owed
    from standfast.dashboards.objective import ObjectiveLine
    from standfast.dashboards.on_call import Delivery, Duty
    from standfast.dashboards.recovery import RecoveryLine
    from standfast.dashboards.service import ComponentLine
    from standfast.dashboards.why import Why

_EXPLAINED = 3  # components that the first sentence tells all of


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertLine:
    severity: str
    component: str
    summary: str
    because: str
    since: datetime
    page_id: str
    page_words: str
    acknowledged: bool
    runbook: str  # its name; "" where none is known


@dataclass(frozen=True, slots=True, kw_only=True)
class OverviewScreen:
    system: str
    health: Mark
    because: str
    problems: tuple[str, ...]  # of standfast itself
    kept: int
    kept_words: str
    least_left: Fraction | None
    least_words: str
    objectives: tuple[ObjectiveLine, ...]
    components: tuple[ComponentLine, ...]
    incidents: tuple[IncidentLine, ...]
    overdue: tuple[Owed, ...]  # after incidents that are over
    alerts: tuple[AlertLine, ...]
    on_call: tuple[Duty, ...]
    recovery: tuple[RecoveryLine, ...]
    last_proof: datetime | None
    proof_words: str
    seal: Seal
    delivery: Delivery
    version: int
    why: tuple[tuple[str, Why], ...]  # of each figure at the top, by its label


def screen(
    system: str,
    *,
    version: int,
    problems: Sequence[str],
    objectives: Sequence[ObjectiveLine],
    components: Sequence[ComponentLine],
    incidents: Sequence[IncidentLine],
    overdue: Sequence[Owed],
    alerts: Sequence[AlertLine],
    on_call: Sequence[Duty],
    recovery: Sequence[RecoveryLine],
    seal: Seal,
    delivery: Delivery,
) -> OverviewScreen:
    health, because = _health(components, incidents, objectives)
    kept = [one for one in objectives if one.mark.tone in {"good", "warn"}]
    open_words = ", ".join(f"{one.id} ({one.sev}, {one.mark.word})" for one in incidents)
    least = min((one for one in objectives if one.left is not None), key=_left, default=None)
    proofs = [one.proven_at for one in recovery if one.proven_at]
    return OverviewScreen(
        system=system,
        health=health,
        because=because,
        problems=tuple(problems),
        kept=len(kept),
        kept_words=_kept_words(objectives),
        least_left=least.left if least else None,
        least_words=f"of {least.name}{_so_far(least)}" if least else "nothing was measured yet",
        objectives=tuple(objectives),
        components=tuple(components),
        incidents=tuple(incidents),
        overdue=tuple(overdue),
        alerts=tuple(alerts),
        on_call=tuple(on_call),
        recovery=tuple(recovery),
        last_proof=max(proofs, default=None),
        proof_words=_proof_words(recovery),
        seal=seal,
        delivery=delivery,
        version=version,
        why=(
            ("Promises kept", _why_kept(objectives)),
            ("Least budget left", _why_least(least)),
            ("Open incidents", _why_open(open_words, alerts)),
            ("Last proven restore", _why_proof(recovery)),
            ("Audit log", _why_sealed(seal)),
            ("Pages", delivery.why),
        ),
    )


def _so_far(one: ObjectiveLine) -> str:
    """A figure over a month that rests on minutes is no figure of a month."""
    return (
        "" if one.watched is None else f", watched for {words(one.watched)} of {words(one.window)}"
    )


def _why_kept(objectives: Sequence[ObjectiveLine]) -> Why:
    unknown = [one.name for one in objectives if one.mark.tone == "quiet"]
    return (
        ("Counted", "objectives whose budget is not exhausted, of all in the file"),
        ("Window", "each its own; the table below says which"),
        ("Missing", f"unknown, so not kept: {', '.join(unknown)}" if unknown else "nothing"),
        ("Who promised", "the reliability file; the page of each objective names the line"),
    )


def _why_least(least: ObjectiveLine | None) -> Why:
    if least is None:
        return (("Counted", "no objective has measured a budget yet"),)
    return (
        ("Counted", f"1 - bad events / bad events allowed, of {least.name}: the least of all"),
        ("Window", f"{words(least.window)}, of {least.component}{_so_far(least)}"),
        ("Promised", least.promise),
        ("Samples", f"the page of {least.name} has the counts, and what is missing"),
    )


def _why_open(open_words: str, alerts: Sequence[AlertLine]) -> Why:
    return (
        ("Counted", "incidents that are neither resolved nor closed"),
        ("Now", open_words or "none"),
        ("Alerts", ", ".join(f"{one.severity} {one.component}" for one in alerts) or "none fires"),
    )


def _why_proof(recovery: Sequence[RecoveryLine]) -> Why:
    return (
        ("Counted", "the newest copy that was restored into a scratch server and compared"),
        ("Of", ", ".join(f"{one.data} ({one.mark.word})" for one in recovery) or "no data type"),
        ("Who promised", "data: in the reliability file, by RPO and RTO"),
    )


def _why_sealed(seal: Seal) -> Why:
    signed = f"{seal.signed_at:%Y-%m-%d %H:%M:%S} UTC" if seal.signed_at else "never"
    return (
        ("Counted", "records of the system's own audit log, from its first"),
        ("Signed", f"the first {seal.signed_size} of {seal.size}, {signed}"),
        (
            "Missing",
            "a signature says that nothing was changed since; the page Audit looks for holes",
        ),
    )


def _left(one: ObjectiveLine) -> Fraction:
    assert one.left is not None  # noqa: S101 - the caller picked those that have one
    return one.left


def _health(
    components: Sequence[ComponentLine],
    incidents: Sequence[IncidentLine],
    objectives: Sequence[ObjectiveLine],
) -> tuple[Mark, str]:
    known = worst([one.mark for one in components])
    unwell = [one for one in components if one.mark.tone in {"warn", "bad"}]
    unseen = [one.name for one in components if one.mark == UNKNOWN]
    if incidents:
        names = ", ".join(f"{one.id} ({one.sev})" for one in incidents)
        return Mark(
            "bad", "incident"
        ), f"{names} {'is' if len(incidents) == 1 else 'are'} open. " + _unwell_words(unwell)
    if unwell:
        return known, _unwell_words(unwell)
    if unseen:
        if len(unseen) == len(components):
            return UNKNOWN, "Nothing is known of any component yet."
        return UNKNOWN, f"Nothing is known of {listed(unseen)}; the rest is healthy."
    if broken := [one.name for one in objectives if one.mark.tone == "bad"]:
        said = f"Every component is well now; broken promises: {listed(broken)}."
        return Mark("warn", "promises broken"), said + _young(objectives)
    return known, "Every component answers and does what it should."


def _young(objectives: Sequence[ObjectiveLine]) -> str:
    young = [one for one in objectives if one.mark.tone == "bad" and one.watched is not None]
    if not young:
        return ""
    least = min(young, key=lambda one: (one.watched or one.window) / one.window)
    so_far = f"{words(least.watched or least.window)} of its {words(least.window)}"
    others = f", and {len(young) - 1} more for a part of theirs" if len(young) > 1 else ""
    return (
        f" Early days: {least.name} was watched for {so_far}{others};"
        " the rest counts as just as busy, and good."
    )


def _unwell_words(unwell: Sequence[ComponentLine]) -> str:
    """The worst first, with why; of many only their names."""
    ranked = sorted(unwell, key=lambda one: one.mark.tone != "bad")
    said = [f"{one.name} is {one.mark.word}: {one.because}." for one in ranked[:_EXPLAINED]]
    if more := [one.name for one in ranked[_EXPLAINED:]]:
        said.append(f"Unwell as well: {listed(more)}.")
    return " ".join(said)


def _kept_words(objectives: Sequence[ObjectiveLine]) -> str:
    unknown = sum(one.mark.tone == "quiet" for one in objectives)
    broken = [one.name for one in objectives if one.mark.tone == "bad"]
    parts = [f"broken: {listed(broken, 3)}"] if broken else []
    parts += [f"{unknown} unknown"] if unknown else []
    return "; ".join(parts) or ("none is promised" if not objectives else "all of them")


def _proof_words(recovery: Sequence[RecoveryLine]) -> str:
    if not recovery:
        return "no data type is described"
    proven = sum(one.mark.tone == "good" for one in recovery)
    return f"{proven} of {len(recovery)} data types are proven within their promise"
