"""RUN: can somebody who is woken follow the runbook to its end?"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

from standfast.review.finding import Hit, Role, Verdict, rule
from standfast.review.wording import listed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from standfast.review.case import Case
    from standfast.spec.calling import Runbook

_OLD = timedelta(days=180)
_IN_URL = re.compile(r"^https?://(?:[^/@\s]*@)?([^/:?#\s]+)")
_HOST = re.compile(r"^([^:]+)")
_ASKED = re.compile(r"\bcurl\b[^|;&\n]*?\bhttps?://([^/:?#\s\"'$<{]+)(?=[/:?#\s\"']|$)")
_NAMED = re.compile(r"\b(?:deployment|deploy|statefulset|sts|service|svc)[/ ]([a-z0-9][a-z0-9-]*)")


@rule(
    "RUN-01",
    Verdict.WARN,
    Role.DEV,
    condition="runbook without fix, verification or escalation, or not read through for 180 days",
    why="at 03:00 a gap in a runbook is a guess on production",
    if_rejected="the gap is marked in the published runbook",
)
def unfinished(case: Case) -> Iterator[Hit]:
    for name, runbook in case.system.runbooks.items():
        lacking = [word for word in ("fixes", "verify", "escalate") if not getattr(runbook, word)]
        old = runbook.reviewed is not None and case.today - runbook.reviewed > _OLD
        if (lacking or old) and not case.assumed(f"runbooks.{name}"):
            problems = [f"no {listed(lacking)}"] if lacking else []
            problems += [f"last reviewed {runbook.reviewed}"] if old else []
            yield Hit(
                at=f"runbooks.{name}",
                problem=f"{runbook.title}: {', '.join(problems)}",
                suggestion="complete it, and let somebody else walk through it",
            )


@rule(
    "RUN-02",
    Verdict.WARN,
    Role.DEV,
    condition="command in a runbook names a deployment or host that the file does not know",
    why="the command was right for another system, or before a renaming",
    if_rejected="the command is published as it stands",
)
def strange_names(case: Case) -> Iterator[Hit]:
    hosts = _hosts(case)
    for name, runbook in case.system.runbooks.items():
        strange = [one for one in _targets(runbook) if one not in case.system.components]
        strange += [one for one in _called(runbook) if one not in hosts]
        if strange and not case.assumed(f"runbooks.{name}"):
            yield Hit(
                at=f"runbooks.{name}",
                problem=f"commands name {listed(strange)}, which no component is called or "
                "answers at",
                suggestion="correct the command, or name the component as it is deployed",
            )


def _targets(runbook: Runbook) -> list[str]:
    found = (name for text in _commands(runbook) for name in _NAMED.findall(text))
    return list(dict.fromkeys(found))


def _called(runbook: Runbook) -> list[str]:
    found = (host.lower() for text in _commands(runbook) for host in _ASKED.findall(text))
    return list(dict.fromkeys(found))


def _commands(runbook: Runbook) -> tuple[str, ...]:
    return (*runbook.diagnose, *(command for _, command in runbook.fixes), *runbook.verify)


def _hosts(case: Case) -> frozenset[str]:
    """Every host that an address of the file names, and the machine itself."""
    system = case.system
    known = {"localhost", "127.0.0.1"}
    for one in system.components.values():
        known |= {*_HOST.findall(one.address or "")}
        for url in (one.url, one.scrape, one.exporter, one.status_page):
            known |= {*_IN_URL.findall(url or "")}
    known |= {*_IN_URL.findall(system.server.public_url or "")}
    return frozenset(host.lower() for host in (*known, *system.components))


RULES = (unfinished, strange_names)
