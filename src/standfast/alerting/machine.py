"""The life of an alert: pending, firing, resolved; what is not known ends none and begins none."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from standfast.alerting.alert import OURS, Alert, AlertState, fingerprint

if TYPE_CHECKING:
    from datetime import datetime

    from standfast.alerting.facts import Verdict
    from standfast.alerting.rules import Rule
    from standfast.spec.values import Severity


_BLIND = "; before that: "


class Turn(StrEnum):
    """What one step did to an alert."""

    NONE = "none"
    PENDING = "pending"
    FIRED = "fired"
    REOPENED = "reopened"  # fired again soon after it was resolved: the same episode
    RAISED = "raised"  # graver than before: a new episode, a new page
    DROPPED = "dropped"  # suspected, never fired
    RESOLVED = "resolved"

    @property
    def matters(self) -> bool:
        """Does anybody hear of it?"""
        return self in {Turn.FIRED, Turn.REOPENED, Turn.RAISED, Turn.RESOLVED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    alert: Alert | None
    turn: Turn
    changed: bool  # is there anything to keep?


def step(
    before: Alert | None,
    rule: Rule,
    verdict: Verdict,
    now: datetime,
    *,
    severity: Severity | None = None,
) -> Step:
    """The alert after one evaluation. Steps may come at any distance, and one may be repeated."""
    grave = severity or rule.severity
    if before is not None and before.seen_at is not None and now < before.seen_at:
        return Step(alert=before, turn=Turn.NONE, changed=False)  # somebody was here later
    if verdict.holds is None:
        return _blind(before, verdict, now)
    if verdict.holds:
        return _holds(before, rule, verdict, now, grave)
    return _over(before, rule, verdict, now)


def _blind(before: Alert | None, verdict: Verdict, now: datetime) -> Step:
    """An open alert stays as it is and says so; hysteresis begins anew once something is seen."""
    if before is None or not before.open:
        return Step(alert=before, turn=Turn.NONE, changed=False)
    since = before.blind_since or now
    said = f"not seen since {since:%H:%M:%S} UTC ({verdict.because}){_BLIND}{_plain(before)}"
    alert = replace(before, blind_since=since, good_since=None, because=said)
    return Step(alert=alert, turn=Turn.NONE, changed=alert != before)


def _plain(before: Alert) -> str:
    return before.because.rpartition(_BLIND)[2]


def _holds(
    before: Alert | None, rule: Rule, verdict: Verdict, now: datetime, severity: Severity
) -> Step:
    if before is None or not before.open:
        return _begin(before, rule, verdict, now, severity)
    seen = replace(before, because=verdict.because, seen_at=now, good_since=None, blind_since=None)
    if before.state is AlertState.PENDING:
        # Time in which nothing was seen is no evidence that it lasted.
        unseen = now - before.blind_since if before.blind_since else timedelta(0)
        seen = replace(seen, since=seen.since + unseen, severity=severity)
        if now - seen.since < rule.lasting:
            return Step(alert=seen, turn=Turn.NONE, changed=True)
        return _fire(seen, rule, now)
    if severity < before.severity:
        raised = replace(seen, severity=severity, episode=before.episode + 1, fired_at=now)
        return Step(alert=raised, turn=Turn.RAISED, changed=True)
    return Step(alert=seen, turn=Turn.NONE, changed=True)


def _begin(
    before: Alert | None, rule: Rule, verdict: Verdict, now: datetime, severity: Severity
) -> Step:
    back = before is not None and before.resolved_at is not None
    fresh = Alert(
        fingerprint=fingerprint(rule.name, rule.component),
        rule=rule.name,
        component=rule.component,
        severity=severity,
        state=AlertState.PENDING,
        summary=rule.summary,
        because=verdict.because,
        since=now,
        resolved_at=before.resolved_at if before else None,
        runbook=rule.runbook,
        labels=OURS,
        episode=before.episode if before and back else 1,
        seen_at=now,
    )
    if not rule.lasting:
        return _fire(fresh, rule, now)
    return Step(alert=fresh, turn=Turn.PENDING, changed=True)


def _fire(pending: Alert, rule: Rule, now: datetime) -> Step:
    ended = pending.resolved_at
    soon = ended is not None and now - ended <= rule.reopens
    # Back too late to be the same trouble: the next episode.
    episode = pending.episode + 1 if ended is not None and not soon else pending.episode
    alert = replace(
        pending, state=AlertState.FIRING, fired_at=now, resolved_at=None, episode=episode
    )
    return Step(alert=alert, turn=Turn.REOPENED if soon else Turn.FIRED, changed=True)


def _over(before: Alert | None, rule: Rule, verdict: Verdict, now: datetime) -> Step:
    if before is None or not before.open:
        return Step(alert=before, turn=Turn.NONE, changed=False)
    seen = replace(before, seen_at=now, blind_since=None)
    if before.state is AlertState.PENDING:
        dropped = replace(seen, state=AlertState.RESOLVED, because=verdict.because)
        return Step(alert=dropped, turn=Turn.DROPPED, changed=True)
    since = before.good_since or now
    if now - since < rule.clears:
        waiting = replace(seen, good_since=since)
        return Step(alert=waiting, turn=Turn.NONE, changed=True)
    over = replace(
        seen,
        state=AlertState.RESOLVED,
        resolved_at=now,
        good_since=since,
        because=f"over: {verdict.because}",
    )
    return Step(alert=over, turn=Turn.RESOLVED, changed=True)


def abandoned(before: Alert, now: datetime) -> Step:
    """The rule has left the file: an open alert of it ends, and says why."""
    if not before.open:
        return Step(alert=before, turn=Turn.NONE, changed=False)
    ended = replace(
        before,
        state=AlertState.RESOLVED,
        resolved_at=now if before.firing else before.resolved_at,
        seen_at=now,
        because="over: the rule is no longer in the file",
    )
    return Step(alert=ended, turn=Turn.RESOLVED if before.firing else Turn.DROPPED, changed=True)
