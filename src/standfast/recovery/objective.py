"""What was promised for each type of data against what the last proof measured."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from standfast.recovery.proof import Proof
    from standfast.spec.protection import DataType
    from standfast.spec.system import System

PATIENCE = timedelta(hours=2)  # a proof may be this late before it counts as stale


class Verdict(StrEnum):
    MET = "met"
    MISSED = "missed"
    UNPROVEN = "unproven"  # nothing promised, or nothing measured that still counts


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """One row of the recovery table: a data type, its promises, the newest measurements."""

    data: str
    store: str
    rpo_promised: timedelta | None
    rpo_measured: timedelta | None
    rpo: Verdict
    rto_promised: timedelta | None
    rto_measured: timedelta | None
    rto: Verdict
    proven_at: datetime | None
    because: str


def verdict(promised: timedelta | None, measured: timedelta | None) -> Verdict:
    if promised is None or measured is None:
        return Verdict.UNPROVEN
    return Verdict.MET if measured <= promised else Verdict.MISSED


def judge(data: DataType, proof: Proof | None, every: timedelta, now: datetime) -> Judgement:
    """Judge one data type by its store's newest proof, which is asked for `every` so often."""
    counts = proof is not None and proof.passed and not stale(proof, every, now)
    measured = proof if proof and proof.passed else None
    rpo, rto = (measured.rpo, measured.rto) if measured else (None, None)
    return Judgement(
        data=data.name,
        store=data.store,
        rpo_promised=data.rpo,
        rpo_measured=rpo,
        rpo=verdict(data.rpo, rpo) if counts else Verdict.UNPROVEN,
        rto_promised=data.rto,
        rto_measured=rto,
        rto=verdict(data.rto, rto) if counts else Verdict.UNPROVEN,
        proven_at=measured.at if measured else None,
        because=_because(proof, every, now),
    )


def _because(proof: Proof | None, every: timedelta, now: datetime) -> str:
    if proof is None:
        return "no copy was ever restored"
    if not proof.passed:
        return f"the last restore failed: {proof.reason}"
    if stale(proof, every, now):
        return f"the last proof is of {proof.at:%Y-%m-%d %H:%M} UTC, and one is due every {every}"
    unknown = "" if proof.rpo is not None else "; what was lost is not known, the store was silent"
    return f"restored and compared {proof.at:%Y-%m-%d %H:%M} UTC{unknown}"


def stale(proof: Proof | None, every: timedelta, now: datetime) -> bool:
    return proof is None or now - proof.at > every + PATIENCE


def judgements(
    system: System, newest: dict[str, Proof], every: dict[str, timedelta], now: datetime
) -> tuple[Judgement, ...]:
    """Every data type of the file, in its order; `newest` and `every` by store."""
    return tuple(
        judge(data, newest.get(data.store), every.get(data.store, timedelta(days=1)), now)
        for data in system.data.values()
    )


def newest_proofs(proofs: Iterable[Proof]) -> dict[str, Proof]:
    newest: dict[str, Proof] = {}
    for proof in proofs:
        rival = newest.get(proof.store)
        if rival is None or proof.at > rival.at:
            newest[proof.store] = proof
    return newest
