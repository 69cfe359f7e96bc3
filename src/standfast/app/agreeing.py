"""Reading how contracts stand: counts, exclusions and first looks in, judgements out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from standfast.dashboards import agreement as agreement_screen
from standfast.slo.agreement import agreements, judge, window_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from standfast.dashboards.agreement import AgreementLine
    from standfast.slo.agreement import Agreement, Judgement
    from standfast.slo.objective import Objective
    from standfast.slo.window import Span
    from standfast.spec.system import System
    from standfast.store.tx import Tx


def of_objective(
    tx: Tx, system: System, objective: Objective, now: datetime
) -> tuple[AgreementLine, ...]:
    """The contracts that an objective guards."""
    mine = [one for one in agreements(system) if one.terms.level == objective.level]
    return _lines(tx, mine, now)


def listing(tx: Tx, system: System, now: datetime) -> tuple[AgreementLine, ...]:
    return _lines(tx, agreements(system), now)


def judged(tx: Tx, agreement: Agreement, span: Span, now: datetime) -> Judgement:
    """One window of a contract; `span` may have ended, as long as its counts are kept."""
    return judge(
        agreement,
        span,
        tx.exclusions.standing(span.start),
        tx.levels.tallies,
        now=now,
        first_seen=tx.levels.first_seen(),
    )


def _lines(tx: Tx, mine: Sequence[Agreement], now: datetime) -> tuple[AgreementLine, ...]:
    return tuple(agreement_screen.line(judged(tx, one, window_of(one, now), now)) for one in mine)
