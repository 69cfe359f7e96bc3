"""One publishing: the System, its review and the day, with the phrases that every document shares."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from operator import itemgetter
from typing import TYPE_CHECKING, TypeVar

from standfast.publish.document import Document, Region, Scaffold
from standfast.publish.graph import Graph, graph_of
from standfast.publish.markdown import code, escape, join, span
from standfast.publish.prometheus import objectives
from standfast.publish.prometheus.alerts import Alert, alerts
from standfast.publish.prometheus.groups import groups
from standfast.publish.yaml_text import text_of
from standfast.review.case import Case, open_case
from standfast.review.feedback import Feedback, track
from standfast.review.measured import Measured
from standfast.spec.condition import Burn
from standfast.spec.values import Grade, Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date

    from standfast.publish.prometheus.query import Unsaid
    from standfast.review.feedback import Reply
    from standfast.review.finding import Review
    from standfast.slo.objective import Objective
    from standfast.spec.calling import AlertRule
    from standfast.spec.system import ServiceLevel, System
    from standfast.spec.values import Assumption


T = TypeVar("T")
_PLAIN = frozenset({Grade.STATED, Grade.ASSUMED})
"""No mark: what is stated, and what has no assumption of its own to name."""


@dataclass(frozen=True, kw_only=True)  # without slots: what several documents need is kept
class Edition:
    """What a document is written from; equal editions give equal bytes."""

    system: System
    review: Review
    as_of: date
    version: str
    release: bool = False  # went through the gate: nothing blocks
    private: bool = False  # for eyes that may see telephone numbers
    replies: tuple[Reply, ...] = ()  # what the roles answered to findings

    # -------------------------------------------------------------- worked out once, for every document

    @cached_property
    def feedback(self) -> Feedback:
        """Where each finding stands between us and the role that it addresses."""
        return track(self.review, self.replies)

    @cached_property
    def case(self) -> Case:
        """The review's own indexes, so that figures are looked up in one way only."""
        midnight = datetime.combine(self.as_of, datetime.min.time(), tzinfo=UTC)
        return open_case(self.system, Measured(), midnight)

    @cached_property
    def alerts(self) -> tuple[Alert, ...]:
        return alerts(self.system, self.measured)

    @cached_property
    def alerts_of(self) -> dict[str, list[Alert]]:
        """By component."""
        return _by(self.alerts, "component")

    @cached_property
    def alerts_for(self) -> dict[str, list[Alert]]:
        return by_runbook(self.alerts)

    @cached_property
    def measured(self) -> tuple[tuple[Objective, objectives.Measured | Unsaid], ...]:
        return objectives.measured(self.system)

    @cached_property
    def graph(self) -> Graph:
        return graph_of(self.system)

    @cached_property
    def _assumptions(self) -> dict[str, tuple[int, Assumption]]:
        """By path, each with its place in the file; of two with one path the first."""
        found: dict[str, tuple[int, Assumption]] = {}
        for place, one in enumerate(self.system.assumptions):
            found.setdefault(one.path, (place, one))
        return found

    # -------------------------------------------------------------- by component

    @cached_property
    def rule_groups(self) -> str:
        """The groups of rules as YAML, which Prometheus and its operator read in different frames."""
        return text_of({"groups": groups(self.system, self.measured, self.alerts)})

    @cached_property
    def rules_of(self) -> Mapping[str, tuple[AlertRule, ...]]:
        """The file's alerts by their component, for whoever asks of every one."""
        return _by_component((rule.of, rule) for rule in self.system.alerts.values())

    @cached_property
    def burning(self) -> Mapping[str, tuple[int, Severity]]:
        """Promise, service level or journey -> the first of the file's alerts on its burn: place, severity."""
        found: dict[str, tuple[int, Severity]] = {}
        for place, rule in enumerate(self.system.alerts.values()):
            if isinstance(rule.when, Burn):
                found.setdefault(rule.when.objective, (place, rule.severity))
        return found

    @property
    def levels_of(self) -> Mapping[str, tuple[ServiceLevel, ...]]:
        return self.system.levels_of

    @cached_property
    def measured_of(
        self,
    ) -> Mapping[str, tuple[tuple[Objective, objectives.Measured | Unsaid], ...]]:
        return _by_component((pair[0].component, pair) for pair in self.measured)

    # -------------------------------------------------------------- evidence

    def assumption(self, path: str) -> Assumption | None:
        """The assumption behind a value, if the file does not state it."""
        if path in self.system.stated:
            return None
        above = (path[:at] for at, sign in enumerate(path) if sign == ".")
        known = [self._assumptions[one] for one in (path, *above) if one in self._assumptions]
        return min(known, key=itemgetter(0))[1] if known else None

    def mark(self, path: str) -> str:
        """A sign behind a value by how we know it: ` *(assumed, A-03)*`; what is stated bears none."""
        if one := self.assumption(path):
            return f" *(assumed, {escape(one.id)})*"
        grade = self.system.grade(path)
        return "" if grade in _PLAIN else f" *({grade.value})*"

    def graded(self, path: str) -> Grade:
        return Grade.ASSUMED if self.assumption(path) else Grade.STATED

    # -------------------------------------------------------------- what is missing

    @staticmethod
    def owed(rule: str, to: str, question: str) -> str:
        """In place of an empty table: which rule asks, whom, and for what."""
        return f"> **Missing ({rule}), owed by: {to}.** {question}"

    # -------------------------------------------------------------- documents

    def document(self, path: str, title: str, *parts: Region | Scaffold) -> Document:
        """A document with the header that all of them share in front."""
        ids = " ".join(part.id for part in parts if isinstance(part, Region))
        head = Region(
            id="header",
            body=join(self.header(title), f"<!-- regions: header {ids} -->".replace("  ", " ")),
        )
        return Document(path=path, parts=(head, *parts))

    def header(self, title: str) -> str:
        return join(
            f"# {title}: {escape(self.system.name)}",
            f"As of {self.as_of.isoformat()} · {'**release edition** · ' if self.release else ''}"
            f"review verdict **{self.review.verdict.name}** · "
            f"{count(len(self.system.assumptions), 'assumption')} · "
            f"{count(len(self.system.waivers), 'waiver')} · "
            f"file {code('sha256:' + self.system.digest[:16])} · standfast {escape(self.version)}",
        )

    # -------------------------------------------------------------- people

    def person(self, name: str) -> str:
        """A person as a reader knows them; the id where there is nobody of that id."""
        someone = self.system.people.get(name)
        return escape(f"{someone.name} ({someone.id})" if someone else name)

    def owner(self, component: str) -> str:
        team = self.system.team_of(component)
        if team is None:
            return "nobody (INP-02: Solution Architect)"
        chat = f", {escape(team.chat)}" if team.chat else ""
        return f"{escape(team.name)}{chat}"

    def team(self, name: str | None) -> str:
        return escape(name) if name else "nobody named"

    def escalation(self, component: str, severity: Severity) -> str:
        """The way up for one component's alerts, in minutes after the first page."""
        rota = self.system.rota_of(component)
        steps = rota.escalate.get(severity, ()) if rota else ()
        if rota is None or not steps:
            return "no rotation covers it (ONC-01: DevOps/Platform)"
        said = []
        for step in steps:
            who = self.person(step.to) if step.to in self.system.people else escape(step.to)
            within = f" within {span(step.within)}" if step.within else " as needed"
            said.append(f"{who}{within}")
        return f"{escape(rota.name)}: " + " → ".join(said)


def by_runbook(alerts: Iterable[Alert]) -> dict[str, list[Alert]]:
    """By the runbook that they lead to."""
    return _by(alerts, "runbook")


def _by(alerts: Iterable[Alert], attribute: str) -> dict[str, list[Alert]]:
    found: dict[str, list[Alert]] = {}
    for alert in alerts:
        found.setdefault(getattr(alert, attribute), []).append(alert)
    return found


def count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def names(values: Iterable[str]) -> str:
    return ", ".join(escape(value) for value in values)


def _by_component(pairs: Iterable[tuple[str, T]]) -> Mapping[str, tuple[T, ...]]:
    found: dict[str, list[T]] = {}
    for name, one in pairs:
        found.setdefault(name, []).append(one)
    return {name: tuple(several) for name, several in found.items()}


def first_of(values: Sequence[str], most: int = 30) -> str:
    """Names, but no more than somebody reads."""
    more = f" and {len(values) - most} more" if len(values) > most else ""
    return names(values[:most]) + more
