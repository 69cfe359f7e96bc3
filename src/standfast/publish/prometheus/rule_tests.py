"""rules_test.yml: for every alert a world in which it fires and then resolves, and one in which it stays quiet.

promtool evaluates every rule in every case, so alerts whose worlds do not disturb each other share one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from standfast.publish.artefact import dump
from standfast.publish.document import Generated
from standfast.publish.markdown import span
from standfast.publish.prometheus.groups import NAMES
from standfast.publish.prometheus.objectives import EVERY as BETWEEN
from standfast.publish.prometheus.promql import longest_range, series
from standfast.publish.prometheus.query import Query, Samples, World
from standfast.publish.prometheus.watch import watched

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from standfast.publish.edition import Edition

TESTS = "ops/generated/prometheus/rules_test.yml"
SLOW_TESTS = "ops/generated/prometheus/rules_slow_test.yml"
EVERY = timedelta(seconds=15)  # between the samples, which steps of `Samples` are counted in
_FILL = timedelta(minutes=12)  # beyond the longest wait, for every short window to fill
_FADE = timedelta(
    minutes=6
)  # beyond the longest window; a series that ended is seen for five minutes
PATIENT = timedelta(hours=1)
"""Alerts that look back further have a file of their own, with fewer samples and fewer evaluations: promtool
evaluates every rule at every step, and hours of minutes cost many seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How often series gain a sample, and rules are evaluated."""

    samples: timedelta
    rules: timedelta

    def at(self, moment: timedelta) -> timedelta:
        """The first evaluation that is not before `moment`."""
        return moment + -moment % self.rules


QUICK = Pace(samples=EVERY, rules=timedelta(minutes=1))
SLOW = Pace(samples=timedelta(minutes=1), rules=timedelta(minutes=10))


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One alert and the worlds that it is tried in."""

    name: str
    query: Query
    known_by: Mapping[str, str] = field(default_factory=dict, hash=False)

    def fires_after(self, pace: Pace) -> timedelta:
        """It is pending at one evaluation and fires at a later one."""
        # By then two slices are counted: fewer than in earnest, since rules are evaluated less often.
        fill = max(_FILL, 2.5 * self.query.grain * (pace.rules / BETWEEN))
        return pace.at(pace.at(fill) + self.query.lasting)

    @property
    def drains(self) -> timedelta:
        return max(self.query.drains, longest_range(self.query.expr))

    @property
    def firing(self) -> str:
        labels = {"alertname": self.name, "alertstate": "firing", **self.known_by}
        return f"count({series('ALERTS', **labels)})"


def tests(edition: Edition) -> list[Generated]:
    trials = trials_of(edition)
    quick = [one for one in trials if one.drains <= PATIENT]
    slow = [one for one in trials if one.drains > PATIENT]
    calm = [_calm(shared) for shared in _packed(trials, lambda one: (one.query.good,))]
    found = [_file(edition, TESTS, QUICK, [*_turns(quick, QUICK), *calm])]
    return found + ([_file(edition, SLOW_TESTS, SLOW, _turns(slow, SLOW))] if slow else [])


def _file(edition: Edition, path: str, pace: Pace, cases: list[dict[str, object]]) -> Generated:
    content = {
        "rule_files": ["rules.yml"],
        # What alerts read is recorded first; promtool keeps no order of its own.
        "group_eval_order": list(NAMES),
        "evaluation_interval": span(pace.rules),
        "tests": cases,
    }
    return Generated(path=path, text=dump(edition, content))


def _turns(trials: list[Trial], pace: Pace) -> list[dict[str, object]]:
    packs = _packed(trials, lambda one: (one.query.bad, one.query.good))
    return [_turning(shared, pace) for shared in packs]


def trials_of(edition: Edition) -> list[Trial]:
    """Every alert but those whose PromQL is the file's own: nobody here knows a world for them."""
    stated = [
        Trial(name=one.name, query=one.query)
        for one in edition.alerts
        if isinstance(one.query, Query) and one.query.bad
    ]
    return stated + [
        Trial(name=one.name, query=one.query, known_by=one.known_by)
        for one in watched(edition.system)
    ]


# ------------------------------------------------------------------ which alerts share a case

Worlds = tuple[World, ...]


def _packed(trials: list[Trial], worlds_of: Callable[[Trial], Worlds]) -> list[list[Trial]]:
    """Alerts can share one run where what their worlds say of each component is the same."""
    packs: list[list[Trial]] = []
    told: list[dict[str, Worlds]] = []  # of each pack: what is told of whom
    for trial in trials:
        mine = _by_subject(worlds_of(trial))
        fitting = (
            number
            for number, known in enumerate(told)
            if all(known.get(one, said) == said for one, said in mine.items())
        )
        number = next(fitting, len(packs))
        if number == len(packs):
            packs.append([])
            told.append({})
        packs[number].append(trial)
        told[number].update(mine)
    return packs


_SUBJECT = re.compile(r'(?:job|component|store|indicator)=("(?:[^"\\]|\\.)*")')


def _by_subject(worlds: Worlds) -> dict[str, Worlds]:
    """What the worlds say of each component, by whichever label names it; else of the series itself."""
    found: dict[str, list[list[Samples]]] = {}
    for number, world in enumerate(worlds):
        for samples in world:
            for subject in _SUBJECT.findall(samples.series) or [samples.series]:
                found.setdefault(subject, [[] for _ in worlds])[number].append(samples)
    return {one: tuple(tuple(world) for world in said) for one, said in found.items()}


# ------------------------------------------------------------------ cases


def _calm(trials: list[Trial]) -> dict[str, object]:
    """All is well from the beginning."""
    at = {one: one.fires_after(QUICK) for one in trials}
    count = max(at.values()) // QUICK.samples + 2
    told = dict.fromkeys(one for trial in trials for one in trial.query.good)
    return _case(
        ", ".join(f"{one.name} stays quiet" for one in trials),
        QUICK,
        {one.series: _run(one, count) for one in told},
        [_expected(one, when, fires=False) for one, when in at.items()],
    )


def _turning(trials: list[Trial], pace: Pace) -> dict[str, object]:
    """Bad at first, then well, and each alert ends once its windows have drained."""
    fired = {one: one.fires_after(pace) for one in trials}
    turn = max(fired.values()) // pace.samples + 1
    ended = pace.at(turn * pace.samples + max(one.drains for one in trials) + _FADE)
    bad = {one.series: _paced(one, pace) for trial in trials for one in trial.query.bad}
    good = {one.series: _paced(one, pace) for trial in trials for one in trial.query.good}
    count = ended // pace.samples + 2 - turn
    return _case(
        ", ".join(f"{one.name} fires and resolves" for one in trials),
        pace,
        {name: _course(bad.get(name), good.get(name), turn, count) for name in {**bad, **good}},
        [
            *(_expected(one, when, fires=True) for one, when in fired.items()),
            *(_expected(one, ended, fires=False) for one in trials),
        ],
    )


def _paced(one: Samples, pace: Pace) -> Samples:
    """The same slope on samples that are further apart."""
    return replace(one, step=one.step * (pace.samples / EVERY))


def _course(bad: Samples | None, good: Samples | None, turn: int, count: int) -> str:
    """`turn` samples of the bad world, then `count` of the good one; what only the bad one has stands still."""
    before = _run(bad, turn - 1) if bad else f"_x{turn}"
    if good is None and bad:
        good = Samples(series=bad.series, first=bad.first + bad.step * (turn - 1))
    return f"{before} {_run(good, count - 1)}" if good else before


def _run(one: Samples, more: int) -> str:
    return f"{one.first:.12g}{one.step:+.12g}x{more}"


def _expected(trial: Trial, when: timedelta, *, fires: bool) -> dict[str, object]:
    seen = [{"labels": "{}", "value": 1}] if fires else []
    return {"expr": trial.firing, "eval_time": span(when), "exp_samples": seen}


def _case(
    name: str, pace: Pace, courses: Mapping[str, str], expected: list[dict[str, object]]
) -> dict[str, object]:
    return {
        "name": name,
        "interval": span(pace.samples),
        "input_series": [{"series": one, "values": values} for one, values in courses.items()],
        "promql_expr_test": expected,
    }
