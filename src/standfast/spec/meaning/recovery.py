"""Data and its objectives, copies and where they go, failover, graceful degradation."""

from __future__ import annotations

import re
from datetime import time, timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING

from standfast.spec import units
from standfast.spec.protection import (
    Backup,
    CopyPlan,
    DataType,
    Drill,
    Failover,
    FailoverStep,
    Location,
    Verification,
)
from standfast.spec.system import Degradation

if TYPE_CHECKING:
    from collections.abc import Mapping

    from standfast.spec.meaning.margin import Margin
    from standfast.spec.v1 import protection as v1
    from standfast.spec.v1.file import FileShape

_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)
# class -> RPO, RTO, how often it is copied
OBJECTIVES: Mapping[str, tuple[timedelta, timedelta, str]] = {
    "critical": (timedelta(minutes=5), _HOUR, "continuous"),
    "important": (_HOUR, 4 * _HOUR, "hourly"),
    "normal": (_DAY, _DAY, "daily"),
}
INTERVALS = {
    "hourly": _HOUR, "daily": _DAY, "weekly": 7 * _DAY, "monthly": 30 * _DAY, "quarterly": 90 * _DAY,
    "yearly": 365 * _DAY,
}  # fmt: skip
_VERIFY = (
    Verification(every=_DAY, what=("finished", "size", "checksum")),
    Verification(every=7 * _DAY, what=("restore",)),
    Verification(every=90 * _DAY, what=("dr-drill",)),
)
_SPEED = 90_000_000
_ARROW = re.compile(r"(\S+)\s*->\s*(\S+)")
_STEPS = (
    ("point DNS at the standby region", 5), ("promote the replica", 3),
    ("scale up the application servers", 6), ("verify that services are healthy", 2),
    ("tell stakeholders", 5),
)  # fmt: skip


def data(file: FileShape, margin: Margin) -> Mapping[str, DataType]:
    return MappingProxyType(
        {name: _data(name, shape, file, margin) for name, shape in file.data.items()}
    )


def _data(name: str, shape: v1.DataShape, file: FileShape, margin: Margin) -> DataType:
    path = f"data.{name}"
    margin.refer(f"{path}.store", shape.store, file.components, "component")
    rpo = shape.rpo.node if shape.rpo else None
    rto, backup = shape.rto, shape.backup or ""
    if usual := OBJECTIVES.get(shape.class_ or ""):
        because = f"its class is {shape.class_}"
        shown = [units.show_duration(one) for one in usual[:2]]
        rpo = margin.assumed(rpo, usual[0], f"{path}.rpo", f"RPO of {name} {shown[0]}", because)
        rto = margin.assumed(rto, usual[1], f"{path}.rto", f"RTO of {name} {shown[1]}", because)
        backup = backup or usual[2]
    return DataType(
        name=name,
        store=shape.store,
        classification=shape.class_,
        kinds=_kinds(name, shape, margin),
        sensitive=tuple(shape.sensitive),
        rpo=rpo,
        rto=rto,
        rpo_region=shape.rpo_region or (shape.rpo.region if shape.rpo else None),
        backup=backup,
        residency=tuple(shape.residency),
        purpose=shape.purpose or "",
        keep=shape.keep,
        tables=tuple(shape.tables),
    )


def _kinds(name: str, shape: v1.DataShape, margin: Margin) -> tuple[str, ...]:
    """Card and health data are told by the names of the sensitive fields; the rest is personal."""
    if shape.kinds is not None or not shape.sensitive:
        return tuple(shape.kinds or ())
    found = []
    for word in shape.sensitive:
        low = word.lower()
        kind = (
            "card"
            if "card" in low
            else "health"
            if "health" in low or "diagnos" in low
            else "personal"
        )
        found.append(kind)
    kinds = tuple(dict.fromkeys(found))
    said = f"{name} holds {' and '.join(kinds)} data"
    return margin.assumed(
        None, kinds, f"data.{name}.kinds", said, f"it has {', '.join(shape.sensitive)}"
    )


def backups(file: FileShape, timezone: str, margin: Margin) -> Mapping[str, Backup]:
    found = {}
    for store, shape in file.backups.items():
        path = f"backups.{store}"
        margin.refer(path, store, file.components, "component")
        copies = {
            kind: _copy(f"{path}.{kind}", kind, plan, file, margin)
            for kind in ("full", "incremental", "wal")
            if (plan := getattr(shape, kind)) is not None
        }
        if shape.key_kept_at:
            margin.refer_all(f"{path}.key_kept_at", shape.key_kept_at, file.locations, "location")
        said = f"a restore of {store} copies 90MB/s"
        found[store] = Backup(
            store=store,
            copies=MappingProxyType(copies),
            verify=_verify(path, shape, margin),
            restore_speed=margin.assumed(
                shape.restore_speed, _SPEED, f"{path}.restore_speed", said, "none was measured yet"
            ),
            key=shape.key,
            key_kept_at=tuple(shape.key_kept_at),
            timezone=shape.timezone or timezone,
        )
    return MappingProxyType(found)


def _copy(path: str, kind: str, plan: v1.CopyShape, file: FileShape, margin: Margin) -> CopyPlan:
    keep = timedelta(days=30 if kind == "full" else 7)
    shown = units.show_duration(keep)
    store = path.split(".")[1]
    every = tuple(file.locations)
    margin.refer_all(f"{path}.to", plan.to or (), file.locations, "location")
    at, interval = plan.at, plan.every
    if kind == "full" and at is None and interval is None:
        at = margin.assumed(
            None, time(2), f"{path}.at", f"{store} is copied in full daily at 02:00", "not stated"
        )
    if kind == "incremental" and at is None and interval is None:
        interval = margin.assumed(
            None,
            6 * _HOUR,
            f"{path}.every",
            f"an increment of {store} is taken every 6h",
            "not stated",
        )
    return CopyPlan(
        kind=kind,
        keep=margin.assumed(
            plan.keep, keep, f"{path}.keep", f"{kind} copies of {store} are kept {shown}", "not stated"
        ),
        to=margin.assumed(
            tuple(plan.to) if plan.to else None, every, f"{path}.to",
            f"{kind} copies of {store} go to {', '.join(every) or 'nowhere'}", "not stated",
        ),
        at=at,
        every=interval,
        continuous=plan.continuous or (kind == "wal" and interval is None),
        archive_timeout=plan.archive_timeout,
        streaming=plan.streaming,
        takes=plan.takes,
    )  # fmt: skip


def _verify(path: str, shape: v1.BackupShape, margin: Margin) -> tuple[Verification, ...]:
    if shape.verify is None:
        said = "copies are checked daily, restored weekly, drilled quarterly"
        return margin.assumed(None, _VERIFY, f"{path}.verify", said, "nothing is stated")
    found = []
    for text, one in shape.verify.items():
        try:
            every = INTERVALS.get(text) or units.duration(text)
        except ValueError:
            known = ", ".join(INTERVALS)
            margin.wrong(
                f"{path}.verify.{text}", f"not an interval: '{text}'; write {known}, or 12h"
            )
            continue
        found.append(
            Verification(every=every, what=tuple(one.what), automatic=one.by == "standfast")
        )
    return tuple(found)


def locations(file: FileShape, margin: Margin) -> Mapping[str, Location]:
    found = {}
    for name, shape in file.locations.items():
        if (shape.path is None) == (shape.bucket is None):
            margin.wrong(f"locations.{name}", "a location has either `path:` or `bucket:`")
        found[name] = Location(
            name=name,
            path=shape.path,
            bucket=shape.bucket,
            region=shape.region,
            account=shape.account or "",
            object_lock=shape.object_lock,
        )
    return MappingProxyType(found)


def failovers(file: FileShape, margin: Margin) -> Mapping[str, Failover]:
    found = {}
    for name, shape in file.failover.items():
        path = f"failover.{name}"
        match = _ARROW.fullmatch(name)
        if match is None:
            margin.wrong(path, f"not a failover: '{name}'; write `FROM -> TO` with two regions")
            continue
        margin.refer(path, match[1], file.regions, "region")
        margin.refer(path, match[2], file.regions, "region")
        one = Failover(
            source=match[1],
            target=match[2],
            rto=shape.rto,
            rpo=shape.rpo,
            wait_before=margin.assumed(
                shape.wait_before, timedelta(minutes=5), f"{path}.wait_before",
                "a failover waits 5m before it begins", "a shorter outage mends itself",
            ),
            steps=_steps(f"{path}.steps", shape, file, margin),
            failback=tuple(
                _step(f"{path}.failback.{index}", step, file, margin)
                for index, step in enumerate(shape.failback)
            ),
            fence=shape.fence or "",
            dns_ttl=shape.dns_ttl,
            last_drill=_drill(shape.last_drill),
        )  # fmt: skip
        found[one.name] = one
    return MappingProxyType(found)


def _steps(
    path: str, shape: v1.FailoverShape, file: FileShape, margin: Margin
) -> tuple[FailoverStep, ...]:
    if shape.steps is not None:
        return tuple(
            _step(f"{path}.{index}", step, file, margin) for index, step in enumerate(shape.steps)
        )
    usual = tuple(
        FailoverStep(do=do, takes=timedelta(minutes=many), manual=True) for do, many in _STEPS
    )
    said = "; ".join(f"{do} {many}m" for do, many in _STEPS)
    return margin.assumed(None, usual, path, f"the failover's steps by hand: {said}", "none stated")


def _step(path: str, shape: v1.StepShape, file: FileShape, margin: Margin) -> FailoverStep:
    if shape.check:
        component, _, kind = shape.check.partition(".")
        if margin.refer(f"{path}.check", component, file.components, "component") and kind:
            health = file.components[component].health
            known = [one for one in ("live", "ready", "deep") if health and getattr(health, one)]
            margin.refer(f"{path}.check", kind, known, f"health check of {component},")
    return FailoverStep(
        do=shape.do,
        takes=shape.takes,
        run=shape.run,
        check=shape.check,
        manual=shape.manual,
        parallel=shape.parallel or "",
        owner=shape.owner,
    )


def _drill(shape: v1.DrillShape | None) -> Drill | None:
    if shape is None:
        return None
    return Drill(date=shape.date, rto=shape.rto, rpo=shape.rpo, passed=shape.passed)


def degradations(file: FileShape, margin: Margin) -> tuple[Degradation, ...]:
    for scenario, shape in file.degradation.items():
        if shape.of:
            margin.refer(f"degradation.{scenario}.of", shape.of, file.components, "component")
    return tuple(
        Degradation(
            scenario=scenario,
            of=shape.of,
            do=shape.do,
            users_see=shape.users_see,
            stale_at_most=shape.stale_at_most,
        )
        for scenario, shape in file.degradation.items()
    )
