"""Everything below ops/generated, and an index of it that says what is left out and who owes it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from standfast import spec
from standfast.publish.alertmanager import alertmanager, fallback_channels
from standfast.publish.artefact import FOLDER, Noted, Owed
from standfast.publish.backstage import backstage
from standfast.publish.backup.files import backups
from standfast.publish.calendar.on_call import calendars
from standfast.publish.compliance import audit_schema
from standfast.publish.compose import compose
from standfast.publish.document import GENERATED, Generated
from standfast.publish.edition import count
from standfast.publish.grafana.files import grafana
from standfast.publish.kubernetes.backup import cronjobs
from standfast.publish.kubernetes.monitoring import monitoring
from standfast.publish.kubernetes.workloads import workloads
from standfast.publish.markdown import bullets, code, escape, join, table
from standfast.publish.openslo import openslo
from standfast.publish.plan import REVIEW
from standfast.publish.prometheus import blackbox, rule_tests, rules, scrape
from standfast.publish.prometheus.query import Query, Unsaid
from standfast.review.rendering import as_value
from standfast.spec.condition import Expr

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from standfast.publish.artefact import Artefacts
    from standfast.publish.edition import Edition

INDEX = f"{FOLDER}/README.md"
_FOR = {
    "alertmanager/": "Alertmanager",
    "audit/": "clients that write the audit log",
    "backup/pgbackrest/": "pgBackRest",
    "backup/systemd/": "systemd",
    "backstage/": "Backstage",
    "blackbox/": "the blackbox exporter",
    "compose.healthchecks.yaml": "Compose",
    "grafana/": "Grafana",
    "k8s/": "Kubernetes",
    "openslo/": "tools that speak OpenSLO",
    "oncall/": "calendars of the people on call",
    "postgresql.conf.d/": "PostgreSQL",
    "prometheus/": "Prometheus",
    "review.json": "whatever asks what the review said",
    "standfast.schema.json": "editors of the reliability file",
}
"""Who reads a file, by how its path below ops/generated begins."""


def programs(edition: Edition) -> list[Generated]:
    """The index first; then every file that the reliability file has enough for."""
    found = [one for source in _SOURCES for one in source(edition)]
    files = [one for one in found if isinstance(one, Generated)]
    owed = [one for one in found if isinstance(one, Owed)]
    noted = [one for one in found if isinstance(one, Noted)]
    return [Generated(path=INDEX, text=_index(edition, files, owed, noted)), *files]


# ------------------------------------------------------------------ sources


def _prometheus(edition: Edition) -> Artefacts:
    yield rules.rules(edition)
    yield from rule_tests.tests(edition)
    yield scrape.scrape(edition)
    for objective, found in edition.measured:
        if isinstance(found, Unsaid):
            yield _unsaid(f"objective {objective.name}", found)
    for alert in edition.alerts:
        if isinstance(alert.query, Unsaid):
            yield _unsaid(f"alert {alert.name}", alert.query)
        elif isinstance(alert.query, Query) and not alert.query.bad:
            rule = edition.system.alerts.get(alert.name)
            if rule and isinstance(rule.when, Expr):
                yield Noted(
                    path="prometheus/rules_test.yml",
                    said=f"alert {alert.name} is PromQL of your own, so no test is generated for it",
                )


def _unsaid(what: str, unsaid: Unsaid) -> Owed:
    return Owed(
        path="prometheus/rules.yml",
        lacks=f"{what}: {unsaid.reason}",
        rule=unsaid.rule,
        to=unsaid.to,
    )


def _alertmanager(edition: Edition) -> Artefacts:
    yield alertmanager(edition)
    if not fallback_channels(edition.system):
        yield Owed(
            path="alertmanager/alertmanager.yml",
            lacks="nobody is told while standfast is down: no channel that wakes is one that Alertmanager "
            "can use by itself (mail, or a webhook whose address is no secret)",
            rule="ALR-04",
            to="DevOps/Platform",
        )


def _schema(_: Edition) -> Artefacts:
    text = json.dumps(spec.schema(), indent=2, ensure_ascii=False) + "\n"
    yield Generated(path=f"{FOLDER}/standfast.schema.json", text=text)


def _audit(edition: Edition) -> Artefacts:
    yield audit_schema.machine(edition)


def _review(edition: Edition) -> Artefacts:
    """The review with what it was made of; here `--check` finds the edition again."""
    content = as_value(edition.review) | {
        "as_of": edition.as_of.isoformat(),
        "file": f"sha256:{edition.system.digest}",
        "standfast": edition.version,
        "release": edition.release,
        "private": edition.private,
    }
    yield Generated(path=REVIEW, text=json.dumps(content, indent=2, ensure_ascii=False) + "\n")


_SOURCES: tuple[Callable[[Edition], Artefacts], ...] = (
    _prometheus,
    blackbox.blackbox,
    _alertmanager,
    grafana,
    monitoring,
    workloads,
    compose,
    backups,
    cronjobs,
    calendars,
    backstage,
    openslo,
    _schema,
    _audit,
    _review,
)


# ------------------------------------------------------------------ the index


def _index(
    edition: Edition, files: Sequence[Generated], owed: Sequence[Owed], noted: Sequence[Noted]
) -> str:
    head = f"{GENERATED}. Change the reliability file and publish again; edits here are lost."
    rows = [[f"[{one}]({one})", _reader(one)] for one in sorted(_below(file) for file in files)]
    return (
        join(
            edition.header("Generated configuration"),
            head,
            table(["File", "Read by"], rows),
            "## Left out",
            f"{count(len(owed), 'gap')}, each with the rule that asks and the role that owes the answer."
            if owed
            else "Nothing.",
            table(["Where", "What is lacking", "Rule", "Owed by"], _gaps(owed)) if owed else "",
            "## To know" if noted else "",
            bullets(f"{code(one.path)}: {escape(one.said)}" for one in noted),
        )
        + "\n"
    )


def _below(file: Generated) -> str:
    return file.path.removeprefix(f"{FOLDER}/")


def _reader(path: str) -> str:
    return next(who for begin, who in _FOR.items() if path.startswith(begin))


def _gaps(owed: Sequence[Owed]) -> list[list[str]]:
    return [[code(one.path), escape(one.lacks), one.rule, one.to] for one in owed]
