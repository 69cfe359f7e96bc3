"""The small exact values that the file is made of: money, places, evidence."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import timedelta
    from decimal import Decimal
    from fractions import Fraction


class Criticality(StrEnum):
    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class Strength(StrEnum):
    """Of a need: does the one that needs fail when the needed fails?"""

    HARD = "hard"
    SOFT = "soft"


class Severity(StrEnum):
    """Of an alert."""

    P1 = "P1"
    P2 = "P2"
    P3 = "P3"
    P4 = "P4"


class Sev(StrEnum):
    """Of an incident."""

    SEV1 = "SEV1"
    SEV2 = "SEV2"
    SEV3 = "SEV3"
    SEV4 = "SEV4"


class Grade(StrEnum):
    """How we know a value, weakest last but for `assumed`."""

    DRILLED = "drilled"
    MEASURED = "measured"
    STATED = "stated"
    IMPORTED = "imported"
    ASSUMED = "assumed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Money:
    amount: Decimal
    currency: str

    def __str__(self) -> str:
        return f"{self.amount:,} {self.currency}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where in the files a key stands; lines and columns count from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Assumption:
    """A value that the file leaves open and standfast fills in."""

    id: str  # "A-03", numbered in the order of the file
    path: str  # the dotted path that stating the value would have, "service_levels.web"
    assumed: str  # "SLO for web assumed 99.5% over 30d"
    because: str  # "criticality is medium"
    change: str  # "write `service_levels:` to change"

    def __str__(self) -> str:
        return f"{self.id} {self.assumed} because {self.because}; {self.change}"


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretRef:
    """Where a secret is to be had: `env:NAME` or `file:/path`; never the secret.

    Where the file holds the secret itself, the kind is "literal" and the name empty: it was not kept.
    """

    kind: str  # "env" | "file" | "literal"
    name: str

    def __str__(self) -> str:
        return f"{self.kind}:{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """One line of a service level: this share of events is good, "p95 < 200ms" being a share too."""

    text: str  # as the reader wrote it: "99.9%", "p95 < 200ms", "< 0.1%"
    target: Fraction  # 0.999; for "p95 < 200ms" 0.95; for an error rate "< 0.1%" 0.999
    threshold: timedelta | None = None  # of a latency promise

    @property
    def allowed(self) -> Fraction:
        return 1 - self.target
