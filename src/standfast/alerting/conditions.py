"""Does a condition hold? Five forms, each answering yes, no or "not known", with its figures."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from fractions import Fraction
from typing import TYPE_CHECKING, assert_never

from standfast.alerting.facts import Verdict
from standfast.alerting.rules import PAGE
from standfast.slo.judgement import BurnState, words
from standfast.spec.condition import Absence, Age, Burn, Expiry, Expr, Threshold

if TYPE_CHECKING:
    from collections.abc import Iterator

    from standfast.alerting.facts import Facts
    from standfast.alerting.rules import Rule
    from standfast.slo.judgement import Burn as BurnOfWindow
    from standfast.slo.tally import Tally
    from standfast.spec.values import Severity

_SHORTEST = timedelta(minutes=1)
_WIDEST = timedelta(days=1)
_NONE = timedelta(0)


def judge(rule: Rule, facts: Facts, now: datetime) -> Verdict:
    """What the measurements say to the rule at this instant; how long it must last is not asked here."""
    match rule.when:
        case Threshold():
            return _threshold(rule.component, rule.when, facts)
        case Absence():
            return _absence(rule.component, rule.when, facts, now)
        case Expiry():
            return _expiry(rule.component, rule.when, facts, now)
        case Age():
            return _age(rule.component, rule.when, facts, now)
        case Burn():
            return _burn(rule, rule.when, facts)
        case Expr():
            return Verdict(holds=None, because="PromQL is generated here, and judged by Prometheus")
        case _:
            assert_never(rule.when)


def severity(rule: Rule, facts: Facts) -> Severity:
    """Of a burn that of the gravest window that fires; else what the rule says."""
    if not isinstance(rule.when, Burn) or not rule.graded:
        return rule.severity
    firing = [one.window.severity for one in _mine(rule, rule.when, facts) if one.fires]
    return min(firing, default=rule.severity)


# ------------------------------------------------------------------ threshold


def _threshold(component: str, when: Threshold, facts: Facts) -> Verdict:
    if when.signal in {"error rate", "probe failures"}:
        return _share(component, when, facts)
    reading = facts.newest(component, when.signal)
    if reading is None:
        return Verdict(holds=None, because=f"no recent value of {when.signal} of {component}")
    value = Fraction(reading.value)
    return Verdict(
        holds=_beyond(when, value),
        because=f"{when.signal} of {component} is {_shown(value, when.unit)}, {_limit(when)}",
    )


def _share(component: str, when: Threshold, facts: Facts) -> Verdict:
    """A share of counted events, over a window that holds enough of them."""
    count = facts.requests if when.signal == "error rate" else facts.probes
    for window in windows_of(when):
        tally = count(component, window)
        if tally.total >= max(when.floor, 1):
            break
    share = tally.bad_share
    if tally.covered <= _NONE:
        return Verdict(holds=None, because=f"nothing was seen of {component} for {words(window)}")
    if share is None:
        return Verdict(
            holds=not when.above, because=f"{component} had no traffic for {words(window)}"
        )
    return Verdict(
        holds=_beyond(when, share),
        because=(
            f"{when.signal} of {component} is {_shown(share, '%')} over {words(window)}"
            f" ({tally.bad} of {tally.total}), {_limit(when)}"
        ),
    )


def windows_of(when: Threshold) -> Iterator[timedelta]:
    """Those that a share is asked of, one after the other until one holds enough events."""
    window = max(_SHORTEST, min(when.lasting, timedelta(minutes=5)) / 5)
    yield window
    while when.floor and window < _WIDEST:
        window = min(2 * window, _WIDEST)
        yield window


def _beyond(when: Threshold, value: Fraction) -> bool:
    return value > when.limit if when.above else value < when.limit


def _limit(when: Threshold) -> str:
    side = "over" if when.above else "under"
    lasting = f" for {words(when.lasting)}" if when.lasting else ""
    return f"the alert is at {side} {_shown(when.limit, when.unit)}{lasting}"


def _shown(value: Fraction, unit: str) -> str:
    if unit == "%":
        return f"{float(value) * 100:.4g}%"
    return f"{float(value):.4g}{unit}"


# ------------------------------------------------------------------ absence


def _absence(component: str, when: Absence, facts: Facts, now: datetime) -> Verdict:
    if when.signal == "metrics":
        return _no_metrics(component, when, facts)
    if when.signal == "heartbeat":
        return _no_heartbeat(component, when, facts, now)
    probes = facts.probes(component, when.lasting)
    if when.signal == "successful probes":
        return _no_success("probe", component, when, probes, facts.watched(component, "probes"))
    requests = facts.requests(component, when.lasting)
    if when.signal == "requests":
        requests = replace(requests, bad=0)  # a failed request is one, too
    verdict = _no_success(
        "request", component, when, requests, facts.watched(component, "requests")
    )
    return _with_probes(component, when, verdict, requests, probes, facts)


def _no_heartbeat(component: str, when: Absence, facts: Facts, now: datetime) -> Verdict:
    """By the job's own plan, or by the time since it ended well."""
    jobs = [one for one in facts.heartbeats(component) if when.job in {"", one.name}]
    if not jobs:
        return Verdict(holds=None, because=f"{component} has no heartbeat")
    if when.lasting > _NONE:
        last = {one.name: now - (one.good_at or one.watched_from) for one in jobs}
        name = max(last, key=lambda each: last[each])
        said = f"the heartbeat {name} of {component} was last heard {words(last[name])} ago"
        return Verdict(holds=last[name] >= when.lasting, because=said)
    if bad := [one for one in jobs if one.well is False]:
        return Verdict(holds=True, because=f"the heartbeat {bad[0].name}: {bad[0].because}")
    if waited := [one for one in jobs if one.well is None]:
        return Verdict(holds=None, because=f"the heartbeat {waited[0].name}: {waited[0].because}")
    return Verdict(holds=False, because=f"the heartbeat {jobs[0].name} came as planned")


def _no_metrics(component: str, when: Absence, facts: Facts) -> Verdict:
    down = facts.scrape_down(component)
    if down is None:
        return Verdict(holds=False, because=f"the metrics of {component} answer")
    for_how_long, why = down
    said = f"the metrics of {component} have not answered for {words(for_how_long)}: {why}"
    return Verdict(holds=for_how_long >= when.lasting, because=said)


def _no_success(
    what: str, component: str, when: Absence, tally: Tally, watched: timedelta
) -> Verdict:
    if tally.good > 0:
        said = f"{float(tally.good):.6g} successful {what}s of {component} in {words(when.lasting)}"
        return Verdict(holds=False, because=said)
    if tally.covered <= _NONE or watched < when.lasting:
        said = f"{what}s of {component} were not looked at for {words(when.lasting)}"
        return Verdict(holds=None, because=said)
    said = f"no successful {what} of {component} for {words(when.lasting)}"
    return Verdict(holds=True, because=f"{said}, {float(tally.bad):.6g} failed")


def _with_probes(
    component: str, when: Absence, verdict: Verdict, requests: Tally, probes: Tally, facts: Facts
) -> Verdict:
    """Silence may be night or death. Failing probes, or metrics that answer no more, tell which."""
    if verdict.holds is False:
        return verdict
    seen_long_enough = facts.watched(component, "probes") >= when.lasting
    if probes.total and probes.bad == probes.total and seen_long_enough:
        said = f"{verdict.because}; all {probes.total} probes failed"
        return Verdict(holds=True, because=said)
    down = facts.scrape_down(component)
    if verdict.holds is None and down and down[0] >= when.lasting and not probes.good:
        said = (
            f"{component} shows no metrics for {words(down[0])} ({down[1]}), and no probe succeeds"
        )
        return Verdict(holds=True, because=said)
    if verdict.holds and when.guarded and not requests.total:
        said = f"{verdict.because}; there was no traffic, and the probes do not fail"
        return Verdict(holds=False, because=said)
    return verdict


# ------------------------------------------------------------------ expiry, age, burn


def _expiry(component: str, when: Expiry, facts: Facts, now: datetime) -> Verdict:
    ends = facts.expires(component, when.what)
    if ends is None:
        return Verdict(holds=None, because=f"the {when.what} of {component} was never read")
    left = ends - now
    said = f"the {when.what} of {component} ends at {ends:%Y-%m-%d %H:%M} UTC"
    rest = f"in {words(left)}" if left > _NONE else "which is past"
    return Verdict(
        holds=left <= when.within, because=f"{said}, {rest}; wanted are {words(when.within)}"
    )


def _age(component: str, when: Age, facts: Facts, now: datetime) -> Verdict:
    if when.what == "queue":
        return _queue(component, when, facts)
    made = facts.made(component, when.what)
    if made is None:
        return Verdict(holds=None, because=f"no {when.what} of {component} is known")
    age = now - made
    said = f"the newest {when.what} of {component} is {words(age)} old; the limit is {words(when.limit)}"
    return Verdict(holds=age > when.limit, because=said)


def _queue(component: str, when: Age, facts: Facts) -> Verdict:
    """How long the oldest of what waits has waited, as the component itself tells it."""
    reading = facts.newest(component, "queue age")
    if reading is None:
        return Verdict(holds=None, because=f"{component} does not tell the age of its queue")
    age = timedelta(seconds=reading.value)
    said = f"the oldest in the queue of {component} has waited {words(age)}"
    return Verdict(holds=age > when.limit, because=f"{said}; the limit is {words(when.limit)}")


def _burn(rule: Rule, when: Burn, facts: Facts) -> Verdict:
    burns = _mine(rule, when, facts)
    firing = [one for one in burns if one.fires]
    if firing:
        return Verdict(holds=True, because=firing[0].because)
    known = [one for one in burns if one.state is not BurnState.UNKNOWN]
    if not known:
        said = burns[0].because if burns else f"no objective {when.objective} is judged"
        return Verdict(holds=None, because=said)
    if len(known) < len(burns) and not _quickest_known(burns):
        return Verdict(holds=None, because=burns[0].because)
    return Verdict(holds=False, because=known[0].because)


def _quickest_known(burns: tuple[BurnOfWindow, ...]) -> bool:
    return burns[0].state is not BurnState.UNKNOWN


def _mine(rule: Rule, when: Burn, facts: Facts) -> tuple[BurnOfWindow, ...]:
    burns = facts.burns(when.objective)
    return tuple(
        one for one in burns if not rule.windows or one.window.pages == (rule.windows == PAGE)
    )
