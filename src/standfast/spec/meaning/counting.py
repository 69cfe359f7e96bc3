"""Who counts a level's events: standfast itself, a Prometheus that is asked, or one that writes to us."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from standfast.spec import units
from standfast.spec.server import PrometheusSettings

if TYPE_CHECKING:
    from standfast.spec.meaning.margin import Margin
    from standfast.spec.v1 import protection
    from standfast.spec.v1.promises import ServiceLevelShape

_SECOND, _HOUR = timedelta(seconds=1), timedelta(hours=1)
_READABLE = {
    "standfast": None,
    "prometheus": ("availability", "errors", "latency", "probe", "freshness", "query"),
    "remote-write": ("availability", "errors", "latency"),
}


def source(
    path: str, shape: ServiceLevelShape, server: protection.ServerShape, margin: Margin
) -> str:
    """Who counts: as the level says, or the server's for all levels; PromQL is always asked elsewhere."""
    stated = shape.source or ("prometheus" if shape.sli == "query" else None)
    found = stated or server.source or "standfast"
    readable = _READABLE[found]
    if readable is not None and shape.sli not in readable:
        if shape.source:
            known = ", ".join(readable)
            margin.wrong(f"{path}.source", f"{found} tells {known}, and this is {shape.sli}")
        return "standfast"
    if shape.sli == "query" and found != "prometheus":
        margin.wrong(f"{path}.source", "PromQL is asked of Prometheus: leave `source:` out")
    if shape.source == "prometheus" and server.prometheus is None:
        margin.wrong(f"{path}.source", "say where it is asked: `server: {prometheus: https://...}`")
    return found


def assumed(sli: str, server: protection.ServerShape) -> str:
    """Of a level that the file does not state."""
    found = server.source or "standfast"
    return found if sli in (_READABLE[found] or (sli,)) else "standfast"


def prometheus(
    shape: protection.PrometheusShape | None, margin: Margin
) -> PrometheusSettings | None:
    if shape is None:
        return None
    path = "server.prometheus"
    if "@" in urlsplit(shape.url).netloc:
        margin.wrong(f"{path}.url", "write the name and password as `username:` and `password:`")
    if shape.token and (shape.username or shape.password):
        margin.wrong(f"{path}.token", "write either a token or a username with its password")
    if (shape.username is None) != (shape.password is None):
        margin.wrong(f"{path}.username", "a username goes with a password")
    bounds = {
        "timeout": (_SECOND, 30 * _SECOND),
        "lag": (timedelta(0), _HOUR),
        "lookback": (60 * _SECOND, _HOUR),
        "catch_up": (_HOUR, timedelta(days=100)),
    }
    said = {name: value for name in bounds if (value := getattr(shape, name)) is not None}
    for name, value in said.items():
        low, high = bounds[name]
        if not low <= value <= high:
            span = f"{units.show_duration(low)} to {units.show_duration(high)}"
            margin.wrong(f"{path}.{name}", f"from {span}")
    return PrometheusSettings(
        url=shape.url,
        token=shape.token,
        username=shape.username,
        password=shape.password,
        tenant=shape.tenant or "",
        **said,
    )
