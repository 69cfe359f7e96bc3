"""What the database and its disk say of themselves, under the names of the usual exporters of PostgreSQL and
of machines, so that the demo needs neither installed. `python -m standfast.demo.shop.exporter`"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import suppress

import psycopg
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from standfast.demo.shop import machine
from standfast.demo.shop.settings import Settings, settings
from standfast_kit.metrics import CONTENT_TYPE, Family, Registry, Sample

_ACTIVITY = """
SELECT coalesce(datname, ''), coalesce(state, ''), count(*),
    coalesce(max(extract(epoch FROM clock_timestamp() - xact_start)), 0)
FROM pg_stat_activity
WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'
GROUP BY 1, 2
"""


class Gauges:
    """Read at each scrape, over one connection; while the database is away only `pg_up` is told, as 0."""

    def __init__(self, database: str, disk: str) -> None:
        self._database, self._disk = database, disk
        self._lock = threading.Lock()
        self._db: psycopg.Connection | None = None

    def read(self) -> Iterator[Family]:
        yield from self._of_disk()
        yield from machine.families()
        try:
            with self._lock:
                activity, most = self._ask()
        except psycopg.Error:
            self.close()
            yield _gauge("pg_up", "1 while the database answers", Sample((), 0.0))
            return
        yield _gauge("pg_up", "1 while the database answers", Sample((), 1.0))
        yield _gauge("pg_settings_max_connections", "Connections allowed", Sample((), most))
        labels = [(("datname", name), ("state", state)) for name, state, _, _ in activity]
        counts = [Sample(key, row[2]) for key, row in zip(labels, activity, strict=True)]
        yield _gauge("pg_stat_activity_count", "Connections by state", *counts)
        longest = [Sample(key, row[3]) for key, row in zip(labels, activity, strict=True)]
        yield _gauge("pg_stat_activity_max_tx_duration", "Seconds of the longest one", *longest)

    def _ask(self) -> tuple[list[tuple[str, str, int, float]], float]:
        if self._db is None or self._db.closed:
            self._db = psycopg.connect(self._database, autocommit=True, connect_timeout=1)
        rows = self._db.execute(_ACTIVITY).fetchall()
        most = self._db.execute("SELECT current_setting('max_connections')::int").fetchone()
        activity = [(str(name), str(state), int(n), float(age)) for name, state, n, age in rows]
        return activity, float(most[0]) if most else 0.0

    def _of_disk(self) -> Iterator[Family]:
        with suppress(OSError):
            found = os.statvfs(self._disk)
            labels = (("mountpoint", self._disk),)
            free, size = found.f_bavail * found.f_frsize, found.f_blocks * found.f_frsize
            yield _gauge("node_filesystem_avail_bytes", "Free for users", Sample(labels, free))
            yield _gauge("node_filesystem_size_bytes", "Size", Sample(labels, size))

    def close(self) -> None:
        if self._db is not None:
            self._db.close()


def _gauge(name: str, text: str, *samples: Sample) -> Family:
    return Family(name=name, kind="gauge", help=text, samples=samples)


def application(gauges: Gauges) -> ASGIApp:
    """Without the kit: its signals would be the exporter's own, and are taken for the database's."""
    registry = Registry()
    registry.collect_with(gauges.read)

    def metrics(_request: Request) -> Response:
        return Response(registry.expose(), headers={"content-type": CONTENT_TYPE})

    def ready(_request: Request) -> Response:
        return PlainTextResponse("ready")

    return Starlette(routes=[Route("/metrics", metrics), Route("/health/ready", ready)])


def run(known: Settings) -> None:
    gauges = Gauges(known.database, known.folder)
    try:
        uvicorn.run(
            application(gauges), host="127.0.0.1", port=known.listens_at, log_level="warning"
        )
    finally:
        gauges.close()


if __name__ == "__main__":
    run(settings())
