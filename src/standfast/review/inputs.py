"""INP: is there enough in the file to design anything from it?"""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING

from standfast.review.finding import Hit, Role, Verdict, rule
from standfast.review.wording import listed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from standfast.review.case import Case

_PLACEHOLDER = re.compile(r"\b(TBD|TODO|FIXME|XXX|CHANGEME)\b|<[a-z][a-z _-]*>", re.IGNORECASE)
_EXAMPLE = re.compile(r"[@./]example\.(com|org|net)\b|\.example\b", re.IGNORECASE)


@rule(
    "INP-01",
    Verdict.BLOCK,
    Role.ARCHITECT,
    condition="no components",
    why="without services there is nothing to watch, to page for or to recover",
    if_rejected="nothing can be designed; the review stays at BLOCK",
)
def no_components(case: Case) -> Iterator[Hit]:
    if not case.system.components:
        yield Hit(
            at="components",
            problem="the file names no component",
            suggestion="list the services, or start from `standfast import compose.yaml`",
        )


@rule(
    "INP-02",
    Verdict.CLARIFY,
    Role.ARCHITECT,
    condition="component without owner",
    why="an alert about it has nobody to go to",
    if_rejected="its pages go to the only rotation there is, or to the catch-all person",
)
def no_owner(case: Case) -> Iterator[Hit]:
    for name, component in case.system.components.items():
        if component.owner is None and component.type != "external":
            yield Hit(
                at=f"components.{name}",
                problem=f"{name} has no owner",
                suggestion=f"which team is called? add `owner:` to {name}",
            )


@rule(
    "INP-03",
    Verdict.CLARIFY,
    Role.ANALYST,
    condition="no critical user journey",
    why="objectives that follow no journey promise what no user notices",
    if_rejected="objectives are set per component, and no journey is watched",
)
def no_journey(case: Case) -> Iterator[Hit]:
    stated = (name for name in case.system.journeys if not case.assumed(f"journeys.{name}"))
    if case.system.components and not any(case.system.journeys[name].critical for name in stated):
        yield Hit(
            at="journeys",
            problem="no critical user journey is named",
            suggestion="which three things must a user always be able to do? write `journeys:`",
        )


@rule(
    "INP-04",
    Verdict.WARN,
    Role.ANALYST,
    condition="criticality of the system not stated",
    why="criticality decides the defaults of objectives, severities and checks",
    if_rejected="medium is assumed",
)
def no_criticality(case: Case) -> Iterator[Hit]:
    if case.assumed("system.criticality"):
        yield Hit(
            at="system.criticality",
            problem=f"criticality is not stated; {case.system.criticality} is assumed",
            suggestion="write `criticality: critical | high | medium | low` under `system:`",
        )


@rule(
    "INP-05",
    Verdict.BLOCK,
    Role.AUTHOR,
    condition="reference to an unknown team, person, region, location or runbook",
    why="what points nowhere is not watched, not paged for or not copied",
    if_rejected="the thing that refers is left out of everything generated",
)
def dangling(case: Case) -> Iterator[Hit]:
    for at, kind, name, known in _references(case):
        if name not in known:
            yield Hit(
                at=at,
                problem=f"{kind} {name!r} is not in the file",
                suggestion=_nearest(name, known),
            )


def _nearest(name: str, known: frozenset[str]) -> str:
    near = get_close_matches(name, known, n=1)
    said = f"known are {listed(sorted(known)) or 'none'}"
    return f"did you mean {near[0]!r}? {said}" if near else said


def _references(case: Case) -> Iterator[tuple[str, str, str, frozenset[str]]]:
    yield from _people_and_teams(case)
    runbooks, places = frozenset(case.system.runbooks), frozenset(case.system.locations)
    for name, alert in case.system.alerts.items():
        if alert.runbook and not alert.runbook.startswith(("https://", "http://")):
            yield f"alerts.{name}.runbook", "runbook", alert.runbook, runbooks
    for store, backup in case.system.backups.items():
        for kind, copy in backup.copies.items():
            for place in copy.to:
                yield f"backups.{store}.{kind}.to.{place}", "location", place, places


def _people_and_teams(case: Case) -> Iterator[tuple[str, str, str, frozenset[str]]]:
    teams, people = frozenset(case.system.teams), frozenset(case.system.people)
    for name, component in case.system.components.items():
        if component.owner:
            yield f"components.{name}.owner", "team", component.owner, teams
    for name, team in case.system.teams.items():
        for member in team.members:
            yield f"teams.{name}.members.{member}", "person", member, people
    for name, rota in case.system.on_call.items():
        for person in rota.shift.order:
            yield f"on_call.{name}.shift.order.{person}", "person", person, people


@rule(
    "INP-06",
    Verdict.CLARIFY,
    Role.AUTHOR,
    condition="a placeholder stands where a value should (TBD, TODO, example.com)",
    why="a page sent to a placeholder reaches nobody",
    if_rejected="the value is used as it stands",
)
def placeholders(case: Case) -> Iterator[Hit]:
    examples = []
    for at, text in _texts(case):
        if _PLACEHOLDER.search(text):
            yield Hit(at=at, problem=f"{text!r} is a placeholder", suggestion="give the real value")
        elif _EXAMPLE.search(text):
            examples.append(at)
    if examples:
        yield Hit(
            at="system",
            problem=f"example domains stand at {listed(examples, 4)}",
            suggestion="give the real addresses before going live",
            verdict=Verdict.WARN,
        )


def _texts(case: Case) -> Iterator[tuple[str, str]]:
    system = case.system
    for name, component in system.components.items():
        for key in ("owner", "url", "address", "scrape", "exporter", "status_page", "vendor"):
            if value := getattr(component, key):
                yield f"components.{name}.{key}", value
    for name, person in system.people.items():
        for key in ("name", "email", "phone", "chat"):
            if value := getattr(person, key):
                yield f"people.{name}.{key}", value
    for name, runbook in system.runbooks.items():
        yield f"runbooks.{name}", " ".join((runbook.title, runbook.escalate, *runbook.diagnose))


@rule(
    "INP-07",
    Verdict.WARN,
    Role.ARCHITECT,
    condition="a source has changed since it was imported",
    why="the file says what the sources said then; what runs now may need something else",
    if_rejected="the review judges the system as it was imported",
)
def changed_sources(case: Case) -> Iterator[Hit]:
    for source, before in case.system.sources.items():
        now = case.measured.sources.get(source, before)
        if now != before:
            yield Hit(
                at="components",
                problem=f"{source} is {'changed' if now else 'gone'} since it was imported",
                suggestion="run `standfast import --merge` over the sources again; hand edits are kept",
            )


@rule(
    "INP-08",
    Verdict.CLARIFY,
    Role.ARCHITECT,
    condition="several components and not one dependency",
    why="without edges no ceiling, no blast radius and no order of recovery can be worked out",
    if_rejected="every component is treated as standing alone",
)
def no_edges(case: Case) -> Iterator[Hit]:
    components = case.system.components
    if len(components) > 1 and not any(one.needs for one in components.values()):
        yield Hit(
            at="components",
            problem=f"found {len(components)} components and 0 dependencies",
            suggestion="draw them: `needs: {db: hard}`",
        )


@rule(
    "INP-09",
    Verdict.BLOCK,
    Role.OPS,
    condition="literal secret in the file",
    why="the file is read, reviewed, published and kept in version control",
    if_rejected="not possible: standfast never prints it, but everyone who has the file has it",
)
def literal_secrets(case: Case) -> Iterator[Hit]:
    for at in getattr(case.system, "literal_secrets", ()):
        yield Hit(
            at=at,
            problem="a secret is written out",
            suggestion="change it, then refer to it: `env:NAME` or `file:/run/secrets/name`",
        )


@rule(
    "INP-10",
    Verdict.CLARIFY,
    Role.ANALYST,
    condition="no SLA stated anywhere",
    why="whether a breach costs money decides how far an objective must stand from it",
    if_rejected="no contract is assumed; SLA reports show objectives only",
)
def no_sla(case: Case) -> Iterator[Hit]:
    system = case.system
    promised = any(one.slas for one in system.service_levels.values())
    slas = [one.sla for one in system.journeys.values()]
    slas += [one.sla for one in system.composites.values()]
    if system.components and not promised and not any(slas):
        yield Hit(
            at="service_levels",
            problem="no service level and no journey carries an SLA",
            suggestion="is there a contract? write `sla:`, or waive this where there is none",
        )


@rule(
    "INP-11",
    Verdict.CLARIFY,
    Role.OPS,
    condition="deployment topology not stated",
    why="replicas, zones and regions decide what a lost machine, zone or region means",
    if_rejected="one replica in one zone of one region is assumed",
)
def no_topology(case: Case) -> Iterator[Hit]:
    system = case.system
    own = [one for one in system.components.values() if one.type != "external"]
    if own and case.assumed("regions") and not any(one.replicas for one in own):
        yield Hit(
            at="regions",
            problem="neither regions nor replicas are stated",
            suggestion="write `regions:`, and `replicas: {REGION: NUMBER}` per component",
        )


@rule(
    "INP-12",
    Verdict.CLARIFY,
    Role.DATA,
    condition="data type without classification",
    why="the class decides backup frequency, restore proof and audit events",
    if_rejected="normal is assumed",
)
def unclassified(case: Case) -> Iterator[Hit]:
    for name, data in case.system.data.items():
        if data.classification is None or case.assumed(f"data.{name}.class"):
            yield Hit(
                at=f"data.{name}.class",
                problem=f"{name} has no class",
                suggestion="write `class: critical | important | normal`",
            )


RULES = (
    no_components,
    no_owner,
    no_journey,
    no_criticality,
    dangling,
    placeholders,
    changed_sources,
    no_edges,
    literal_secrets,
    no_sla,
    no_topology,
    unclassified,
)
