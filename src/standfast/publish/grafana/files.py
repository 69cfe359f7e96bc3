"""Everything for Grafana, and what its panels lack."""

from __future__ import annotations

from typing import TYPE_CHECKING

from standfast.publish.artefact import Owed
from standfast.publish.grafana.drawing import drawn
from standfast.publish.grafana.executive import executive
from standfast.publish.grafana.experience import experience
from standfast.publish.grafana.infrastructure import infrastructure
from standfast.publish.grafana.on_call import on_call
from standfast.publish.grafana.provisioning import provisioning
from standfast.publish.grafana.services import services

if TYPE_CHECKING:
    from collections.abc import Iterator

    from standfast.publish.artefact import Artefacts
    from standfast.publish.edition import Edition
    from standfast.publish.grafana.panel import Dashboard

_LACKING = {
    "service-health": ("no component is scraped or probed", "MON-01", "DevOps/Platform"),
    "infrastructure": ("no component is scraped, or has an `address`", "MON-01", "DevOps/Platform"),
    "user-experience": ("no journey, and no component that serves pages", "INP-03", "Business Analyst"),
}  # fmt: skip


def dashboards(edition: Edition) -> Iterator[Dashboard]:
    for build in (executive, services, infrastructure, experience, on_call):
        yield build(edition)


def grafana(edition: Edition) -> Artefacts:
    for one in dashboards(edition):
        if one.rows:
            yield drawn(edition, one)
        else:
            lacks, rule, to = _LACKING[one.name]
            yield Owed(path=f"grafana/{one.name}.json", lacks=lacks, rule=rule, to=to)
    if not edition.system.server.public_url:
        yield Owed(
            path="grafana/",
            lacks="panels lead nowhere: `server.public_url` is not stated",
            rule="MON-04",
            to="DevOps/Platform",
        )
    yield from provisioning(edition)
