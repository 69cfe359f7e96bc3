"""Conditions in PromQL: threshold, absence, expiry and age; burn rates have their own module."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from fractions import Fraction
from typing import TYPE_CHECKING

from standfast.publish.prometheus import metrics, signals
from standfast.publish.prometheus.promql import number, over, series
from standfast.publish.prometheus.query import Query, Samples, Unsaid, unscraped
from standfast.spec.condition import Absence, Age, Expiry, Expr, Threshold

if TYPE_CHECKING:
    from standfast.spec.condition import Condition
    from standfast.spec.system import Component, System

ZERO = timedelta(0)
FAST = timedelta(minutes=1)


def query_of(condition: Condition, component: Component, system: System) -> Query | Unsaid:
    """One alert's condition as Prometheus sees it; a reason where its metrics cannot say it."""
    match condition:
        case Threshold():
            return _threshold(condition, component, system)
        case Absence():
            return _absence(condition, component)
        case Expiry():
            return _expiry(condition, component)
        case Age():
            return _age(condition, component)
        case Expr(promql=promql, lasting=lasting) if promql.strip():
            return Query(expr=promql, lasting=lasting)
    return Unsaid(reason=f"no query for the condition {condition.text!r}")


def looking_back(component: Component) -> timedelta:
    """The shortest window that still holds samples when one scrape is lost: four scrapes, at least a minute."""
    return max(FAST, 4 * component.scrape_every)


# ------------------------------------------------------------------ threshold


def _threshold(condition: Threshold, component: Component, system: System) -> Query | Unsaid:
    signal = signals.find(condition.signal, component, system)
    if isinstance(signal, Unsaid):
        return signal
    limit = condition.limit
    sign = ">" if condition.above else "<"
    window = looking_back(component)
    expr = f"{over(signal.value, window)} {sign} {number(limit)}"
    if condition.floor and signal.events:
        expr = _widened(
            signal.value, signal.events, f"{sign} {number(limit)}", condition.floor, window
        )
    above, below = (signal.high(limit), signal.low(limit))
    bad, good = (above, below) if condition.above else (below, above)
    return Query(expr=expr, lasting=condition.lasting, bad=bad, good=good)


def _widened(value: str, events: str, beyond: str, floor: int, window: timedelta) -> str:
    """With fewer than `floor` events in the window ten times the window decides, so one failure of two
    does not page, and a quiet service is not deaf either."""
    seconds = window // timedelta(seconds=1)
    enough = f"{over(events, window)} * {seconds} >= {floor}"
    wide = 10 * window
    enough_wide = f"{over(events, wide)} * {10 * seconds} >= {floor}"
    return (
        f"({over(value, window)} {beyond} and {enough})\n"
        f"or ({over(value, wide)} {beyond} and {enough_wide} unless {enough})"
    )


# ------------------------------------------------------------------ absence


def _absence(condition: Absence, component: Component) -> Query | Unsaid:
    up = series("up", job=component.name)
    if condition.signal == "heartbeat" and component.heartbeats:
        return Unsaid(reason="jobs tell standfast when they ran, and standfast judges that itself")
    if condition.signal in {"metrics", "heartbeat"}:
        if not metrics.scraped(component):
            return unscraped(component, condition.signal)
        return Query(
            expr=f"absent({up} == 1)",
            lasting=condition.lasting,
            bad=(Samples(series=up, first=0),),
            good=(Samples(series=up, first=1),),
        )
    if component.scrape is None or "probe" in condition.signal:
        return _no_answers(condition, component)
    if "request" not in condition.signal:
        return Unsaid(
            reason=f"no metric tells of {condition.signal!r}; known: successful requests, requests, "
            "metrics, heartbeat"
        )
    return _no_requests(condition, component)


def _no_requests(condition: Absence, component: Component) -> Query:
    window = max(condition.lasting, looking_back(component))
    wanted = metrics.successes if "success" in condition.signal else metrics.requests
    # `or vector(0)`: a dead application has no series at all, and must not look like a healthy one.
    expr = f"({over(wanted(component), window)} or vector(0)) == 0"
    asked = signals.requests_of(component, "2xx")
    failed = signals.requests_of(component, "5xx")
    if condition.guarded:
        expr = f"({expr})\nand on() ({_disturbed(component, window)})"
    success = "success" in condition.signal
    silent = (
        Samples(series=failed, step=15)
        if success
        else Samples(series=series("up", job=component.name))
    )
    # The window itself is how long nothing was seen; a `for` on top would wait twice.
    return Query(
        expr=expr,
        lasting=ZERO,
        bad=(Samples(series=asked, first=100), silent),
        good=(Samples(series=asked, step=150), Samples(series=failed)),
    )


def _disturbed(component: Component, window: timedelta) -> str:
    """Signs that silence is a fault and not a quiet night: refused requests, failed probes, a dead target."""
    asked = f"{over(metrics.requests(component), window)} > 0"
    probe = f"max({series(metrics.PROBE, component=component.name)}) == 0"
    dead = f"max({series('up', job=component.name)}) == 0"
    return f"({asked}) or ({probe}) or ({dead})"


def _no_answers(condition: Absence, component: Component) -> Query | Unsaid:
    """Nothing is scraped, so the probes' successes are the requests that count."""
    if not component.probed:
        return Unsaid(
            reason=f"{component.name} is neither scraped nor probed",
            rule="MON-01",
            to="DevOps/Platform",
        )
    probe = series(metrics.PROBE, component=component.name)
    window = max(condition.lasting, 2 * component.probe_every)
    return Query(
        expr=f"max(max_over_time({over(probe + '[$w]', window)})) == 0",
        lasting=ZERO,
        bad=(Samples(series=probe, first=0),),
        good=(Samples(series=probe, first=1),),
    )


# ------------------------------------------------------------------ expiry and age


def _expiry(condition: Expiry, component: Component) -> Query | Unsaid:
    if condition.what != "certificate":
        return Unsaid(
            reason=f"no metric tells when a {condition.what} ends; standfast measures certificates",
            rule="ALR-10",
            to="DevOps/Platform",
        )
    left = series(metrics.CERTIFICATE, component=component.name)
    seconds = condition.within / timedelta(seconds=1)
    return Query(
        expr=f"min({left}) < {number(Fraction(seconds))}",
        lasting=ZERO,
        bad=(Samples(series=left, first=seconds - 1),),
        good=(Samples(series=left, first=seconds + 86_400),),
    )


def _age(condition: Age, component: Component) -> Query | Unsaid:
    limit = condition.limit / timedelta(seconds=1)
    own = metrics.own(component, condition.what, f"{condition.what} age")
    if own is None and condition.what == "queue" and component.scrape:
        own = metrics.QUEUE_AGE
    if own and not metrics.scraped(component):
        return unscraped(component, f"{condition.what} age")
    if own is None and condition.what != "backup":
        return Unsaid(
            reason=f"no metric tells the age of the {condition.what}; standfast watches it itself. "
            f"Name one as `components.{component.name}.metrics.{condition.what}` to have Prometheus watch too"
        )
    age = (
        series(own, job=component.name) if own else series(metrics.BACKUP_AGE, store=component.name)
    )
    expr = f"max({age}) > {number(Fraction(limit))}"
    if own is None:
        # A store that was never backed up has no age; while standfast answers, none is too old.
        expr = f"(max({age}) or (max({metrics.UP}) == 1) * +Inf) > {number(Fraction(limit))}"
    good = (Samples(series=age, first=0), Samples(series=metrics.UP, first=1))
    return Query(
        expr=expr, lasting=ZERO, bad=(replace(good[0], first=limit + 60), good[1]), good=good
    )
