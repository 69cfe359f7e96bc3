"""What an alert waits for: five forms, each said in words in the file.

error rate > 5% for 5m            threshold
no successful requests for 1m     absence
certificate expires within 14d    expiry
last backup older than 26h        age
burn rate of api-availability     burn
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import timedelta
    from fractions import Fraction


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """`signal` stands beyond `limit` for all of `lasting`. Shares are fractions, times are seconds."""

    signal: str  # "error rate", "p95 latency", "query time", "disk used", "connections", "probe failures" ...
    above: bool
    limit: Fraction
    unit: str  # "%" | "s" | ""
    lasting: timedelta
    text: str
    floor: int = 0  # fewer events than this and the window is widened


@dataclass(frozen=True, slots=True, kw_only=True)
class Absence:
    """No `signal` seen for `lasting`; `guarded` asks that there were requests (or failed probes) meanwhile.

    A heartbeat that lasts for nothing is missed by its own plan.
    """

    signal: str  # "successful requests", "metrics", "heartbeat"
    lasting: timedelta
    text: str
    guarded: bool = False
    job: str = ""  # of heartbeats: the one that is meant; "" is any of the component's


@dataclass(frozen=True, slots=True, kw_only=True)
class Expiry:
    """`what` ends within `within`."""

    what: str  # "certificate", "domain"
    within: timedelta
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Age:
    """The newest `what` is older than `limit`."""

    what: str  # "backup", "restore proof", "drill", "queue", "checkpoint"
    limit: timedelta
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Burn:
    """The error budget of `objective` burns too fast, by the windows and factors of the slo room."""

    objective: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Expr:
    """The escape hatch: an expression of PromQL, generated into rules and never evaluated here."""

    promql: str
    lasting: timedelta
    text: str


Condition = Threshold | Absence | Expiry | Age | Burn | Expr
