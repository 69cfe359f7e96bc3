# ruff: noqa: RUF012 - pydantic copies a default for every instance
"""Journeys, service levels, agreements with customers and the budget policy."""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated

from pydantic import BeforeValidator, Field

from standfast.spec.v1.shape import (
    Amount,
    Duration,
    Flag,
    Line,
    Many,
    Name,
    OneOf,
    Percentage,
    Promised,
    Read,
    Reference,
    References,
    Shape,
    Shorthand,
    written_as,
)

Promises = Annotated[list[Promised], Many()]
Windows = Annotated[list[Duration], Many(), Field(min_length=1, max_length=8)]


Calendar = Annotated[str, OneOf("week", "month", "quarter", "year")]


class StepShape(Shape):
    name: Line
    of: Reference
    route: Line


class JourneyShape(Shape):
    path: Annotated[References, Field(min_length=1)]
    steps: Annotated[list[StepShape], Field(max_length=20)] = []
    slo: Promised | None = None
    sla: Promised | None = None
    revenue_per_hour: Amount | None = None
    critical: Flag = True


def _codes(value: object) -> object:
    """Status codes are numbers in the file and text everywhere else."""
    many = value if isinstance(value, list) else [value]
    return [str(one) if isinstance(one, int) else one for one in many]


CODE = r"^([1-5]xx|[1-5]\d\d|timeout)$"
Code = Annotated[str, Field(pattern=CODE)]
Codes = Annotated[
    list[Code],
    BeforeValidator(_codes),
    Shorthand(
        anyOf=[
            {"type": ["string", "integer"]},
            {"type": "array", "items": {"type": ["string", "integer"]}},
        ]
    ),
]


class QueryShape(Shape):
    """PromQL that counts events over a window, which it writes as `$window`."""

    total: Line
    good: Line | None = None
    bad: Line | None = None


class EventsShape(Shape):
    """Counters of a component's own."""

    total: Line
    good: Line | None = None
    bad: Line | None = None


def _limit(value: object) -> str:
    """Which unit it has is for the signal to say."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError("write a limit such as 15m, 80% or 1000")  # noqa: TRY004 - pydantic's
    return str(value).strip()


class SlicesShape(Shape):
    """Stretches of time that count in place of events."""

    of: Duration
    good: Percentage


class ServiceLevelShape(Shape):
    of: Reference
    sli: Annotated[
        str,
        OneOf(
            "availability", "latency", "errors", "probe", "freshness", "saturation", "correctness",
            "query",
        ),
    ]  # fmt: skip
    query: QueryShape | None = None
    source: Annotated[str, OneOf("standfast", "prometheus", "remote-write")] | None = None
    events: EventsShape | None = None
    signal: Line | None = None
    limit: Annotated[str, Read(_limit, anyOf=[{"type": ["string", "number"]}])] | None = None
    slices: SlicesShape | None = None
    slo: Promises | None = None
    sla: Promises | None = None
    window: Windows | None = None
    calendar: Calendar | None = None
    sla_window: Calendar | None = None
    bad: Codes | None = None
    route: Line | None = None
    min_coverage: Percentage | None = None


def _weight(value: object) -> Fraction:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= _HEAVIEST:
        said = f"a weight is a number above 0, such as 1 or 2.5, not '{str(value)[:80]}'"
        raise ValueError(said)
    return Fraction(str(value))


_HEAVIEST = 1_000_000
_MOST_PARTS = 50
Weight = Annotated[
    Fraction,
    Read(_weight, anyOf=[{"type": "number", "exclusiveMinimum": 0, "maximum": _HEAVIEST}]),
]


class CompositeShape(Shape):
    """One promise on several service levels and journeys: `all` of them working, or their `weighted` mean."""

    all_: Annotated[
        Annotated[References, Field(min_length=2, max_length=_MOST_PARTS)] | None,
        Field(alias="all"),
    ] = None
    weighted: (
        Annotated[dict[Reference, Weight], Field(min_length=2, max_length=_MOST_PARTS)] | None
    ) = None
    slo: Promised | None = None
    sla: Promised | None = None
    window: Windows | None = None
    calendar: Calendar | None = None
    min_coverage: Percentage | None = None


class BandShape(Shape):
    do: Line
    freezes: Flag | None = None


BandOrWords = Annotated[BandShape, written_as("do"), Shorthand(type="string")]


class PolicyShape(Shape):
    owner: Reference | None = None
    bands: dict[Line, BandOrWords]


def _policy(value: object) -> object:
    """The bands stand flat beside `owner`."""
    if not isinstance(value, dict) or "bands" in value:
        return value
    bands = {key: one for key, one in value.items() if key != "owner"}
    return {"bands": bands, **({"owner": value["owner"]} if "owner" in value else {})}


Policy = Annotated[
    PolicyShape,
    BeforeValidator(_policy),
    Shorthand(
        type="object",
        properties={"owner": {"type": "string"}},
        additionalProperties={"anyOf": [{"type": "string"}, {"type": "object"}]},
    ),
]


class MaintenanceShape(Shape):
    at_most: Duration | None = None
    notice: Duration | None = None


class AgreementShape(Shape):
    """A contract with a customer about service levels."""

    of: Annotated[References, Field(min_length=1)]
    customer: Line | None = None
    contract: Line | None = None
    sla: Promised | None = None
    calendar: Calendar | None = None
    window: Duration | None = None
    timezone: Line | None = None
    credits: dict[Line, Percentage] = {}
    fee: Amount | None = None
    excludes: Annotated[list[Annotated[str, OneOf("maintenance", "upstream")]], Many()] | None = (
        None
    )
    maintenance: MaintenanceShape | None = None


CompositeMap = dict[Name, CompositeShape]
JourneyMap = dict[Name, JourneyShape]
AgreementMap = dict[Name, AgreementShape]
ServiceLevelMap = dict[Name, ServiceLevelShape]
