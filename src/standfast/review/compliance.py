"""CMP: is the audit log kept as long as the law asks, and no longer?"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from standfast.review import regimes
from standfast.review.finding import Hit, Role, Verdict, rule
from standfast.review.wording import span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from standfast.review.case import Case
    from standfast.review.regimes import Regime
    from standfast.spec.protection import DataType
    from standfast.spec.system import Retention

_ERASURE = timedelta(days=30)


def _regimes(case: Case) -> Iterator[tuple[str, Regime]]:
    for name in case.system.compliance.regimes or ():
        regime = regimes.known(name)
        if regime is not None:
            yield name, regime


def _kept(case: Case, regime: str) -> tuple[str, Retention] | None:
    """What the file keeps for a regime, and the path that says so."""
    retention = case.system.compliance.retention
    if regime in retention:
        return f"compliance.audit.retention.{regime}", retention[regime]
    return ("compliance.audit.hot", retention[""]) if "" in retention else None


@rule(
    "CMP-00",
    Verdict.CLARIFY,
    Role.LEGAL,
    Role.ANALYST,
    condition="compliance not stated",
    why="none is an answer; silence is not",
    if_rejected="no regime is assumed",
)
def unstated(case: Case) -> Iterator[Hit]:
    if case.system.compliance.regimes is None:
        yield Hit(
            at="compliance.regimes",
            problem="the file does not say which regimes apply",
            suggestion="none, or which? `regimes: []`, or gdpr, hipaa, soc2, pci-dss, sox",
        )


@rule(
    "CMP-01",
    Verdict.BLOCK,
    Role.LEGAL,
    condition="retention shorter than a regime asks (CLARIFY where the figure is disputed)",
    why="what was deleted too early cannot be shown",
    if_rejected="the gap is published in the retention policy",
)
def too_short(case: Case) -> Iterator[Hit]:
    for name, regime in _regimes(case):
        kept = _kept(case, name)
        # PCI-DSS asks for two figures at once: CMP-05.
        if kept is None or regime.at_once or kept[1].total >= regime.least:
            continue
        disputed = kept[1].total >= regime.undisputed
        yield Hit(
            at=f"compliance.audit.retention.{name}",
            problem=f"{regime.name} asks for {_years(regime.least)} ({regime.source}), "
            f"{_years(kept[1].total)} are kept" + (f"; {regime.note}" if regime.note else ""),
            suggestion=f"keep {_years(regime.least)}",
            verdict=Verdict.CLARIFY if disputed else None,
            rests_on=(kept[0],),
        )


def _years(length: timedelta) -> str:
    years = length.days // 365
    return f"{years} y" if years and not length % timedelta(days=365) else span(length)


@rule(
    "CMP-02",
    Verdict.CLARIFY,
    Role.LEGAL,
    condition="personal data kept longer than its purpose, or archived without a legal basis",
    why="keeping it just in case is what the law forbids (GDPR art. 5(1)(e))",
    if_rejected="state the legal basis; it is published",
)
def too_long(case: Case) -> Iterator[Hit]:
    for name, regime in _regimes(case):
        kept = _kept(case, name)
        if regime.name != "GDPR" or kept is None or name in case.system.compliance.basis:
            continue
        if name in case.system.compliance.retention and kept[1].archive:
            yield Hit(
                at=kept[0],
                problem=f"{_years(kept[1].hot)} active + {_years(kept[1].archive)} archive = "
                f"{_years(kept[1].total)} of personal traces, and no legal basis is stated",
                suggestion="keep 1 y without archive, pseudonymise, or state `basis:`",
            )
        for data in _with_purpose(case):
            if data.keep is not None and kept[1].total > data.keep:
                yield Hit(
                    at=f"data.{data.name}.keep",
                    problem=f"the purpose of {data.name} needs {_years(data.keep)}; its audit events "
                    f"are kept {_years(kept[1].total)}",
                    suggestion="pseudonymise after the purpose ends, or state the legal basis",
                )


def _with_purpose(case: Case) -> Iterator[DataType]:
    for data in case.system.data.values():
        if data.keep is not None and (data.sensitive or "personal" in data.kinds):
            yield data


@rule(
    "CMP-03",
    Verdict.BLOCK,
    Role.LEGAL,
    condition="one regime asks to keep for longer than another allows",
    why="GDPR against SOX: no single period satisfies both",
    if_rejected="the longer period is kept, and the conflict is published",
)
def conflict(case: Case) -> Iterator[Hit]:
    found = dict(_regimes(case))
    private = next((name for name, regime in found.items() if regime.name == "GDPR"), None)
    if private is None or private in case.system.compliance.basis:
        return
    longest = max(found.values(), key=lambda regime: regime.least)
    for data in _with_purpose(case):
        if data.keep is not None and longest.least > data.keep:
            yield Hit(
                at=f"data.{data.name}.keep",
                problem=f"{longest.name} asks for {_years(longest.least)} ({longest.source}); the "
                f"purpose of {data.name} allows {_years(data.keep)} ({found[private].source})",
                suggestion="split by event class: keep what the one needs, pseudonymise the rest",
                verdict=None if longest.undisputed > data.keep else Verdict.CLARIFY,
                rests_on=(f"data.{data.name}.keep",),
            )


@rule(
    "CMP-04",
    Verdict.CLARIFY,
    Role.LEGAL,
    condition="backups of personal data kept beyond the 30 days in which an erasure is answered",
    why="an erased person comes back with the next restore (GDPR art. 12(3) and 17)",
    if_rejected="erasures are replayed after each restore, and the notice says so",
)
def undead(case: Case) -> Iterator[Hit]:
    if not any(regime.name == "GDPR" for _, regime in _regimes(case)):
        return
    for store, backup in case.system.backups.items():
        personal = [
            d.name for d in case.data_in.get(store, ()) if d.sensitive or "personal" in d.kinds
        ]
        longest = max((copy.keep for copy in backup.copies.values()), default=timedelta())
        if personal and longest > _ERASURE:
            yield Hit(
                at=f"backups.{store}",
                problem=f"copies of {personal[0]} are kept {span(longest)}, erasures are due in "
                f"{span(_ERASURE)}",
                suggestion="keep copies for 30 d, or put them beyond use and say so in the notice",
            )


@rule(
    "CMP-05",
    Verdict.BLOCK,
    Role.LEGAL,
    condition="PCI-DSS: less than 12 months kept, or less than three months at once",
    why="PCI DSS v4.0.1, 10.5.1 asks for both",
    if_rejected="not possible while card data is processed",
)
def card_log_too_short(case: Case) -> Iterator[Hit]:
    for name, regime in _regimes(case):
        kept = _kept(case, name)
        if not regime.at_once or kept is None:
            continue
        if kept[1].total < regime.least or kept[1].hot < regime.at_once:
            yield Hit(
                at=kept[0],
                problem=f"{span(kept[1].hot)} at once, {_years(kept[1].total)} in all; "
                f"{regime.source} asks for {span(regime.at_once)} and {_years(regime.least)}",
                suggestion="write `pci-dss: {hot: 1y}` under `retention:`",
                rests_on=(kept[0],),
            )


@rule(
    "CMP-06",
    Verdict.CLARIFY,
    Role.LEGAL,
    condition="regime named without a source of evidence",
    why="an auditor asks to be shown, not told",
    if_rejected="standfast's own audit log is the only evidence",
)
def no_evidence(case: Case) -> Iterator[Hit]:
    for name, regime in _regimes(case):
        if name not in case.system.compliance.evidence:
            yield Hit(
                at=f"compliance.evidence.{name}",
                problem=f"no evidence is named for {regime.name}",
                suggestion=f"write `evidence: {{{name}: WHERE}}`",
            )


RULES = (
    unstated,
    too_short,
    too_long,
    conflict,
    undead,
    card_log_too_short,
    no_evidence,
)
