"""People, teams, rotations, channels, and what each severity promises."""

from __future__ import annotations

from datetime import time, timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from standfast.spec import units
from standfast.spec.calling import (
    Channel,
    EscalationStep,
    OnCall,
    Person,
    SeverityRule,
    Shift,
    Team,
)
from standfast.spec.values import SecretRef, Severity

if TYPE_CHECKING:
    from collections.abc import Mapping

    from standfast.spec.meaning.margin import Margin
    from standfast.spec.v1 import calling as v1
    from standfast.spec.v1.file import FileShape

_MINUTE = timedelta(minutes=1)
NEXT_BUSINESS_DAY: timedelta | None = None
SEVERITIES: Mapping[Severity, tuple[timedelta | None, tuple[str, ...]]] = {
    Severity.P1: (5 * _MINUTE, ("page", "call")),
    Severity.P2: (15 * _MINUTE, ("page",)),
    Severity.P3: (60 * _MINUTE, ("chat",)),
    Severity.P4: (NEXT_BUSINESS_DAY, ("email",)),
}
# The first step is never later than the severity's own promise.
ESCALATION: Mapping[Severity, tuple[int, int, int]] = {
    Severity.P1: (5, 10, 15),
    Severity.P2: (15, 30, 60),
    Severity.P3: (60, 120, 240),
}
KINDS = ("page", "call", "sms", "push", "chat", "email")
WAKING = frozenset({"page", "call", "sms", "push"})


def severities(file: FileShape, margin: Margin) -> Mapping[Severity, SeverityRule]:
    return MappingProxyType({one: _severity(one, file, margin) for one in Severity})


def _severity(severity: Severity, file: FileShape, margin: Margin) -> SeverityRule:
    respond, notify = SEVERITIES[severity]
    path, shape = f"severities.{severity}", file.severities.get(severity.value)
    if shape is not None and "respond" in shape.model_fields_set:
        respond = shape.respond
    else:
        said = f"within {units.show_duration(respond)}" if respond else "the next business day"
        margin.assume(
            f"{path}.respond", f"{severity} is answered {said}", "it is not stated",
            "write `severities:` to change",
        )  # fmt: skip
    stated = (shape.notify if shape else None) or []
    margin.refer_all(f"{path}.notify", stated, {*KINDS, *file.channels}, "channel")
    return SeverityRule(severity=severity, respond=respond, notify=tuple(stated) or notify)


def people(file: FileShape) -> Mapping[str, Person]:
    return MappingProxyType(
        {
            id: Person(
                id=id,
                name=shape.name or id,
                email=shape.email,
                phone=shape.phone,
                chat=shape.chat,
                leave=tuple((one.from_, one.until) for one in shape.leave),
            )
            for id, shape in file.people.items()  # noqa: A001 - a person's id is called that
        }
    )


def teams(file: FileShape, margin: Margin) -> Mapping[str, Team]:
    for name, shape in file.teams.items():
        margin.refer_all(f"teams.{name}.members", shape.members, file.people, "person")
        if shape.lead:
            margin.refer(f"teams.{name}.lead", shape.lead, file.people, "person")
    return MappingProxyType(
        {
            name: Team(name=name, members=tuple(shape.members), chat=shape.chat, lead=shape.lead)
            for name, shape in file.teams.items()
        }
    )


def on_call(file: FileShape, timezone: str, margin: Margin) -> Mapping[str, OnCall]:
    return MappingProxyType(
        {name: _rota(name, shape, file, timezone, margin) for name, shape in file.on_call.items()}
    )


def _rota(
    name: str, shape: v1.OnCallShape, file: FileShape, timezone: str, margin: Margin
) -> OnCall:
    path = f"on_call.{name}"
    every = tuple(file.teams)
    said = f"{name} is on call for {', '.join(every) or 'everything'}"
    covers = margin.assumed(
        tuple(shape.covers) if shape.covers else None, every, f"{path}.covers", said,
        "nothing else is stated",
    )  # fmt: skip
    margin.refer_all(f"{path}.covers", shape.covers or (), file.teams, "team")
    margin.refer_all(f"{path}.shift.order", shape.shift.order, file.people, "person")
    for index, override in enumerate(shape.overrides):
        margin.refer(f"{path}.overrides.{index}.who", override.who, file.people, "person")
    return OnCall(
        name=name,
        covers=covers,
        shift=_shift(f"{path}.shift", shape.shift, margin),
        timezone=zone(f"{path}.timezone", shape.timezone or timezone, margin),
        escalate=_escalation(path, shape, covers, file, margin),
        hours=shape.hours,
        overrides=tuple((one.from_, one.until, one.who) for one in shape.overrides),
    )


def _shift(path: str, shape: v1.ShiftShape, margin: Margin) -> Shift:
    week, monday = timedelta(weeks=1), (0, time(9))
    length = margin.assumed(shape.length, week, f"{path}.length", "a shift is a week", "not stated")
    day, at = margin.assumed(
        shape.handover, monday, f"{path}.handover", "shifts change Mon 09:00", "not stated"
    )
    if length < timedelta(hours=1):
        margin.wrong(f"{path}.length", "a shift lasts an hour or more")
        length = week
    if length % week:
        day = None
    start = {} if shape.start is None else {"start": shape.start}
    return Shift(
        length=length, handover_day=day, handover_time=at, order=tuple(shape.order), **start
    )


def _escalation(
    path: str, shape: v1.OnCallShape, covers: tuple[str, ...], file: FileShape, margin: Margin
) -> Mapping[Severity, tuple[EscalationStep, ...]]:
    stated = shape.escalate or {}
    targets = {"primary", "secondary", *file.people, *file.teams}
    for key, steps in stated.items():
        for index, step in enumerate(steps):
            where = f"{path}.escalate.{index}" if key == "*" else f"{path}.escalate.{key}.{index}"
            margin.refer(f"{where}.to", step.to, targets, "person, team or turn")
    found = {}
    for severity in Severity:
        own = stated.get(severity.value, stated.get("*"))
        if own is None:
            found[severity] = _usual(path, severity, shape, covers, file, margin)
        else:
            found[severity] = tuple(
                _stated(one) for one in own if not one.only or severity.value in one.only
            )
    return MappingProxyType(found)


def _stated(step: v1.StepShape) -> EscalationStep:
    only = tuple(Severity(word) for word in step.only or ())
    return EscalationStep(to=step.to, within=step.within, only=only)


def _usual(
    path: str,
    severity: Severity,
    shape: v1.OnCallShape,
    covers: tuple[str, ...],
    file: FileShape,
    margin: Margin,
) -> tuple[EscalationStep, ...]:
    if severity not in ESCALATION:
        return (EscalationStep(to="primary", within=None),)
    turns = ["primary"] + (["secondary"] if len(set(shape.shift.order)) > 1 else [])
    leads = [file.teams[team].lead for team in covers if team in file.teams]
    turns += [lead for lead in leads if lead][:1]
    minutes = ESCALATION[severity][: len(turns)]
    said = ", ".join(f"{to} {many}m" for to, many in zip(turns, minutes, strict=True))
    margin.assume(
        f"{path}.escalate.{severity}", f"{severity} goes to {said}", "no escalation is stated",
        f"write `{path}.escalate:` to change",
    )  # fmt: skip
    return tuple(
        EscalationStep(to=to, within=many * _MINUTE)
        for to, many in zip(turns, minutes, strict=True)
    )


def channels(file: FileShape, margin: Margin) -> Mapping[str, Channel]:
    return MappingProxyType(
        {name: _channel(name, shape, margin) for name, shape in file.channels.items()}
    )


def _channel(name: str, shape: v1.ChannelShape, margin: Margin) -> Channel:
    path = f"channels.{name}"
    if shape.kind == "webhook" and not shape.url:
        margin.wrong(path, "a webhook needs `url:`")
    if shape.kind == "smtp" and not shape.host:
        margin.wrong(path, "a mail channel needs `host:`")
    if shape.kind == "smtp" and not shape.from_:
        margin.wrong(path, "a mail channel needs `from:`")
    return Channel(
        name=name,
        kind=shape.kind,
        wakes=shape.wakes if shape.wakes is not None else name in WAKING,
        url=url_or_secret(f"{path}.url", shape.url, margin),
        host=shape.host or "",
        port=shape.port or 25,
        sender=shape.from_ or "",
        to=shape.to or "",
        tls=shape.tls,
        username=shape.username,
        password=shape.password,
        secret=shape.secret,
    )


def url_or_secret(path: str, text: str | None, margin: Margin) -> SecretRef | str | None:
    if text is None or text.startswith(("http://", "https://")):
        return text
    kind, colon, name = text.partition(":")
    if colon and kind in ("env", "file") and name:
        return SecretRef(kind=kind, name=name)
    margin.wrong(path, f"'{text[:60]}' is no address; write https://..., env:NAME or file:/path")
    return None


def zone(path: str, name: str, margin: Margin) -> str:
    """An IANA time zone that this machine knows."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        margin.wrong(
            path, f"unknown time zone '{name[:60]}'; write for example Europe/Berlin or UTC"
        )
    return name
