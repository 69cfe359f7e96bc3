# ruff: noqa: RUF012 - pydantic copies a default for every instance
"""Alerts, severities, people, rotations, channels, incidents, runbooks."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, Field

from standfast.spec.v1.shape import (
    Count,
    Day,
    Duration,
    Flag,
    Handover,
    Line,
    Lines,
    Many,
    Name,
    OneOf,
    Reference,
    References,
    Response,
    Secret,
    Shape,
    Shorthand,
    written_as,
)

SeverityWord = Annotated[str, OneOf("P1", "P2", "P3", "P4")]
SevWord = Annotated[str, OneOf("SEV1", "SEV2", "SEV3", "SEV4")]


class WhenShape(Shape):
    expr: Line | None = None
    for_: Annotated[Duration | None, Field(alias="for")] = None
    words: Line | None = None


class AlertShape(Shape):
    of: Reference
    when: Annotated[WhenShape, written_as("words"), Shorthand(type="string")]
    severity: SeverityWord
    runbook: Line | None = None
    summary: Line | None = None


class SeverityShape(Shape):
    respond: Response | None = None
    notify: Lines | None = None


def _absence(value: object) -> object:
    """ "2026-12-24..2026-12-31", or one day."""
    if isinstance(value, str):
        first, _, last = value.partition("..")
        return {"from": first.strip(), "until": (last or first).strip()}
    return value


class LeaveShape(Shape):
    from_: Annotated[Day, Field(alias="from")]
    until: Day


class PersonShape(Shape):
    name: Line | None = None
    email: Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+$", max_length=254)] | None = None
    phone: Annotated[str, Field(pattern=r"^\+?[0-9 ()/.-]{3,30}$")] | None = None
    chat: Line | None = None
    leave: list[Annotated[LeaveShape, BeforeValidator(_absence), Shorthand(type="string")]] = []


class TeamShape(Shape):
    members: References
    chat: Line | None = None
    lead: Reference | None = None


class ShiftShape(Shape):
    order: Annotated[References, Field(min_length=1)]
    length: Duration | None = None
    handover: Handover | None = None
    start: Day | None = None


def _within(value: object) -> object:
    return None if value == "as needed" else value


class StepShape(Shape):
    to: Reference
    within: Annotated[Duration | None, BeforeValidator(_within), Shorthand(const="as needed")] = (
        None
    )
    only: Annotated[list[SeverityWord], Many()] | None = None


class OverrideShape(Shape):
    from_: Annotated[Day, Field(alias="from")]
    until: Day
    who: Reference


def _per_severity(value: object) -> object:
    return {"*": value} if isinstance(value, list) else value


Escalation = Annotated[
    dict[Annotated[str, OneOf("P1", "P2", "P3", "P4", "*")], list[StepShape]],
    BeforeValidator(_per_severity),
    Shorthand(type="array", items={"type": "object"}),
]


_WEEKDAY = "(Mon|Tue|Wed|Thu|Fri|Sat|Sun)"
_OCLOCK = "(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)"


class OnCallShape(Shape):
    covers: References | None = None
    shift: ShiftShape
    timezone: Line | None = None
    escalate: Escalation | None = None
    hours: Annotated[str, Field(pattern=rf"^(24x7|{_WEEKDAY}-{_WEEKDAY} {_OCLOCK}-{_OCLOCK})$")] = (
        "24x7"
    )
    overrides: list[OverrideShape] = []


class ChannelShape(Shape):
    kind: Annotated[str, OneOf("smtp", "webhook", email="smtp")]
    wakes: Flag | None = None
    url: Line | None = None
    host: Line | None = None
    port: Annotated[Count, Field(ge=1, le=65535)] | None = None
    from_: Annotated[Line | None, Field(alias="from")] = None
    to: Line | None = None
    tls: Flag = False
    username: Secret | None = None
    password: Secret | None = None
    secret: Secret | None = None


class IncidentShape(Shape):
    respond: Response | None = None
    when: Line | None = None
    roles: Lines | None = None
    channel: Line | None = None


class PostMortemShape(Shape):
    for_: Annotated[Annotated[list[SevWord], Many()] | None, Field(alias="for")] = None
    within: Duration | None = None


class IncidentsShape(Shape):
    SEV1: IncidentShape | None = None
    SEV2: IncidentShape | None = None
    SEV3: IncidentShape | None = None
    SEV4: IncidentShape | None = None
    post_mortem: PostMortemShape | None = None
    legal_contact: Reference | None = None
    breach_clock: Duration | None = None


class CauseShape(Shape):
    cause: Line
    check: Line
    fix: Line


class FixShape(Shape):
    title: Line
    run: Line


class RunbookShape(Shape):
    title: Line | None = None
    symptoms: Lines = []
    diagnose: Lines = []
    causes: list[CauseShape] = []
    fixes: list[FixShape] = []
    verify: Lines = []
    escalate: Line | None = None
    reviewed: Day | None = None


AlertMap = dict[Name, AlertShape]
PersonMap = dict[Name, PersonShape]
TeamMap = dict[Name, TeamShape]
OnCallMap = dict[Name, OnCallShape]
ChannelMap = dict[Name, ChannelShape]
RunbookMap = dict[Name, RunbookShape]
SeverityMap = dict[SeverityWord, SeverityShape]
