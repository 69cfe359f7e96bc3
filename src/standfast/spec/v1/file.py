# ruff: noqa: RUF012 - pydantic copies a default for every instance
"""The whole file."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from standfast.spec.v1 import calling, promises, protection, topology
from standfast.spec.v1.shape import Line, Lines, Name, OneOf, Shape

API_VERSION = "standfast/v1"


class FileShape(Shape):
    """A reliability file: what the system is and what it promises."""

    api_version: Annotated[str, OneOf(API_VERSION), Field(alias="apiVersion")] = API_VERSION
    include: Lines = []
    environments: dict[Name, dict[str, Any]] = {}
    system: topology.SystemShape
    regions: dict[Name, topology.RegionShape] = {}
    components: dict[Name, topology.ComponentShape] = {}
    journeys: promises.JourneyMap = {}
    service_levels: promises.ServiceLevelMap = {}
    composites: promises.CompositeMap = {}
    agreements: promises.AgreementMap = {}
    budget_policy: promises.Policy | None = None
    alerts: calling.AlertMap | None = None
    severities: calling.SeverityMap = {}
    people: calling.PersonMap = {}
    teams: calling.TeamMap = {}
    on_call: calling.OnCallMap = {}
    channels: calling.ChannelMap = {}
    incidents: calling.IncidentsShape = Field(default_factory=calling.IncidentsShape)
    runbooks: calling.RunbookMap = {}
    data: protection.DataMap = {}
    backups: protection.BackupMap = {}
    locations: protection.LocationMap = {}
    failover: dict[Line, protection.FailoverShape] = {}
    degradation: dict[Line, protection.DegradationShape] = {}
    compliance: protection.ComplianceShape = Field(default_factory=protection.ComplianceShape)
    experience: protection.ExperienceShape | None = None
    waivers: list[protection.WaiverShape] = []
    server: protection.ServerShape = Field(default_factory=protection.ServerShape)
