"""RPO: can no more be lost than promised?"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from standfast.review.finding import Hit, Role, Verdict, rule
from standfast.review.wording import listed, span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from standfast.review.case import Case

_NONE = timedelta()


@rule(
    "RPO-01",
    Verdict.CLARIFY,
    Role.ANALYST,
    condition="measured data loss above the RPO",
    why="the promise would be broken by a failure now",
    if_rejected="the measured figure is published beside the promise",
)
def measured_loss(case: Case) -> Iterator[Hit]:
    for name, data in case.system.data.items():
        lost = case.measured.data_loss.get(data.store)
        if data.rpo is not None and lost is not None and lost > data.rpo:
            yield Hit(
                at=f"data.{name}.rpo",
                problem=f"{data.store} would lose {span(lost)}"
                f"{case.how(f'data_loss.{data.store}')}, promised {span(data.rpo)}",
                suggestion="copy more often, or promise what is true",
                verdict=Verdict.BLOCK,
                rests_on=(f"data.{name}.rpo",),
                known_by=(f"data_loss.{data.store}",),
            )


@rule(
    "RPO-02",
    Verdict.BLOCK,
    Role.ANALYST,
    condition="RPO 0 over an asynchronous link, or over none",
    why="an asynchronous replica is always a little behind; what it lacks is lost",
    if_rejected="the RPO is published as the replica's lag",
)
def none_over_async(case: Case) -> Iterator[Hit]:
    for name, data in case.system.data.items():
        if data.rpo != _NONE:
            continue
        links = case.system.components[data.store].replication
        late = [region for region, link in links.items() if link == "async"]
        synchronous = any(link == "sync" for link in links.values())
        if synchronous and (not late or data.rpo_region is not None):
            continue
        if late:
            problem = f"the replica of {data.store} in {listed(late)} is asynchronous"
        else:
            problem = f"{data.store} has no synchronous replica"
        yield Hit(
            at=f"data.{name}.rpo",
            problem=f"{name} may lose nothing, but {problem}",
            suggestion="replicate synchronously within the region, and give the loss of a region "
            "an RPO of its own: `rpo_region: 5m`",
            rests_on=(f"data.{name}.rpo",),
        )


@rule(
    "RPO-05",
    Verdict.CLARIFY,
    Role.OPS,
    condition="continuous WAL archive without archive_timeout, or with one above the RPO",
    why="PostgreSQL archives a segment when it is full: on a quiet night that takes hours",
    if_rejected="the RPO is met on busy days only",
)
def quiet_archive(case: Case) -> Iterator[Hit]:
    for store, backup in case.system.backups.items():
        wal = backup.copies.get("wal")
        limits = [data.rpo for data in case.data_in.get(store, ()) if data.rpo]
        if wal is None or wal.streaming or not limits:
            continue
        live = case.measured.archive_timeout.get(store)
        set_to = live if live is not None else wal.archive_timeout
        if not set_to or set_to > min(limits):
            said = f"archive_timeout {span(set_to)}" if set_to else "no archive_timeout"
            yield Hit(
                at=f"backups.{store}.wal",
                problem=f"{said}{case.how(f'archive_timeout.{store}')}, RPO {span(min(limits))} of "
                f"{store}" + (f": {span(set_to)} + upload may be lost" if set_to else ""),
                known_by=(f"archive_timeout.{store}",),
                suggestion=f"stream it over a replication slot, or set archive_timeout to "
                f"{span(min(limits) / 2)}",
                verdict=Verdict.BLOCK if live is not None else None,
            )


RULES = (measured_loss, none_over_async, quiet_archive)
