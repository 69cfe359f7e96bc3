"""An alert: one rule that found one thing wrong, from its first suspicion to its end."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from standfast.spec.values import Severity


OURS = {"source": "standfast"}  # the label of what standfast itself judged


class AlertState(StrEnum):
    PENDING = "pending"
    FIRING = "firing"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    fingerprint: str  # the same rule on the same thing always has the same one
    rule: str
    component: str
    severity: Severity
    state: AlertState
    summary: str
    because: str  # the sentence that explains it, with its figures
    since: datetime  # when the condition first held, in this episode
    fired_at: datetime | None = None
    resolved_at: datetime | None = None
    runbook: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    episode: int = 1  # counts from 1; a page belongs to one episode
    seen_at: datetime | None = None  # when the facts last said anything, yes or no
    good_since: datetime | None = None  # while firing: since when the condition no longer holds
    blind_since: datetime | None = None  # since when nothing can be said

    @property
    def open(self) -> bool:
        return self.state is not AlertState.RESOLVED

    @property
    def firing(self) -> bool:
        return self.state is AlertState.FIRING

    @property
    def group(self) -> str:
        """What is told together: everything of one component."""
        return self.component


def fingerprint(rule: str, component: str, labels: Mapping[str, str] | None = None) -> str:
    """`rule/component`, and the labels that tell two of them apart, sorted."""
    extra = "".join(f";{name}={value}" for name, value in sorted((labels or {}).items()))
    return f"{rule}/{component}{extra}"
