"""What one runbook is about, before anything of it is written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from standfast.publish.prometheus.alerts import Alert
    from standfast.spec.calling import Runbook


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One runbook: declared in the file, named by alerts, or one of the three that every system has."""

    name: str
    title: str
    alerts: tuple[Alert, ...]
    components: tuple[str, ...]
    declared: Runbook | None
