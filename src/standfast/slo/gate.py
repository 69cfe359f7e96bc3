"""The deployment gate: may we change this service, by the budgets and the trouble that there are?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from math import floor
from typing import TYPE_CHECKING

from standfast.slo.budget import BudgetState
from standfast.slo.objective import objectives
from standfast.spec.named import known

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from fractions import Fraction

    from standfast.slo.budget import Budget
    from standfast.slo.objective import Objective
    from standfast.slo.override import Override
    from standfast.slo.policy import PolicyState
    from standfast.slo.status import LevelStatus
    from standfast.spec.system import System

_STALE = timedelta(minutes=5)  # objectives are judged every second while standfast is well


class Answer(StrEnum):
    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What the gate was asked of, and what decides about it."""

    name: str
    components: tuple[str, ...]  # whose incidents close the gate
    objectives: tuple[Objective, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """An objective as it was last judged, and the band that its budget is in."""

    objective: Objective
    status: LevelStatus | None
    policy: PolicyState | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """A grave incident that goes on."""

    id: str
    sev: str
    state: str
    title: str
    component: str
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """What one objective, or one incident, says to the question."""

    answer: Answer
    about: str
    words: str
    left: Fraction | None = None
    band: str = ""
    action: str = ""
    since: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    service: str
    answer: Answer
    sentence: str
    at: datetime
    without_override: Answer
    override: Override | None
    reasons: tuple[Reason, ...]  # those against it first


def subject_of(system: System, name: str) -> Subject:
    """A component with every promise that rests on it, or one journey, level or objective.

    A journey rests on each of the steps that it cannot do without. Raises NotFound.
    """
    every = objectives(system)
    names = [*system.components, *system.journeys]
    names += [found for one in every for found in (one.name, one.level)]
    known("component, journey or objective", name, dict.fromkeys(names))
    if name in system.components:
        mine = tuple(one for one in every if name in rests_on(one))
        return Subject(name=name, components=(name,), objectives=mine)
    mine = tuple(one for one in every if name in {one.name, one.level})
    components = [found for one in mine for found in rests_on(one)]
    path = system.journeys[name].path if name in system.journeys and not mine else ()
    return Subject(
        name=name, components=tuple(dict.fromkeys([*components, *path])), objectives=mine
    )


def rests_on(objective: Objective) -> tuple[str, ...]:
    """The components that can spend its budget."""
    if not objective.joint:
        return (objective.component,)
    measured = [one.component for one in objective.indicators]
    return tuple(dict.fromkeys([*measured, *objective.unmeasured]))


def decide(
    subject: Subject,
    standings: Sequence[Standing],
    troubles: Sequence[Trouble],
    override: Override | None,
    now: datetime,
) -> Verdict:
    """No where anything says no, unknown where anything that decides is unknown, else yes.

    `troubles` are the SEV1 and SEV2 incidents of its components that go on. A person's override turns
    no and unknown into yes, and what it turned stays in the sentence.
    """
    found = [_of_trouble(one) for one in troubles] + [_of_standing(one, now) for one in standings]
    found = found or [_of_nothing(subject)]
    found.sort(key=lambda one: _WORST.index(one.answer))
    own = found[0].answer
    stands = override if override is not None and override.holds(now) else None
    return Verdict(
        service=subject.name,
        answer=own if stands is None else Answer.YES,
        sentence=_sentence(subject, own, found, stands),
        at=now,
        without_override=own,
        override=stands,
        reasons=tuple(found),
    )


_WORST = (Answer.NO, Answer.UNKNOWN, Answer.YES)


def _of_trouble(one: Trouble) -> Reason:
    # Mitigated is not over: the cause may remain, and a change now would blur what is being looked for.
    said = f"{one.id} ({one.sev}, {one.state}) goes on on {one.component}: {one.title}"
    return Reason(answer=Answer.NO, about=one.id, words=said, since=one.since)


def _of_standing(one: Standing, now: datetime) -> Reason:
    answer, words = _judged(one, now)
    budget, policy = one.status.budget if one.status else None, one.policy
    return Reason(
        answer=answer,
        about=one.objective.name,
        words=words,
        left=budget.left if budget else None,
        band=policy.band if policy else "",
        action=policy.action if policy else "",
        since=policy.since if policy else None,
    )


def _judged(one: Standing, now: datetime) -> tuple[Answer, str]:
    name, status, policy = one.objective.name, one.status, one.policy
    if status is None:
        return Answer.UNKNOWN, f"{name} has not been judged yet"
    if now - status.at > _STALE:
        return Answer.UNKNOWN, f"{name} was last judged at {_instant(status.at)}, too long ago"
    budget, closed = status.budget, closes(status.budget, policy)
    if budget.state is BudgetState.UNKNOWN:
        frozen_words = ", and it was frozen when it was last known" if closed else ""
        return Answer.NO if closed else Answer.UNKNOWN, budget.because + frozen_words
    answer = Answer.NO if closed else Answer.YES
    return answer, f"{name} has {_left(budget.left)}{_band(policy)}"


def closes(budget: Budget, policy: PolicyState | None) -> bool:
    """Does this budget keep the gate closed? Gone it does, whatever the file does about it."""
    return budget.state is BudgetState.EXHAUSTED or (policy is not None and policy.freezes)


def _of_nothing(subject: Subject) -> Reason:
    said = f"nothing is promised of {subject.name}, so that there is no budget to ask"
    return Reason(answer=Answer.UNKNOWN, about=subject.name, words=said)


def _left(left: Fraction | None) -> str:
    """Rounded towards the worse, so that what is nearly gone is never shown as more."""
    if left is None or left == 0:
        return "nothing of its budget left"
    if left < 0:
        return f"spent its budget {float(1 - left):.1f} times over"
    return f"{floor(left * 1000) / 10:.1f}% of its budget left"


def _band(policy: PolicyState | None) -> str:
    if policy is None:
        return ""
    return f" (in the band {policy.band} since {_instant(policy.since)}: {policy.action})"


def _instant(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"


def _sentence(
    subject: Subject, own: Answer, found: Sequence[Reason], override: Override | None
) -> str:
    deciding = [one for one in found if one.answer is own]
    if own is Answer.YES:
        deciding = deciding if len(deciding) == 1 else [_least(deciding)]
    said = "; ".join(one.words for one in deciding)
    if own is Answer.YES and len(found) > 1:
        said = f"of {len(found)} objectives {said}, the least"
    if override is None:
        return f"{subject.name}: {own.value}. {said}."
    if own is Answer.YES:
        return f"{subject.name}: yes. {said}. {override.words}, and is not needed."
    return f"{subject.name}: yes. {override.words}. Without it {own.value}: {said}."


def _least(found: Sequence[Reason]) -> Reason:
    return min(found, key=lambda one: 1 if one.left is None else one.left)
