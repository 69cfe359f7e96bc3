"""Recovery: what was promised for each kind of data, what was measured, and when that was last proven."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from standfast.dashboards.mark import Mark


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveryLine:
    data: str
    store: str
    classification: str
    mark: Mark
    rpo: timedelta | None
    rpo_measured: timedelta | None
    rto: timedelta | None
    rto_measured: timedelta | None
    proven_at: datetime | None
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyLine:
    id: str
    store: str
    kind: str
    mark: Mark
    taken_at: datetime
    size: str
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofLine:
    at: datetime
    store: str
    mark: Mark
    words: str
    phases: tuple[tuple[str, timedelta], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FailoverPlan:
    name: str
    words: str
    steps: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveryScreen:
    words: str
    objectives: tuple[RecoveryLine, ...]
    copies: tuple[CopyLine, ...]
    proofs: tuple[ProofLine, ...]
    failovers: tuple[FailoverPlan, ...]
