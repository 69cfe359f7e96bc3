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
    from standfast.spec.system import Runbook

_OLD = timedelta(days=180)
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
    condition="command in a runbook names a deployment that the file does not know",
    why="the command was right for another system, or before a renaming",
    if_rejected="the command is published as it stands",
)
def strange_names(case: Case) -> Iterator[Hit]:
    for name, runbook in case.system.runbooks.items():
        strange = [one for one in _targets(runbook) if one not in case.system.components]
        if strange and not case.assumed(f"runbooks.{name}"):
            yield Hit(
                at=f"runbooks.{name}",
                problem=f"commands name {listed(strange)}, which is no component",
                suggestion="correct the command, or name the component as it is deployed",
            )


def _targets(runbook: Runbook) -> list[str]:
    texts = (*runbook.diagnose, *(command for _, command in runbook.fixes), *runbook.verify)
    return list(dict.fromkeys(name for text in texts for name in _NAMED.findall(text)))


RULES = (unfinished, strange_names)
