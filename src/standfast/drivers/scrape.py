"""Fetching Prometheus text or OpenMetrics, whichever the target would rather give."""

from __future__ import annotations

from typing import TYPE_CHECKING

from standfast.drivers.http_probe import BoundedHttp
from standfast.errors import SourceError, TooMuch
from standfast.monitoring.target import LONGEST, Outcome

if TYPE_CHECKING:
    from datetime import timedelta

MOST_BYTES = 10_000_000
# OpenMetrics first: it says where it ends, and of each series when it came to be.
_ACCEPT = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.9,*/*;q=0.1"


class Scrape:
    """The metrics of a target as text; never more than ten seconds and ten megabytes."""

    def __init__(self, http: BoundedHttp | None = None, *, most: int = MOST_BYTES) -> None:
        self._http, self._most = http or BoundedHttp(), most

    def __call__(self, address: str, timeout: timedelta) -> Outcome:
        try:
            answer = self._http.get(
                address, timeout=min(timeout, LONGEST), most=self._most, accept=_ACCEPT
            )
        except TooMuch as error:
            return Outcome(ok=False, because=error.problem, flooded=True)
        except SourceError as error:
            return Outcome(ok=False, because=error.problem)
        if answer.status != 200:
            return Outcome(
                ok=False,
                because=f"answered {answer.status} instead of metrics",
                latency=answer.took,
            )
        text = answer.body.decode("utf-8", "replace")
        return Outcome(
            ok=True,
            latency=answer.took,
            status=answer.status,
            text=text,
            content_type=answer.content_type,
        )
