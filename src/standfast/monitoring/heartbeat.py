"""Heartbeats: jobs tell that they ran, and silence is what tells the most (a dead man's switch)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from standfast.monitoring.target import Outcome
from standfast.spec.units import show_duration

if TYPE_CHECKING:
    from datetime import datetime

    from standfast.spec.system import Heartbeat

_SAID = 500  # characters of what a job says of its failure
_AHEAD = timedelta(minutes=1)  # of our clock: told while a look was under way


class Told(StrEnum):
    START = "start"
    FINISH = "finish"
    FAIL = "fail"


@dataclass(frozen=True, slots=True, kw_only=True)
class Beat:
    """What a job tells; `took` where it measured itself."""

    told: Told
    at: datetime
    took: timedelta | None = None
    because: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulse:
    """Everything that is known of one job."""

    name: str
    watched_from: datetime
    began_at: datetime | None = None  # of the run that began last
    ended_at: datetime | None = None  # of the run that ended last
    good_at: datetime | None = None  # of the run that ended well last
    failed: bool = False  # the run that ended last
    because: str = ""
    took: timedelta | None = None

    @property
    def running(self) -> bool:
        return self.began_at is not None and (
            self.ended_at is None or self.began_at > self.ended_at
        )


def heard(before: Pulse, beat: Beat) -> Pulse:
    """The pulse with what was just told."""
    if beat.told is Told.START:
        return replace(before, began_at=beat.at)
    began = before.began_at if before.running else None
    took = beat.took if beat.took is not None else (beat.at - began if began else None)
    failed = beat.told is Told.FAIL
    return replace(
        before,
        ended_at=beat.at,
        good_at=before.good_at if failed else beat.at,
        failed=failed,
        because=beat.because[:_SAID] if failed else "",
        took=took,
    )


def believed(pulse: Pulse, now: datetime) -> Pulse:
    """What was told at an instant that is yet to come was told before our clock was set back, nobody knows how
    long ago: taken for now, so that a job which stays away is missed in time."""
    return replace(
        pulse,
        watched_from=_past(pulse.watched_from, now),
        began_at=pulse.began_at and _past(pulse.began_at, now),
        ended_at=pulse.ended_at and _past(pulse.ended_at, now),
        good_at=pulse.good_at and _past(pulse.good_at, now),
    )


def _past(moment: datetime, now: datetime) -> datetime:
    return now if moment > now + _AHEAD else moment


def judged(plan: Heartbeat, pulse: Pulse, now: datetime) -> Outcome:
    """How the job stands: well, running, late within its grace, missing, failed, or not heard of yet."""
    due = (pulse.good_at or pulse.watched_from) + plan.every
    if pulse.running and pulse.began_at and plan.takes and now - pulse.began_at > plan.takes:
        most = show_duration(plan.takes)
        said = f"began at {_clock(pulse.began_at, now)} and has not ended within {most}"
        return Outcome(ok=False, because=said)
    if pulse.failed:
        why = f": {pulse.because}" if pulse.because else ""
        ended = _clock(pulse.ended_at or now, now)
        return Outcome(ok=False, because=f"failed at {ended}{why}", latency=pulse.took)
    if now > due + plan.grace:
        last = _clock(pulse.good_at, now) if pulse.good_at else ""
        heard = f"last heard at {last}" if last else "never heard"
        said = f"missing: {heard}, expected every {show_duration(plan.every)}"
        return Outcome(ok=False, because=f"{said} with {show_duration(plan.grace)} grace")
    if pulse.good_at is None:
        said = f"not heard of yet; missing from {_clock(due + plan.grace, now)}"
        return Outcome(ok=False, known=False, because=said)
    return Outcome(ok=True, latency=pulse.took)


def noted(plan: Heartbeat, pulse: Pulse, now: datetime) -> tuple[str, ...]:
    """What is worth saying of a job that is well."""
    if pulse.running and pulse.began_at:
        return (f"running since {_clock(pulse.began_at, now)}",)
    due = (pulse.good_at or pulse.watched_from) + plan.every
    if due < now <= due + plan.grace:
        return (f"late; missing from {_clock(due + plan.grace, now)}",)
    return (f"ran well at {_clock(pulse.good_at, now)}",) if pulse.good_at else ()


def _clock(moment: datetime, now: datetime) -> str:
    return f"{moment:%H:%M:%S}" if moment.date() == now.date() else f"{moment:%Y-%m-%d %H:%M} UTC"
