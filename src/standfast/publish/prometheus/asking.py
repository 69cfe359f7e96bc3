"""What a Prometheus-compatible server is asked so that its counts can be kept minute by minute."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from standfast.monitoring.asked import MINUTE, Question
from standfast.publish.prometheus.indicators import counted
from standfast.publish.prometheus.promql import over
from standfast.publish.prometheus.query import Unsaid

if TYPE_CHECKING:
    from standfast.slo.indicator import Indicator
    from standfast.spec.system import Component

_SCRAPES = 4  # in a rate's window, so that one that is lost leaves enough


def question(
    indicator: Indicator, component: Component, lookback: timedelta | None
) -> Question | Unsaid:
    """The same expressions as in the published rules, over the shortest window that still holds samples."""
    found = counted(indicator, component)
    if isinstance(found, Unsaid):
        return found
    window = lookback or max(MINUTE, _whole(_SCRAPES * found.every))
    return Question(
        indicator=indicator.key,
        bad=over(found.bad, window),
        total=over(found.total, window),
        scale=MINUTE / timedelta(seconds=1) if found.per_second else MINUTE / window,
    )


def _whole(span: timedelta) -> timedelta:
    """In whole seconds; PromQL takes no others."""
    return timedelta(seconds=-(-span // timedelta(seconds=1)))
