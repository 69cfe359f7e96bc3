"""The gate as a card of a service, and its overrides as rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from standfast.dashboards.mark import Mark
from standfast.slo.gate import Answer

if TYPE_CHECKING:
    from datetime import datetime

    from standfast.slo.gate import Verdict
    from standfast.slo.override import Override

_MARKS = {
    Answer.YES: Mark("good", "open"),
    Answer.NO: Mark("bad", "closed"),
    Answer.UNKNOWN: Mark("quiet", "unknown"),
}
_OVERRIDDEN = Mark("warn", "overridden")


@dataclass(frozen=True, slots=True, kw_only=True)
class OverrideLine:
    id: str
    service: str
    state: str  # holds | ended | revoked
    because: str
    by: str
    until: datetime
    made_at: datetime
    made_by: str
    revoked_at: datetime | None
    revoked_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GateCard:
    """May it be deployed, why, and who answers for it where its budget does not allow it?"""

    mark: Mark
    sentence: str
    override: OverrideLine | None


def card(verdict: Verdict) -> GateCard:
    needed = verdict.override is not None and verdict.without_override is not Answer.YES
    return GateCard(
        mark=_OVERRIDDEN if needed else _MARKS[verdict.answer],
        sentence=verdict.sentence,
        override=override_line(verdict.override, verdict.at) if verdict.override else None,
    )


def override_line(one: Override, now: datetime) -> OverrideLine:
    ended = "revoked" if one.revoked_at else "ended"
    return OverrideLine(
        id=one.id,
        service=one.service,
        state="holds" if one.holds(now) else ended,
        because=one.because,
        by=one.by,
        until=one.until,
        made_at=one.made_at,
        made_by=one.made_by,
        revoked_at=one.revoked_at,
        revoked_by=one.revoked_by,
    )
