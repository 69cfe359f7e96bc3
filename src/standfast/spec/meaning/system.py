"""The whole conversion, section by section in the file's order, so that assumptions are numbered so."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from standfast.spec.meaning import (
    alerts,
    compliance,
    composites,
    contracts,
    experience,
    incidents,
    journeys,
    people,
    promises,
    recovery,
    runbooks,
    topology,
)
from standfast.spec.platform import PLATFORMS
from standfast.spec.system import System
from standfast.spec.values import Criticality

if TYPE_CHECKING:
    from collections.abc import Mapping

    from standfast.spec.meaning.margin import Margin
    from standfast.spec.v1.file import FileShape
    from standfast.spec.values import Place


def mean(
    file: FileShape,
    margin: Margin,
    *,
    digest: str,
    environment: str,
    places: Mapping[str, Place],
    literal_secrets: tuple[str, ...],
) -> System:
    """What the file means. Mistakes are left in `margin`; with any, the System must not be used."""
    head = file.system
    criticality = margin.assumed(
        head.criticality,
        "medium",
        "system.criticality",
        "criticality is medium",
        "it is not stated",
    )
    timezone = margin.assumed(
        head.timezone, "UTC", "system.timezone", "the time zone is UTC", "it is not stated"
    )
    people.zone("system.timezone", timezone, margin)
    window = margin.assumed(
        head.budget_window, timedelta(days=30), "system.budget_window",
        "budgets are counted over 30d", "it is not stated",
    )  # fmt: skip
    platform = margin.assumed(
        head.platform,
        "kubernetes",
        "system.platform",
        "runbooks tell kubectl's commands",
        "what it runs on is not stated",
    )
    window = promises.countable("system.budget_window", window, timedelta(days=30), margin)
    parts = topology.components(file, margin)
    levels = promises.service_levels(file, parts, criticality, window, margin)
    ways = journeys.journeys(file, parts, levels, criticality, margin)
    joint = composites.composites(file, levels, ways, criticality, window, margin)
    agreed = contracts.contracts(file, levels, {**ways, **joint}, timezone, margin)
    policy = promises.budget_policy(file, [*file.people, *file.teams], margin)
    rules = alerts.alerts(file, parts, levels, margin)
    severities = people.severities(file, margin)
    teams = people.teams(file, margin)
    rotas = people.on_call(file, timezone, margin)
    channels = people.channels(file, margin)
    policy_of_incidents = incidents.incidents(file, margin)
    data = recovery.data(file, margin)
    return System(
        name=head.name,
        digest=digest,
        environment=environment,
        criticality=Criticality(criticality),
        timezone=timezone,
        budget_window=window,
        platform=platform,
        regions=topology.regions(file),
        components=parts,
        journeys=ways,
        service_levels=levels,
        composites=joint,
        agreements=agreed,
        budget_policy=policy,
        alerts=rules,
        severities=severities,
        people=people.people(file),
        teams=teams,
        on_call=rotas,
        channels=channels,
        incidents=policy_of_incidents,
        runbooks=runbooks.runbooks(
            file, [one.runbook for one in rules.values() if one.runbook], PLATFORMS[platform]
        ),
        data=data,
        backups=recovery.backups(file, timezone, margin),
        locations=recovery.locations(file, margin),
        failovers=recovery.failovers(file, margin),
        degradations=recovery.degradations(file, margin),
        compliance=compliance.compliance(file, data, margin),
        waivers=compliance.waivers(file, margin),
        server=compliance.server(file, margin),
        experience=experience.experience(file, parts, margin),
        places=places,
        assumptions=tuple(margin.assumptions),
        stated=frozenset(places),
        literal_secrets=literal_secrets,
    )
