"""What is said of an objective: since when it is watched, what is spent, and what follows from it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction

from hand_built import shop_system

from standfast.dashboards.exclusion import Excluded
from standfast.dashboards.objective import ObjectiveScreen, line, screen
from standfast.slo.budget import budget
from standfast.slo.gate import Answer, Standing, decide, subject_of
from standfast.slo.objective import objectives
from standfast.slo.policy import PolicyState
from standfast.slo.status import BurnDown, LevelStatus
from standfast.slo.tally import Tally
from standfast.slo.window import Span

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
SYSTEM = shop_system()
ONE = objectives(SYSTEM)[0]
MINUTE = timedelta(minutes=1)


def status(since: datetime, total: int = 1000, bad: int = 100) -> LevelStatus:
    found = budget(
        ONE,
        Tally(total=total, bad=Fraction(bad), covered=NOW - since),
        span=Span(start=NOW - ONE.window, end=NOW),
        now=NOW,
        first_seen=since,
    )
    return LevelStatus(objective=ONE.name, at=NOW, budget=found, burns=())


def shown(
    since: datetime, *bands: PolicyState, points: tuple[BurnDown, ...] = ()
) -> ObjectiveScreen:
    nothing = Excluded(lines=(), time=timedelta(0), total=0, bad=0)
    return screen(SYSTEM, ONE, status(since), bands, points, (), nothing, (), since=since)


def test_a_figure_of_a_window_that_is_hardly_watched_says_so() -> None:
    young = NOW - 2 * MINUTE
    assert line(ONE, status(young), since=young).watched == 2 * MINUTE
    assert shown(young).watched == 2 * MINUTE
    old = NOW - ONE.window - MINUTE
    assert line(ONE, status(old), since=old).watched is None


def test_it_is_watched_once_all_of_it_is() -> None:
    keys = [one.key for one in ONE.indicators]
    assert ONE.first_look(dict.fromkeys(keys, NOW)) == NOW
    assert ONE.first_look({}) is None


def test_where_nobody_came_nothing_is_measured_and_that_is_not_unknown() -> None:
    since = NOW - 2 * MINUTE
    found = line(ONE, status(since, total=0, bad=0), since=since)
    assert found.quiet
    assert found.left == 1
    assert not line(ONE, None).quiet


def test_a_budget_that_is_gone_closes_the_gate_on_its_page_as_at_the_gate() -> None:
    """Whatever the file does about it: in its own band, in one that asks for nothing, and without a policy."""
    began, subject = NOW - ONE.window, subject_of(SYSTEM, ONE.name)
    named = PolicyState(objective=ONE.name, band="0%", action="review", freezes=True, since=NOW)
    low = replace(named, band="< 25%", freezes=False)
    for policy in (named, low, None):
        standing = Standing(objective=ONE, status=status(began), policy=policy)
        page = shown(began, *([policy] if policy else []))
        assert page.mark.word == "exhausted"
        assert page.policy_closes
        assert decide(subject, [standing], (), None, NOW).answer is Answer.NO
    found = shown(began, named)
    assert [(one.band, one.closes) for one in found.policy_history] == [("exhausted", True)]


def test_an_even_burn_lasts_the_window_however_short_the_curve_is() -> None:
    first = NOW - 2 * MINUTE
    found = shown(first, points=tuple(BurnDown(at=at, left=Fraction(1)) for at in (first, NOW)))
    assert found.even_until == first + ONE.window
    assert shown(first).even_until is None
