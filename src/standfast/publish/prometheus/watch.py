"""Who watches the watcher: alerts on standfast itself, on its targets, and a way to page while it is down."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from standfast.publish.markdown import span
from standfast.publish.prometheus import metrics
from standfast.publish.prometheus.promql import series
from standfast.publish.prometheus.query import Query, Samples
from standfast.spec.values import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from standfast.spec.system import Component, System

_ALIVE, _DEAD = Samples(series=metrics.UP, first=1), Samples(series=metrics.UP, first=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """An alert that stands beside those of the file."""

    name: str
    query: Query
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    known_by: Mapping[str, str] = field(default_factory=dict)
    """Labels of the one instance that its unit test brings about; other worlds may fire others."""

    @property
    def entry(self) -> dict[str, object]:
        entry: dict[str, object] = {"alert": self.name, "expr": self.query.expr}
        if self.query.lasting:
            entry["for"] = span(self.query.lasting)
        return entry | {"labels": dict(self.labels), "annotations": dict(self.annotations)}


def watched(system: System) -> Iterator[Watched]:
    yield _down()
    yield _fallback()
    yield _incomplete()
    for part in system.components.values():
        if part.scrape or part.exporter:
            yield _not_scraped(part)


def runbook_path(name: str) -> str:
    return f"docs/operations/runbooks/{name}.md"


def _down() -> Watched:
    return Watched(
        name="standfast-down",
        query=Query(
            expr=f"absent({metrics.UP} == 1)",
            lasting=timedelta(minutes=2),
            bad=(_DEAD,),
            good=(_ALIVE,),
        ),
        labels={"severity": Severity.P1.value, "component": "standfast", "fallback": "true"},
        annotations={
            "summary": "standfast does not answer: alerts of P1 and P2 go straight to the fallback",
            "runbook": runbook_path("standfast-down"),
        },
    )


def _fallback() -> Watched:
    other = Samples(
        series=series("ALERTS", alertname="any-other", alertstate="firing", severity="P1"), first=1
    )
    return Watched(
        name="standfast-fallback",
        query=Query(
            # Only while standfast is down, so that no alert ever has two pagers.
            expr='ALERTS{alertstate="firing",severity=~"P1|P2",fallback!="true"}\n'
            f"and on() absent({metrics.UP} == 1)",
            lasting=timedelta(0),
            bad=(other, _DEAD),
            good=(other, _ALIVE),
        ),
        labels={"fallback": "true", "original": "{{ $labels.alertname }}"},
        annotations={"summary": "{{ $labels.alertname }} fires while standfast is down"},
        known_by={"original": "any-other"},
    )


def _incomplete() -> Watched:
    events, bad = (
        Samples(series=series(f"standfast:indicator_{kind}:rate2m", indicator="any-other"), first=1)
        for kind in ("events", "bad")
    )
    return Watched(
        name="standfast-indicator-incomplete",
        query=Query(
            # Requests are counted, their failures or latencies are not: a bucket or label is missing.
            expr='{__name__=~"standfast:indicator_events:rate.+"} > 0\n'
            'unless on(indicator) {__name__=~"standfast:indicator_bad:rate.+"}',
            lasting=timedelta(minutes=10),
            bad=(events,),
            good=(events, bad),
        ),
        labels={"severity": Severity.P3.value, "component": "standfast"},
        annotations={
            "summary": (
                "{{ $labels.indicator }} sees events but cannot tell bad ones: metric, label or bucket "
                "missing"
            ),
            "runbook": runbook_path("not-scraped"),
        },
        known_by={"indicator": "any-other"},
    )


def _not_scraped(part: Component) -> Watched:
    up = series("up", job=part.name)
    return Watched(
        name=f"{part.name}-not-scraped",
        query=Query(
            expr=f"absent({up} == 1)",
            lasting=timedelta(minutes=5),
            bad=(Samples(series=up, first=0),),
            good=(Samples(series=up, first=1),),
        ),
        labels={"severity": Severity.P3.value, "component": part.name},
        annotations={
            "summary": f"no target of {part.name} can be scraped: its objectives are unmeasured",
            "runbook": runbook_path("not-scraped"),
        },
    )
