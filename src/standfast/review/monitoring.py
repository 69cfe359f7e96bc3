"""MON: is everything that promises something also watched, from a place that survives it?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from standfast.review.finding import Hit, Role, Verdict, rule
from standfast.review.wording import listed, span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from standfast.review.case import Case
    from standfast.spec.system import Component

_GOLDEN = ("latency", "traffic", "errors", "saturation")


def _watched(component: Component) -> bool:
    return any(
        (
            component.probed,
            component.heartbeats,
            component.host,
            component.container,
            component.otlp,
            component.scrape,
            component.exporter,
            component.status_page,
            component.dsn,
        )
    )


@rule(
    "MON-01",
    Verdict.CLARIFY,
    Role.OPS,
    condition="component neither scraped nor probed",
    why="its failure is seen only by those who depend on it",
    if_rejected="its state is shown as unknown",
)
def unwatched(case: Case) -> Iterator[Hit]:
    for name, component in case.system.components.items():
        if not _watched(component):
            yield Hit(
                at=f"components.{name}",
                problem=f"{name} has no target: no url, address, scrape, exporter or status page",
                suggestion="give the target, for example `address: host:port` or `scrape: URL`",
            )


@rule(
    "MON-02",
    Verdict.CLARIFY,
    Role.DEV,
    condition="golden signal missing",
    why="latency, traffic, errors and saturation together tell load from failure",
    if_rejected="the dashboards leave the panel empty and say so",
)
def missing_signal(case: Case) -> Iterator[Hit]:
    for name, component in case.system.components.items():
        lacking = [signal for signal in _GOLDEN if signal not in component.signals]
        if component.signals and lacking:
            yield Hit(
                at=f"components.{name}.signals",
                problem=f"no {listed(lacking)} metric for {name}",
                suggestion=f"measure {listed(lacking)}, or name the metric under `metrics:`",
            )


@rule(
    "MON-03",
    Verdict.BLOCK,
    Role.DEV,
    condition="indicator without samples in live data for 24 hours",
    why="an objective that sees nothing is never broken",
    if_rejected="its state stays unknown",
)
def silent_indicator(case: Case) -> Iterator[Hit]:
    for name, silence in case.measured.silent.items():
        if name in case.system.service_levels and silence.days >= 1:
            yield Hit(
                at=f"service_levels.{name}",
                problem=f"no sample of {name} for {span(silence)}",
                suggestion="check the metric's name, its labels and the job that scrapes it",
            )


@rule(
    "MON-04",
    Verdict.WARN,
    Role.OPS,
    condition="public address probed only from inside",
    why="DNS, certificates and the way in fail for users first",
    if_rejected="outages of the way in are seen when users call",
)
def inside_only(case: Case) -> Iterator[Hit]:
    doors = dict.fromkeys(one.path[0] for one in case.system.journeys.values() if one.path)
    for name in doors:
        component = case.system.components.get(name)
        if component is not None and component.url and component.probed_from != "outside":
            yield Hit(
                at=f"components.{name}",
                problem=f"{name} is where users come in, and no probe comes from outside",
                suggestion="probe it from elsewhere and write `probed_from: outside`",
            )


@rule(
    "MON-05",
    Verdict.WARN,
    Role.OPS,
    condition="monitoring shares its region with what it watches, and nothing watches it",
    why="the outage that matters most takes the alarm with it",
    if_rejected="a region's loss is silent",
)
def shared_region(case: Case) -> Iterator[Hit]:
    home = case.system.server.runs_in
    regions = case.system.regions
    shares = home is None or (home in regions and regions[home].role == "primary")
    if case.system.components and shares and case.system.server.dead_man is None:
        yield Hit(
            at="server",
            problem=f"standfast runs in {home or 'an unstated region'} without dead-man's switch",
            suggestion="write `server: {dead_man: URL}`, pinged at every tick",
        )


@rule(
    "MON-06",
    Verdict.CLARIFY,
    Role.ARCHITECT,
    condition="journey over three or more services that cannot be traced",
    why="which of them is slow can only be guessed",
    if_rejected="latency is watched per service, not per journey",
)
def untraced(case: Case) -> Iterator[Hit]:
    components = case.system.components
    for name, journey in case.system.journeys.items():
        services = [one for one in journey.path if one in components and components[one].serves]
        dark = [one for one in services if not components[one].traced]
        if len(services) >= 3 and dark:
            yield Hit(
                at=f"journeys.{name}.path",
                problem=f"{name} crosses {len(services)} services; {listed(dark)} not traced",
                suggestion="need distributed tracing: `traced: true` once it is there",
            )


@rule(
    "MON-07",
    Verdict.BLOCK,
    Role.OPS,
    condition="metrics kept for less time than an objective's window",
    why="the window can never be computed whole",
    if_rejected="the objective's window is cut to what is kept",
)
def short_memory(case: Case) -> Iterator[Hit]:
    server = case.system.server
    kept = {"keep_samples": server.keep_samples, "metrics_retention": server.metrics_retention}
    windows = {
        f"service_levels.{name}": max((one.window, *one.also))
        for name, one in case.system.service_levels.items()
    }
    if not windows:
        return
    level, longest = max(windows.items(), key=lambda pair: pair[1])
    for key, keep in kept.items():
        if keep is not None and keep < longest:
            yield Hit(
                at=f"server.{key}",
                problem=f"{span(keep)} kept, {span(longest)} window of {level}",
                suggestion=f"keep at least {span(longest)}",
                rests_on=(f"server.{key}",),
            )


@rule(
    "MON-08",
    Verdict.CLARIFY,
    Role.DEV,
    condition="source gives more series than are taken",
    why="nothing of it is counted, since a part of them would be a wrong sum",
    if_rejected="what rests on it stays unknown until the flood ends",
)
def flooding(case: Case) -> Iterator[Hit]:
    for source, flood in case.measured.floods.items():
        component = case.system.components.get(flood.component)
        if component is None:
            continue
        kind = source.partition("/")[2]
        path = f"components.{component.name}"
        yield Hit(
            at=f"{path}.{kind}" if kind in {"scrape", "exporter", "otlp"} else path,
            problem=f"{component.name} {flood.because}",
            suggestion="drop the label that explodes (a user, an id, an address), or raise "
            f"`series:` of {component.name} above {component.series:,}",
            known_by=(f"flood.{source}",),
        )


RULES = (
    unwatched,
    missing_signal,
    silent_indicator,
    inside_only,
    shared_region,
    untraced,
    short_memory,
    flooding,
)
