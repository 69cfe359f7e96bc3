"""Regions, components and their needs."""

from __future__ import annotations

from datetime import timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING

from standfast.spec import units
from standfast.spec.meaning import probes
from standfast.spec.system import Baseline, Breaker, Check, Component, Heartbeat, Need, Region
from standfast.spec.values import Strength

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from standfast.spec.meaning.margin import Margin
    from standfast.spec.v1 import topology as v1
    from standfast.spec.v1.file import FileShape

# The seed's frequencies and time-outs; readiness waits 2 s, since a time-out equal to the interval overlaps.
_CHECKS = {
    "live": (timedelta(seconds=10), timedelta(seconds=1)),
    "ready": (timedelta(seconds=5), timedelta(seconds=2)),
    "deep": (timedelta(seconds=60), timedelta(seconds=30)),
}
_SOONEST, _LATEST = timedelta(seconds=10), timedelta(days=366)  # of a heartbeat
_OFTEN = timedelta(seconds=15)
_GOLDEN = ("latency", "traffic", "errors", "saturation")


def regions(file: FileShape) -> Mapping[str, Region]:
    return MappingProxyType(
        {
            name: Region(
                name=name,
                role=(role := shape.role or "primary"),
                mode=shape.mode or ("hot" if role == "primary" else "warm"),
                zones=shape.zones or 1,
            )
            for name, shape in file.regions.items()
        }
    )


def components(file: FileShape, margin: Margin) -> Mapping[str, Component]:
    found = {name: _component(name, shape, file, margin) for name, shape in file.components.items()}
    _names_once(found.values(), margin)
    services: dict[str, str] = {}
    for name, one in found.items():
        if one.otlp and one.otlp in services:
            said = f"{services[one.otlp]} has this service already: '{one.otlp}'"
            margin.wrong(f"components.{name}.otlp", said)
        services |= {one.otlp: name} if one.otlp else {}
    return MappingProxyType(found)


def _names_once(components: Iterable[Component], margin: Margin) -> None:
    """A job is known by its name alone."""
    at: dict[str, str] = {}
    for component in components:
        for name in component.heartbeats:
            if name in at:
                said = f"{at[name]} has a heartbeat of this name already: '{name}'"
                margin.wrong(f"components.{component.name}.heartbeats.{name}", said)
            at[name] = component.name


def _component(name: str, shape: v1.ComponentShape, file: FileShape, margin: Margin) -> Component:
    path = f"components.{name}"
    if shape.owner:
        margin.refer(f"{path}.owner", shape.owner, file.teams, "team")
    for region in shape.replication or {}:
        margin.refer(f"{path}.replication.{region}", region, file.regions, "region")
    plain = (
        "type", "owner", "url", "address", "scrape", "exporter", "availability", "sla", "size",
        "ping", "host", "container", "otlp",
    )  # fmt: skip
    return Component(
        name=name,
        **{key: getattr(shape, key) for key in plain},
        vendor=shape.vendor or "",
        status_page=shape.status_page,
        metrics=MappingProxyType(dict(shape.metrics or {})),
        series=shape.series or 20_000,
        request=probes.request(path, shape, margin),
        expect=probes.expectation(path, shape, margin),
        talk=probes.talk(path, shape, margin),
        websocket=probes.websocket(path, shape, margin),
        grpc=probes.grpc(path, shape, margin),
        dns=probes.dns(shape.dns),
        heartbeats=_heartbeats(path, shape, margin),
        replicas=_replicas(path, shape, file, margin),
        replication=MappingProxyType(dict(shape.replication or {})),
        needs=_needs(path, shape, file.components, margin),
        health=_health(path, shape, file.components, margin),
        baseline=_baseline(shape.baseline),
        probe_timeout=probes.patience(path, shape.probe_timeout, margin),
        probe_every=_interval(margin, f"{path}.probe_every", shape.probe_every, _probed(shape)),
        scrape_every=_interval(
            margin, f"{path}.scrape_every", shape.scrape_every, _measured(shape)
        ),
        traced=shape.traced,
        probed_from=shape.probed_from or "",
        signals=_signals(path, shape, margin),
        signal_detail=MappingProxyType(
            {golden: tuple(names) for golden, names in (shape.signals or {}).items()}
        ),
        dsn=shape.dsn,
        rebuild_from=shape.rebuild_from or "",
    )


def _probed(shape: v1.ComponentShape) -> bool:
    asked = (shape.url, shape.address, shape.dns, shape.ping, shape.websocket, shape.grpc)
    return any(asked)


def _measured(shape: v1.ComponentShape) -> bool:
    return bool(shape.scrape or shape.exporter or shape.host or shape.container)


def _heartbeats(path: str, shape: v1.ComponentShape, margin: Margin) -> Mapping[str, Heartbeat]:
    found = {}
    for name, one in (shape.heartbeats or {}).items():
        where = f"{path}.heartbeats.{name}"
        if not _SOONEST <= one.every <= _LATEST:
            margin.wrong(
                where, "a heartbeat comes every 10s at the soonest and every 366d at the latest"
            )
        usual = min(max(one.every / 10, timedelta(seconds=5)), timedelta(hours=1))
        usual -= usual % timedelta(seconds=1)
        grace = margin.assumed(
            one.grace, usual, f"{where}.grace",
            f"the heartbeat {name} is missed {units.show_duration(usual)} after it was due",
            "a tenth of its interval, an hour at most",
        )  # fmt: skip
        found[name] = Heartbeat(name=name, every=one.every, grace=grace, takes=one.takes)
    return MappingProxyType(found)


def _interval(margin: Margin, path: str, stated: timedelta | None, used: bool) -> timedelta:
    if stated is None and used:
        verb = "probed" if path.endswith("probe_every") else "scraped"
        name = path.split(".")[1]
        return margin.assumed(
            None, _OFTEN, path, f"{name} is {verb} every 15s", "nothing is stated"
        )
    return stated or _OFTEN


def _replicas(
    path: str, shape: v1.ComponentShape, file: FileShape, margin: Margin
) -> Mapping[str, int]:
    stated = dict(shape.replicas or {})
    if "*" in stated:
        primary = [
            name for name, one in file.regions.items() if (one.role or "primary") == "primary"
        ]
        stated = {primary[0] if primary else "default": stated["*"]}
    else:
        for region in stated:
            margin.refer(f"{path}.replicas.{region}", region, file.regions, "region")
    return MappingProxyType(stated)


def _signals(path: str, shape: v1.ComponentShape, margin: Margin) -> tuple[str, ...]:
    if shape.signals is not None:
        return tuple(shape.signals)
    if not (shape.scrape or shape.exporter or shape.otlp):
        return ()
    name = path.split(".")[1]
    if not (shape.scrape or shape.exporter):
        said = f"the metrics of {name} show latency, traffic and errors"
        return margin.assumed(None, _GOLDEN[:3], f"{path}.signals", said, "it pushes by OTLP")
    said = f"the metrics of {name} show latency, traffic, errors and saturation"
    return margin.assumed(None, _GOLDEN, f"{path}.signals", said, "it is scraped")


def _needs(
    path: str, shape: v1.ComponentShape, known: Collection[str], margin: Margin
) -> Mapping[str, Need]:
    found = {}
    for to, need in (shape.needs or {}).items():
        margin.refer(f"{path}.needs.{to}", to, known, "component")
        if to == path.split(".")[1]:
            margin.wrong(f"{path}.needs.{to}", "a component cannot need itself")
        found[to] = _need(f"{path}.needs.{to}", to, need, margin)
    return MappingProxyType(found)


def _need(path: str, to: str, shape: v1.NeedShape, margin: Margin) -> Need:
    said = f"the need of {path.split('.')[1]} for {to} is hard"
    strength = margin.assumed(
        shape.strength, "hard", f"{path}.strength", said, "its strength is not stated"
    )
    return Need(
        to=to,
        strength=Strength(strength),
        stated=shape.strength is not None,
        users_see=shape.users_see or "",
        fallback=shape.fallback or "",
        stale_at_most=shape.stale_at_most,
        effectiveness=shape.effectiveness,
        breaker=_breaker(f"{path}.breaker", shape.breaker, margin),
        timeout=shape.timeout,
        retries=shape.retries,
        idempotency_key=shape.idempotency_key or "",
        queue_limit=shape.queue_limit,
    )


def _breaker(path: str, shape: v1.BreakerShape | None, margin: Margin) -> Breaker | None:
    if shape is None:
        return None
    rate, window = shape.open
    reset = margin.assumed(
        shape.reset, timedelta(seconds=30), f"{path}.reset", "the breaker tries again after 30s",
        "nothing is stated",
    )  # fmt: skip
    if shape.min_calls == "none":
        return Breaker(rate=rate, window=window, reset=reset, min_calls=None)
    calls = margin.assumed(
        shape.min_calls, 10, f"{path}.min_calls", "the breaker opens on 10 calls or more",
        "nothing is stated",
    )  # fmt: skip
    return Breaker(rate=rate, window=window, reset=reset, min_calls=calls)


def _health(
    path: str, shape: v1.ComponentShape, known: Collection[str], margin: Margin
) -> Mapping[str, Check]:
    found = {}
    for kind, (every, timeout) in _CHECKS.items():
        check: v1.CheckShape | None = getattr(shape.health, kind) if shape.health else None
        if check is None:
            continue
        margin.refer_all(f"{path}.health.{kind}.touches", check.touches or (), known, "component")
        if not check.path.startswith("/"):
            margin.wrong(f"{path}.health.{kind}", f"a path begins with '/': '{check.path}'")
        found[kind] = Check(
            path=check.path,
            every=check.every or every,
            timeout=check.timeout or timeout,
            touches=_touches(f"{path}.health.{kind}", kind, check, shape, margin),
            public=check.public,
            authenticated=check.authenticated,
        )
        if check.every is None or check.timeout is None:
            said = (
                f"{kind} of {path.split('.')[1]} is asked every "
                f"{units.show_duration(found[kind].every)}, time-out "
                f"{units.show_duration(found[kind].timeout)}"
            )
            margin.assume(
                f"{path}.health.{kind}", said, "only its path is stated",
                f"write `{kind}: {{path: {check.path}, every: ..., timeout: ...}}` to change",
            )  # fmt: skip
    return MappingProxyType(found)


def _touches(
    path: str, kind: str, check: v1.CheckShape, shape: v1.ComponentShape, margin: Margin
) -> tuple[str, ...]:
    hard = tuple(to for to, need in (shape.needs or {}).items() if need.strength in (None, "hard"))
    if check.touches is None and kind == "deep" and hard:
        said = f"the deep check of {path.split('.')[1]} looks at {', '.join(hard)}"
        return margin.assumed(None, hard, f"{path}.touches", said, "these are its hard needs")
    return tuple(check.touches or ())


def _baseline(shape: v1.BaselineShape | None) -> Baseline | None:
    if shape is None:
        return None
    return Baseline(
        **{key: getattr(shape, key) for key in type(shape).model_fields if key != "by"},
        by=shape.by or "",
    )
