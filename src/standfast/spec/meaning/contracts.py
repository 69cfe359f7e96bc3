"""Agreements with customers: what is promised to whom, over which window, and what a breach costs."""

from __future__ import annotations

import re
from datetime import timedelta
from itertools import pairwise
from types import MappingProxyType
from typing import TYPE_CHECKING

from standfast.spec import units
from standfast.spec.contract import KINDS, Contract, Credit
from standfast.spec.meaning import people
from standfast.spec.meaning.promises import countable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from fractions import Fraction

    from standfast.spec.meaning.margin import Margin
    from standfast.spec.system import Composite, Journey, ServiceLevel
    from standfast.spec.v1 import promises as v1
    from standfast.spec.v1.file import FileShape
    from standfast.spec.values import Promise

_BELOW = re.compile(r"<\s*(\S+%)")


def contracts(
    file: FileShape,
    levels: Mapping[str, ServiceLevel],
    joint: Mapping[str, Journey | Composite],
    timezone: str,
    margin: Margin,
) -> Mapping[str, Contract]:
    promised = {name: one.slas for name, one in levels.items()}
    for name, one in joint.items():
        promised.setdefault(name, (one.sla,) if one.sla else ())
    found = {}
    for name, shape in file.agreements.items():
        _checked(name, shape, levels, promised, margin)
        found[name] = _contract(name, shape, promised, timezone, margin)
    return MappingProxyType(found)


def _contract(
    name: str,
    shape: v1.AgreementShape,
    promised: Mapping[str, tuple[Promise, ...]],
    timezone: str,
    margin: Margin,
) -> Contract:
    path = f"agreements.{name}"
    if shape.timezone is not None:
        people.zone(f"{path}.timezone", shape.timezone, margin)
    sla = shape.sla.promise if shape.sla else None
    kept = [sla] if sla else [one for of in shape.of for one in promised.get(of, ())]
    maintenance = shape.maintenance
    return Contract(
        name=name,
        of=tuple(dict.fromkeys(shape.of)),
        customer=shape.customer or "",
        reference=shape.contract or "",
        sla=sla,
        calendar=shape.calendar or ("month" if shape.window is None else ""),
        window=None if shape.window is None else _window(path, shape.window, margin),
        timezone=shape.timezone or timezone,
        credits=_credits(path, shape, kept, margin),
        fee=shape.fee,
        excludes=KINDS if shape.excludes is None else tuple(shape.excludes),
        maintenance_at_most=maintenance.at_most if maintenance else None,
        maintenance_notice=maintenance.notice if maintenance else None,
    )


def _window(path: str, stated: timedelta, margin: Margin) -> timedelta:
    return countable(f"{path}.window", stated, timedelta(days=30), margin)


def _checked(
    name: str,
    shape: v1.AgreementShape,
    levels: Mapping[str, ServiceLevel],
    promised: Mapping[str, tuple[Promise, ...]],
    margin: Margin,
) -> None:
    path = f"agreements.{name}"
    for index, of in enumerate(shape.of):
        known = margin.refer(
            f"{path}.of.{index}", of, promised, "service level, journey or composite"
        )
        if known and shape.sla is None and not promised[of]:
            said = f"{of} states no SLA; write `sla:` there or here, for example 99.5%"
            margin.wrong(f"{path}.of.{index}", said)
        if known and shape.sla is not None:
            for wrong in _unfit(of, levels, shape.sla.promise):
                margin.wrong(f"{path}.sla", wrong)
    if shape.sla is not None and shape.sla.average:
        margin.wrong(f"{path}.sla", "a contract needs a share of good events, not an average")
    if shape.calendar and shape.window is not None:
        margin.wrong(f"{path}.window", "write either `calendar:` or `window:`, not both")
    if shape.excludes is not None and shape.maintenance and "maintenance" not in shape.excludes:
        said = "maintenance counts by `excludes:`, so that there is nothing to limit"
        margin.wrong(f"{path}.maintenance", said)


def _unfit(of: str, levels: Mapping[str, ServiceLevel], sla: Promise) -> Iterator[str]:
    latency = of in levels and levels[of].sli == "latency"
    if latency and sla.threshold is None:
        yield f"{of} is a latency, which is promised as `p99 < 500ms`"
    if not latency and sla.threshold is not None:
        yield f"{of} is no latency; promise a share of good events, for example 99.5%"


def _credits(
    path: str, shape: v1.AgreementShape, kept: Sequence[Promise], margin: Margin
) -> tuple[Credit, ...]:
    found = []
    for text, share in shape.credits.items():
        below = _below(text)
        if below is None:
            said = f"not a border of a credit: '{text}'; write for example \"< 99.5%\": 10%"
            margin.wrong(f"{path}.credits.{text}", said)
        else:
            found.append(Credit(below=below, share=share, text=text))
    found.sort(key=lambda one: one.below)
    for worse, better in pairwise(found):
        if worse.share <= better.share:
            said = f"{worse.text} owes no more than {better.text}; a worse figure owes more"
            margin.wrong(f"{path}.credits.{worse.text}", said)
    lowest = min((one.target for one in kept), default=None)
    if lowest is not None and found and found[-1].below > lowest:
        said = (
            f"{units.show_percentage(lowest)} keeps the promise, and yet a credit would be owed"
            f" {found[-1].text}"
        )
        margin.wrong(f"{path}.credits.{found[-1].text}", said)
    return tuple(found)


def _below(text: str) -> Fraction | None:
    match = _BELOW.fullmatch(text.strip())
    try:
        return units.percentage(match[1]) if match else None
    except ValueError:
        return None
