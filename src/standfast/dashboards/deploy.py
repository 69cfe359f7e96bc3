"""Deployments as rows and as marks on charts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from standfast.monitoring.deploy import Deploy

Marks = tuple[tuple["datetime", str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeployLine:
    id: str
    component: str
    version: str
    at: datetime
    note: str
    made_by: str


def line(one: Deploy) -> DeployLine:
    return DeployLine(
        id=one.id,
        component=one.component,
        version=one.version,
        at=one.at,
        note=one.note,
        made_by=one.made_by,
    )


def lines(found: Iterable[Deploy]) -> tuple[DeployLine, ...]:
    return tuple(line(one) for one in found)


def marks(found: Iterable[Deploy]) -> Marks:
    return tuple((one.at, one.words) for one in found)
