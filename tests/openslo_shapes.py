"""The shapes of OpenSLO v1 as its specification has them, strictly: what it does not name is refused."""
# ruff: noqa: N815 - the names are those of OpenSLO

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, model_validator

Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9])?$")]
Duration = Annotated[str, Field(pattern=r"^[1-9][0-9]*[mhdwMQY]$")]
Described = Annotated[str, Field(max_length=1050)]


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class Metadata(Strict):
    name: Name
    displayName: str | None = None
    labels: dict[str, str | list[str]] = {}
    annotations: dict[str, str] = {}


class ServiceSpec(Strict):
    description: Described | None = None


class DataSourceSpec(Strict):
    description: Described | None = None
    type: str
    connectionDetails: dict[str, Any]


class Source(Strict):
    metricSourceRef: str | None = None
    type: str | None = None
    spec: dict[str, Any]


class Metric(Strict):
    metricSource: Source


class Ratio(Strict):
    counter: bool
    good: Metric | None = None
    bad: Metric | None = None
    total: Metric

    @model_validator(mode="after")
    def one_of_both(self) -> Ratio:
        assert (self.good is None) != (self.bad is None)
        return self


class SliSpec(Strict):
    description: Described | None = None
    ratioMetric: Ratio


class Calendar(Strict):
    startTime: Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$")]
    timeZone: str


class Window(Strict):
    duration: Duration
    isRolling: bool
    calendar: Calendar | None = None

    @model_validator(mode="after")
    def of_one_kind(self) -> Window:
        assert self.isRolling == (self.calendar is None)
        assert not (self.isRolling and re.search("[MQY]$", self.duration))
        return self


class Objective(Strict):
    displayName: str | None = None
    target: Annotated[float, Field(ge=0, lt=1)]
    indicatorRef: Name | None = None
    compositeWeight: Annotated[float, Field(gt=0)] | None = None


class PolicyRef(Strict):
    alertPolicyRef: Name


class SloSpec(Strict):
    description: Described | None = None
    service: Name
    indicatorRef: Name | None = None
    timeWindow: Annotated[list[Window], Field(min_length=1, max_length=1)]
    budgetingMethod: Literal["Occurrences", "Timeslices", "RatioTimeslices"]
    objectives: Annotated[list[Objective], Field(min_length=1)]
    alertPolicies: list[PolicyRef] = []

    @model_validator(mode="after")
    def of_one_indicator_or_a_composite(self) -> SloSpec:
        own = [one.indicatorRef for one in self.objectives]
        assert all(own) if self.indicatorRef is None else not any(own)
        return self


class Burn(Strict):
    kind: Literal["burnrate"]
    op: Literal["lte", "gte", "lt", "gt"]
    threshold: float
    lookbackWindow: Duration
    alertAfter: Annotated[str, Field(pattern=r"^[0-9]+[mhd]$")]


class ConditionSpec(Strict):
    description: Described | None = None
    severity: str
    condition: Burn


class Condition(Strict):
    kind: Literal["AlertCondition"]
    metadata: Metadata
    spec: ConditionSpec


class TargetRef(Strict):
    targetRef: Name


class PolicySpec(Strict):
    description: Described | None = None
    alertWhenNoData: bool
    alertWhenResolved: bool
    alertWhenBreaching: bool
    conditions: Annotated[list[Condition], Field(min_length=1, max_length=1)]
    notificationTargets: Annotated[list[TargetRef], Field(min_length=1)]


class TargetSpec(Strict):
    target: str
    description: Described | None = None


class _Object(Strict):
    apiVersion: Literal["openslo/v1"]
    metadata: Metadata


class Service(_Object):
    kind: Literal["Service"]
    spec: ServiceSpec


class DataSource(_Object):
    kind: Literal["DataSource"]
    spec: DataSourceSpec


class Sli(_Object):
    kind: Literal["SLI"]
    spec: SliSpec


class Slo(_Object):
    kind: Literal["SLO"]
    spec: SloSpec


class Policy(_Object):
    kind: Literal["AlertPolicy"]
    spec: PolicySpec


class Target(_Object):
    kind: Literal["AlertNotificationTarget"]
    spec: TargetSpec


Thing = Service | DataSource | Sli | Slo | Policy | Target
_THING: TypeAdapter[Thing] = TypeAdapter(Annotated[Thing, Field(discriminator="kind")])


def checked(documents: list[Any]) -> list[Thing]:
    """Every document of its shape, and every reference to one that is there."""
    found = [_THING.validate_python(one) for one in documents]
    names = {(one.kind, one.metadata.name) for one in found}
    assert len(names) == len(found), "a name stands twice"
    for one in found:
        if isinstance(one, Slo):
            refs = [one.spec.indicatorRef, *(each.indicatorRef for each in one.spec.objectives)]
            assert {("SLI", ref) for ref in refs if ref} <= names
            assert ("Service", one.spec.service) in names
            assert all(
                ("AlertPolicy", each.alertPolicyRef) in names for each in one.spec.alertPolicies
            )
        if isinstance(one, Policy):
            assert all(
                ("AlertNotificationTarget", each.targetRef) in names
                for each in one.spec.notificationTargets
            )
        if isinstance(one, Sli):
            part = one.spec.ratioMetric.good or one.spec.ratioMetric.bad
            assert part is not None
            for metric in (part, one.spec.ratioMetric.total):
                assert ("DataSource", metric.metricSource.metricSourceRef) in names
                assert metric.metricSource.spec["query"].strip()
    return found
