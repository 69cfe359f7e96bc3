"""scrape.yml: a whole configuration of Prometheus, whose job labels are the components' names."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from standfast.publish.artefact import dump
from standfast.publish.document import Generated
from standfast.publish.markdown import span
from standfast.publish.prometheus import blackbox

if TYPE_CHECKING:
    from collections.abc import Iterator

    from standfast.publish.edition import Edition

SCRAPE = "ops/generated/prometheus/scrape.yml"


def scrape(edition: Edition) -> Generated:
    content = {
        "global": {"scrape_interval": "15s", "evaluation_interval": "15s"},
        "rule_files": ["rules.yml"],
        "alerting": {"alertmanagers": [{"static_configs": [{"targets": ["127.0.0.1:9093"]}]}]},
        "scrape_configs": [*_jobs(edition), *blackbox.jobs(edition.system)],
    }
    return Generated(path=SCRAPE, text=dump(edition, content))


def _jobs(edition: Edition) -> Iterator[dict[str, object]]:
    for part in edition.system.components.values():
        for name, address in ((part.name, part.scrape), (f"{part.name}/exporter", part.exporter)):
            if address:
                yield _job(name, part.name, address, part.scrape_every)
    base = (edition.system.server.public_url or LOCAL).rstrip("/")
    yield _job("standfast", "standfast", f"{base}/metrics", None)


LOCAL = "http://127.0.0.1:8600"
"""Where standfast is looked for when the file does not say; on the same machine."""


def _job(name: str, component: str, address: str, every: timedelta | None) -> dict[str, object]:
    parts = urlsplit(address)
    job: dict[str, object] = {"job_name": name}
    if every:
        job |= {"scrape_interval": span(every), "scrape_timeout": span(patience(every))}
    job |= {"scheme": parts.scheme or "http", "metrics_path": parts.path or "/metrics"}
    if parts.query:
        job["params"] = parse_qs(parts.query)
    target = {"targets": [parts.netloc], "labels": {"job": component}}
    return job | {"static_configs": [target]}


def patience(every: timedelta) -> timedelta:
    """Ten seconds, Prometheus' own default; it refuses a time-out longer than the interval."""
    return min(every, timedelta(seconds=10))
