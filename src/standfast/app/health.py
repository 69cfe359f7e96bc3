"""How standfast itself is: its own deep health and metrics, with the kit that it gives to others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from standfast.app import asking
from standfast.app.page_loads import page_loads
from standfast.errors import StoreError
from standfast_kit.metrics import Family, Sample

if TYPE_CHECKING:
    from collections.abc import Iterator

    from standfast.app.platform import Platform


STATUS_PAGE = "status_page"
"""The check of what lies on the disk, or in the bucket, of somebody else: without it all else goes on."""


class Unwell(Exception):
    """A part of standfast is not well; the text says why."""


def watch_over(platform: Platform) -> None:
    """Register what /health/ready and /health/deep ask, and what /metrics tells."""
    kit = platform.kit
    # Readiness touches nothing when it is asked: a tick looks, and says what it saw.
    kit.check("database", None, period="10s")
    kit.check("writing", lambda: _writing(platform), timeout="1s", deep=True)
    kit.check("ticking", lambda: _ticking(platform, "ticking"), timeout="1s", deep=True)
    kit.check(
        STATUS_PAGE,
        lambda: _ticking(platform, STATUS_PAGE),
        required=False,
        timeout="1s",
        deep=True,
    )
    kit.check("file", lambda: _file(platform), required=False, timeout="1s", deep=True)
    kit.check("pages", lambda: _pages(platform), required=False, timeout="3s", deep=True)
    kit.check("dead_man", lambda: _dead_man(platform), required=False, timeout="1s", deep=True)
    kit.check("dns", lambda: _dns(platform), required=False, timeout="1s", deep=True)
    kit.check("prometheus", lambda: _asked(platform), required=False, timeout="3s", deep=True)
    kit.registry.collect_with(lambda: _ticks(platform))
    kit.registry.collect_with(lambda: _lookups(platform))
    kit.registry.collect_with(lambda: _pings(platform))
    kit.registry.collect_with(lambda: _watched(platform))


def problems(platform: Platform) -> tuple[str, ...]:
    """What is wrong with standfast itself, in sentences, for the overview page."""
    found = [f"{role}: {why}" for role, why in platform.ticking.late(platform.now()).items()]
    if why := platform.keeping.database.refusal():
        found.insert(0, f"The database does not take what it is given: {why}")
    if platform.accept.rejected:
        first, *more = platform.accept.rejected.problems
        found.append(
            f"The changed file was not accepted, the old one goes on: {first.splitlines()[0]}"
        )
        found += [f"and {len(more)} more problems in it"] if more else []
    if unknown := platform.pushes.unknown(platform.now()):
        names = ", ".join(one[:60] or "(no service.name)" for one in unknown[:5])
        found.append(f"OTLP metrics of {names} are not counted: no component has them as `otlp`")
    if because := platform.dead_man.switch.because:
        found.append(f"The dead man's switch does not hear from us: {because}")
    return tuple(found + list(platform.read.undelivered()))


def look_at_database(platform: Platform) -> None:
    """Says to /health/ready whether the database answers; raises StoreError where it does not."""
    try:
        platform.keeping.database.read(lambda tx: tx.files.newest_number())
    except StoreError:
        platform.kit.health.report("database", status=False)
        raise
    platform.kit.health.report("database", status=True)


def _writing(platform: Platform) -> None:
    """Reading goes on while a disk is full, so readiness does not tell; nothing is written to find out."""
    if why := platform.keeping.database.refusal():
        raise Unwell(why)


def _ticking(platform: Platform, check: str) -> None:
    if late := platform.ticking.late(platform.now(), check):
        raise Unwell("; ".join(f"{role}: {why}" for role, why in late.items()))


def _file(platform: Platform) -> str:
    return "degraded" if platform.accept.rejected else "healthy"


def _pages(platform: Platform) -> None:
    if waiting := platform.read.undelivered():
        raise Unwell("; ".join(waiting))


def _asked(platform: Platform) -> None:
    if faults := platform.keeping.database.read(asking.faults):
        raise Unwell("; ".join(faults[:5]))


def _dead_man(platform: Platform) -> None:
    if because := platform.dead_man.switch.because:
        raise Unwell(because)


def _pings(platform: Platform) -> Iterator[Family]:
    switch = platform.dead_man.switch
    counts = {"sent": switch.sent, "failed": switch.failed, "withheld": switch.withheld}
    yield Family(
        name="standfast_dead_man_pings_total", kind="counter",
        help="Words to the dead man's switch, by what became of them.",
        samples=[Sample((("outcome", name),), count) for name, count in counts.items()],
    )  # fmt: skip
    if switch.heard_at:
        yield Family(
            name="standfast_dead_man_heard_timestamp_seconds", kind="gauge",
            help="When the dead man's switch last heard from us.",
            samples=[Sample((), switch.heard_at.timestamp())],
        )  # fmt: skip


def _dns(platform: Platform) -> None:
    if hanging := platform.resolver.hanging:
        raise Unwell(f"DNS does not answer for {', '.join(hanging[:5])}")


def _lookups(platform: Platform) -> Iterator[Family]:
    yield Family(
        name="standfast_dns_lookups_abandoned_total", kind="counter",
        help="DNS look-ups that did not end in time.",
        samples=[Sample((), platform.resolver.abandoned)],
    )  # fmt: skip
    yield Family(
        name="standfast_dns_lookups_hanging", kind="gauge", help="DNS look-ups that hang now.",
        samples=[Sample((), len(platform.resolver.hanging))],
    )  # fmt: skip


def _ticks(platform: Platform) -> Iterator[Family]:
    pulses = platform.ticking.pulses.items()
    yield Family(
        name="standfast_ticks_total", kind="counter", help="Ticks that ended, by role.",
        samples=[Sample((("role", role),), pulse.ticks) for role, pulse in pulses],
    )  # fmt: skip
    yield Family(
        name="standfast_tick_failures_total", kind="counter", help="Ticks that failed, by role.",
        samples=[Sample((("role", role),), pulse.failures) for role, pulse in pulses],
    )  # fmt: skip
    yield Family(
        name="standfast_tick_seconds", kind="gauge", help="How long the last tick took, by role.",
        samples=[Sample((("role", role),), pulse.lasted) for role, pulse in pulses],
    )  # fmt: skip


def _watched(platform: Platform) -> Iterator[Family]:
    yield Family(
        name="standfast_up", kind="gauge", help="1 while standfast runs.", samples=[Sample((), 1)]
    )
    yield from platform.read.metrics(platform.now())
    yield from page_loads(platform.feel.counted())
