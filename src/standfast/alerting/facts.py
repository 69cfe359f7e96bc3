"""What an alert's condition may ask of the measurements; each answer may be "not known"."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from standfast.monitoring.gauge import Reading
    from standfast.slo.judgement import Burn
    from standfast.slo.tally import Tally


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Does the condition hold? None: nothing was seen that could tell."""

    holds: bool | None
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A job that tells when it ran: does it stand as planned, and when did it end well last?"""

    name: str
    well: bool | None  # None: not heard of yet
    because: str
    good_at: datetime | None
    watched_from: datetime


class Facts(Protocol):
    """The measurements as they are at the instant of one evaluation."""

    def requests(self, component: str, window: timedelta) -> Tally:
        """Answered requests of the window that ends now, 5xx being the bad ones."""

    def probes(self, component: str, window: timedelta) -> Tally: ...

    def watched(self, component: str, what: str) -> timedelta:
        """Since when "requests" or "probes" of it are counted; zero: they never were."""

    def newest(self, component: str, signal: str) -> Reading | None:
        """The latest value, unless it is stale."""

    def scrape_down(self, component: str) -> tuple[timedelta, str] | None:
        """For how long its metrics have not answered, and why; None where they do or nobody asks."""

    def heartbeats(self, component: str) -> tuple[Job, ...]:
        """The jobs of the component."""

    def expires(self, component: str, what: str) -> datetime | None: ...

    def made(self, component: str, what: str) -> datetime | None:
        """When the newest backup, restore proof, drill or checkpoint was made."""

    def burns(self, objective: str) -> tuple[Burn, ...]: ...
