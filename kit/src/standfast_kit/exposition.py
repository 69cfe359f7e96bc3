"""What breakers, health, queues and the audit client count, read at scrape time and at no other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from standfast_kit.breaker import State
from standfast_kit.metrics import Family, Sample

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from standfast_kit.audit import Audit
    from standfast_kit.breaker import Breaker
    from standfast_kit.health import Health
    from standfast_kit.retry_queue import RetryQueue


def breakers(all_breakers: Iterable[Breaker]) -> Iterator[Family]:
    """State, calls by outcome, refusals, transitions, and the answers that fallbacks gave."""
    states, calls, changes, degraded = [], [], [], []
    for breaker in list(all_breakers):
        name, seen = ("breaker", breaker.name), breaker.reading()
        states += [Sample((name, ("state", state)), float(seen.state is state)) for state in State]
        outcomes = {
            "ok": seen.ok,
            "failed": seen.failed,
            "ignored": seen.ignored,
            "refused": seen.refused,
        }
        calls += [Sample((name, ("outcome", key)), count) for key, count in outcomes.items()]
        changes += [
            Sample((name, ("to", state)), count) for state, count in seen.transitions.items()
        ]
        degraded += [
            Sample((("dependency", breaker.name), ("mode", mode)), count)
            for mode, count in seen.degraded.items()
        ]
    yield Family(
        name="standfast_breaker_state",
        kind="gauge",
        help="1 for the state it is in",
        samples=states,
    )
    yield Family(
        name="standfast_breaker_calls_total",
        kind="counter",
        help="Calls by outcome; a refused one never ran",
        samples=calls,
    )
    yield Family(
        name="standfast_breaker_transitions_total",
        kind="counter",
        help="Changes of state",
        samples=changes,
    )
    yield Family(
        name="standfast_degraded_total",
        kind="counter",
        help="Answers given by a fallback",
        samples=degraded,
    )


def health(of: Health) -> Iterator[Family]:
    """The last results; a scrape runs no check."""
    samples = [
        Sample(
            (("check", name), ("required", str(required).lower()), ("status", status.value)), 1.0
        )
        for name, (status, required) in of.statuses().items()
    ]
    yield Family(
        name="standfast_health_check", kind="gauge", help="1 for the last status", samples=samples
    )


def queues(all_queues: Iterable[RetryQueue]) -> Iterator[Family]:
    names = list(all_queues)
    waiting = [Sample((("queue", queue.name),), queue.depth()) for queue in names]
    oldest = [Sample((("queue", queue.name),), queue.oldest_age()) for queue in names]
    dead = [Sample((("queue", queue.name),), len(queue.dead())) for queue in names]
    yield Family(
        name="standfast_queue_depth", kind="gauge", help="Calls that wait", samples=waiting
    )
    yield Family(
        name="standfast_queue_oldest_seconds",
        kind="gauge",
        help="Age of the oldest",
        samples=oldest,
    )
    yield Family(
        name="standfast_queue_dead",
        kind="gauge",
        help="Calls that ran out of attempts",
        samples=dead,
    )


def audit(client: Audit) -> Iterator[Family]:
    """Events by what became of them, and how much waits in the spool."""
    seen = client.reading()
    counts = {
        "emitted": seen.emitted,
        "accepted": seen.accepted,
        "duplicate": seen.duplicates,
        "rejected": seen.rejected,
        "lost": seen.lost,
    }
    samples = [Sample((("outcome", outcome),), count) for outcome, count in counts.items()]
    yield Family(
        name="standfast_audit_events_total",
        kind="counter",
        help="Audit events by fate",
        samples=samples,
    )
    waiting = (Sample((), seen.waiting),)
    yield Family(
        name="standfast_audit_spool_events",
        kind="gauge",
        help="Events not yet accepted",
        samples=waiting,
    )
    size = (Sample((), seen.spool_bytes),)
    yield Family(
        name="standfast_audit_spool_bytes", kind="gauge", help="Bytes on disk", samples=size
    )
