"""Who is on call, what waits for them, and whether pages leave the house."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from standfast.dashboards.mark import Mark


@dataclass(frozen=True, slots=True, kw_only=True)
class Duty:
    rota: str
    primary: str
    secondary: str
    until: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """The outbox: how much waits, and whether anything of it is late."""

    waiting: int
    mark: Mark
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PageLine:
    id: str
    severity: str
    title: str
    component: str
    mark: Mark
    open: bool
    words: str
    attempts: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftLine:
    begin: datetime
    end: datetime
    primary: str
    secondary: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rota:
    name: str
    primary: str
    secondary: str
    until: datetime | None
    timezone: str
    shifts: tuple[ShiftLine, ...]
    escalation: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OnCallScreen:
    words: str
    pages: tuple[PageLine, ...]
    rotas: tuple[Rota, ...]
    delivery: Delivery
