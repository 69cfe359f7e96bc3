"""DAT: is it known what is kept, how delicate it is, and where it may lie?"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from standfast.review.finding import Hit, Role, Verdict, rule
from standfast.review.wording import listed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from standfast.review.case import Case
    from standfast.spec.protection import DataType

_TELLING = re.compile(
    r"e-?mail|address|phone|birth|name|passport|\bssn\b|card|pan\b|iban|cvv|health|diagnos|patient",
    re.IGNORECASE,
)


@rule(
    "DAT-00",
    Verdict.CLARIFY,
    Role.ANALYST,
    condition="RPO or RTO of data not stated",
    why="without them no backup is too seldom and no restore too slow",
    if_rejected="the defaults of its class are used",
)
def no_objectives(case: Case) -> Iterator[Hit]:
    for name, data in case.system.data.items():
        lacking = [
            key.upper()
            for key in ("rpo", "rto")
            if getattr(data, key) is None or case.assumed(f"data.{name}.{key}")
        ]
        if lacking:
            yield Hit(
                at=f"data.{name}",
                problem=f"{name} states no {listed(lacking)}",
                suggestion="how much may be lost, and how soon must it be back?",
            )


@rule(
    "DAT-01",
    Verdict.CLARIFY,
    Role.DATA,
    condition="stateful component without data type",
    why="what is in it decides how it is copied, kept and audited",
    if_rejected="it is treated as holding normal data",
)
def unknown_content(case: Case) -> Iterator[Hit]:
    for name, component in case.system.components.items():
        stated = (one for one in case.data_in.get(name, ()) if not case.assumed(f"data.{one.name}"))
        if component.stateful and next(stated, None) is None:
            yield Hit(
                at=f"components.{name}",
                problem=f"{name} ({component.type}) keeps data that the file does not name",
                suggestion=f"what is in it? `data: {{NAME: {{store: {name}, class: ..., "
                "rpo: ..., rto: ...}}`",
            )


@rule(
    "DAT-02",
    Verdict.CLARIFY,
    Role.DATA,
    condition="sensitive fields without saying whether they are personal, card or health data",
    why="the laws that apply follow from the kind",
    if_rejected="they are treated as personal data",
)
def unnamed_kind(case: Case) -> Iterator[Hit]:
    for name, data in case.system.data.items():
        if not data.kinds and (fields := _telling(data)):
            yield Hit(
                at=f"data.{name}",
                problem=f"{name} holds {listed(fields)}, and states no kind",
                suggestion="write `kinds: [personal]`, `card` or `health`",
            )


def _telling(data: DataType) -> list[str]:
    return [*data.sensitive, *(table for table in data.tables if _TELLING.search(table))]


@rule(
    "DAT-03",
    Verdict.BLOCK,
    Role.LEGAL,
    condition="data, its replica or its backup outside the regions it may lie in",
    why="a copy in the wrong country is a transfer, whoever reads it",
    if_rejected="not possible without a legal basis; state it and widen `residency:`",
)
def abroad(case: Case) -> Iterator[Hit]:
    for name, data in case.system.data.items():
        outside = sorted(_regions(case, data.store) - set(data.residency))
        if data.residency and outside:
            yield Hit(
                at=f"data.{name}.residency",
                problem=f"{name} may lie in {listed(data.residency)}; copies are in {listed(outside)}",
                suggestion="move the copies, or widen the residency with its legal basis",
                rests_on=(f"data.{name}.residency",),
            )


def _regions(case: Case, store: str) -> set[str]:
    regions = {region for region, n in case.system.components[store].replicas.items() if n}
    backup = case.system.backups.get(store)
    for copy in backup.copies.values() if backup else ():
        for to in copy.to:
            place = case.system.locations.get(to)
            regions |= {place.region} if place and place.region else set()
    return regions


RULES = (no_objectives, unknown_content, unnamed_kind, abroad)
