"""Which series carry a component's signals, by the names of the kit, an exporter or the file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from standfast.publish.prometheus.promql import WINDOW, codes, series

if TYPE_CHECKING:
    from standfast.spec.system import Component

REQUESTS = "http_server_requests_total"
DURATION = "http_server_request_duration_seconds"
ACTIVE = "http_server_active_requests"
PROBE = "standfast_probe_success"
CERTIFICATE = "standfast_certificate_expiry_seconds"
BACKUP_AGE = "standfast_backup_age_seconds"
DEPLOYED = "standfast_deploy_timestamp_seconds"
VITAL, SHIFT = "standfast_web_vital_seconds", "standfast_web_vital_shift"
UP = "standfast_up"
OUTSIDE = "probe_success"  # of the blackbox exporter
OUTSIDE_SECONDS = "probe_duration_seconds"
QUEUE_AGE = "standfast_queue_oldest_seconds"

GOOD = ("2xx", "3xx")


def scraped(component: Component) -> bool:
    """Whether there is a target that can carry series of this job at all."""
    return bool(component.scrape or component.exporter)


def own(component: Component, *signals: str) -> str | None:
    """The first of `signals` for which the file names a metric of the component's own."""
    return next((component.metrics[name] for name in signals if name in component.metrics), None)


def labels(component: Component, route: str = "") -> dict[str, str]:
    return {"job": component.name} | ({"route": route} if route else {})


def requests(component: Component, route: str = "") -> str:
    """Requests a second, over a window to be filled in."""
    metric = own(component, "requests", "traffic") or REQUESTS
    return f"sum(rate({series(metric, **labels(component, route))}[{WINDOW}]))"


def failures(component: Component, bad: tuple[str, ...], route: str = "") -> str:
    """Requests a second that count as bad; a metric of its own for errors counts nothing else."""
    if errors := own(component, "errors"):
        return f"sum(rate({series(errors, **labels(component, route))}[{WINDOW}]))"
    return of_class(component, bad, route)


def successes(component: Component, route: str = "") -> str:
    return of_class(component, GOOD, route)


def of_class(component: Component, chosen: tuple[str, ...], route: str = "") -> str:
    """Requests a second whose answers are of these status classes or codes."""
    metric = own(component, "requests", "traffic") or REQUESTS
    mine = series(metric, {"code_class": codes(chosen)}, **labels(component, route))
    return f"sum(rate({mine}[{WINDOW}]))"


def duration(component: Component) -> str:
    """The name of the histogram, without its suffixes."""
    return own(component, "duration", "latency") or DURATION


def buckets(component: Component, le: str, route: str = "", without: tuple[str, ...] = ()) -> str:
    """Requests a second that took at most the bound that the pattern `le` matches."""
    chosen = _timed(component, "bucket", route, without, {"le": le})
    return f"sum(rate({chosen}[{WINDOW}]))"


def timed(component: Component, route: str = "", without: tuple[str, ...] = ()) -> str:
    """Requests a second that were timed, those that ended badly (`without`) left out: they are counted
    elsewhere, and one that fails at once is not a quick one."""
    return f"sum(rate({_timed(component, 'count', route, without, {})}[{WINDOW}]))"


def _timed(
    component: Component, part: str, route: str, without: tuple[str, ...], patterns: dict[str, str]
) -> str:
    """A histogram without the label is counted whole: nothing matches what is not there."""
    metric = f"{duration(component)}_{part}"
    excluded = {"status_class": codes(without)} if without else {}
    return series(metric, patterns, excluded, **labels(component, route))


def quantile(component: Component, share: str) -> str:
    """An estimate between bucket bounds: good enough for a static alert, never used for an objective."""
    chosen = series(f"{duration(component)}_bucket", **labels(component))
    return f"histogram_quantile({share}, sum by (le) (rate({chosen}[{WINDOW}])))"


def active(component: Component) -> str:
    return f"sum({series(own(component, 'active', 'saturation') or ACTIVE, **labels(component))})"
