"""Alert rules: conditions understood for the component that they watch, and the built-in ones."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from standfast.spec import signals, units, words
from standfast.spec.calling import AlertRule
from standfast.spec.condition import Burn, Expr
from standfast.spec.meaning.runbooks import BUILT_IN
from standfast.spec.problem import nearest
from standfast.spec.values import Severity

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from datetime import timedelta

    from standfast.spec.condition import Condition
    from standfast.spec.meaning.margin import Margin
    from standfast.spec.system import Component, ServiceLevel
    from standfast.spec.v1 import calling as v1
    from standfast.spec.v1.file import FileShape


def alerts(
    file: FileShape,
    components: Mapping[str, Component],
    levels: Mapping[str, ServiceLevel],
    margin: Margin,
) -> Mapping[str, AlertRule]:
    if file.alerts is None:
        return _assumed(components, levels, margin)
    found = {}
    for name, shape in file.alerts.items():
        rule = _rule(name, shape, components, [*levels, *file.journeys, *file.composites], margin)
        if shape.runbook:
            _runbook(f"alerts.{name}.runbook", shape.runbook, file, margin)
        if rule:
            found[name] = rule
    return MappingProxyType(found)


def _runbook(path: str, name: str, file: FileShape, margin: Margin) -> None:
    """A runbook is written in the file, built in, or an address elsewhere."""
    if not name.startswith(("https://", "http://")) and name not in BUILT_IN:
        margin.refer(path, name, {*file.runbooks, *BUILT_IN}, "runbook")


def _rule(
    name: str,
    shape: v1.AlertShape,
    components: Mapping[str, Component],
    objectives: Collection[str],
    margin: Margin,
) -> AlertRule | None:
    path = f"alerts.{name}"
    if not margin.refer(f"{path}.of", shape.of, components, "component"):
        return None
    try:
        when = _condition(shape.when, components[shape.of])
    except ValueError as error:
        margin.wrong(f"{path}.when", str(error))
        return None
    if isinstance(when, Burn) and when.objective not in objectives:
        hint = nearest(when.objective, objectives) or f"; known are {', '.join(objectives)}"
        margin.wrong(f"{path}.when", f"there is no service level '{when.objective}'{hint}")
    return AlertRule(
        name=name,
        of=shape.of,
        when=when,
        severity=Severity(shape.severity),
        runbook=shape.runbook,
        summary=shape.summary or "",
    )


def _condition(shape: v1.WhenShape, component: Component) -> Condition:
    if shape.words is not None:
        if shape.expr is not None or shape.for_ is not None:
            raise ValueError("write either words or `expr:` with `for:`")
        return words.condition(shape.words, component.type, component.metrics)
    if shape.expr is None:
        raise ValueError("write `expr:` with PromQL in it, or the condition in words")
    lasting = shape.for_ if shape.for_ is not None else units.duration("0s")
    return Expr(promql=shape.expr, lasting=lasting, text=shape.expr)


def _assumed(
    components: Mapping[str, Component], levels: Mapping[str, ServiceLevel], margin: Margin
) -> Mapping[str, AlertRule]:
    """The usual alerts on what can be measured, where the file has no `alerts:` at all."""
    found = {}
    of: dict[str, list[ServiceLevel]] = {}
    for level in levels.values():
        of.setdefault(level.of, []).append(level)
    for component in components.values():
        for suffix, text, severity, runbook in _usual(component, of.get(component.name, ())):
            name = f"{component.name}-{suffix}"
            when = words.condition(text, component.type, component.metrics)
            found[name] = AlertRule(
                name=name,
                of=component.name,
                when=when,
                severity=Severity(severity),
                runbook=runbook,
            )
            margin.assume(
                f"alerts.{name}", f"alert {name} assumed: {text}, {severity}",
                "no alerts are stated", "write `alerts:` to change",
            )  # fmt: skip
    return MappingProxyType(found)


def _usual(
    component: Component, levels: Sequence[ServiceLevel]
) -> Iterator[tuple[str, str, str, str]]:
    if component.serves and (component.url or component.scrape or component.otlp):
        # Silence alone is a quiet night: traffic or a failing probe must say that somebody wanted something.
        yield "down", "no successful requests for 1m despite traffic", "P1", "api-down"
        for level in levels:
            if level.slos:
                yield f"burns-{level.name}", f"burn rate of {level.name}", "P2", "api-down"
        yield "error-rate", "error rate > 5% for 5m", "P2", "api-down"
        if limit := _contract(levels):
            yield "latency", f"p99 latency > {units.show_duration(limit)} for 10m", "P2", "high-cpu"
    if component.certified and component.type != "external":
        yield "certificate", "certificate expires within 14d", "P3", "cert-expiry"
    if component.exporter and "query time" in signals.threshold_signals(component.type):
        yield "slow", "query time > 200ms for 5m", "P3", "database-issues"
    if component.exporter and component.stateful:
        yield "disk", "disk used > 80% for 10m", "P3", "database-issues"


def _contract(levels: Sequence[ServiceLevel]) -> timedelta | None:
    """The loosest latency in the contract: beyond it the promise is being broken."""
    limits = [one.threshold for level in levels for one in level.slas if one.threshold]
    return max(limits, default=None)
