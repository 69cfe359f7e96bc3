"""INC: when it happens, who leads, who writes, who must be told?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from standfast.review.finding import Hit, Role, Verdict, rule
from standfast.review.wording import listed
from standfast.spec.values import Sev

if TYPE_CHECKING:
    from collections.abc import Iterator

    from standfast.review.case import Case

_ROLES = ("commander", "communications", "scribe")


@rule(
    "INC-01",
    Verdict.CLARIFY,
    Role.OPS,
    condition="SEV1 or SEV2 without commander, communications, scribe or channel",
    why="without a leader everybody debugs and nobody tells the users",
    if_rejected="the roles are asked for when the incident is declared",
)
def nobody_leads(case: Case) -> Iterator[Hit]:
    for sev in (Sev.SEV1, Sev.SEV2):
        about = case.system.incidents.rules.get(sev)
        if about is None:
            continue
        lacking = [role for role in _ROLES if role not in about.roles]
        lacking += [] if about.channel else ["channel"]
        if lacking:
            yield Hit(
                at=f"incidents.{sev}",
                problem=f"{sev} names no {listed(lacking)}",
                suggestion=f"write `roles: [commander, technical, communications, scribe]` and "
                f"`channel:` under {sev}",
            )


@rule(
    "INC-02",
    Verdict.CLARIFY,
    Role.LEGAL,
    condition="personal data without legal contact and 72-hour clock",
    why="a breach must be notified within 72 hours of becoming aware (GDPR art. 33)",
    if_rejected="the clock is set to 72 hours and nobody is named",
)
def no_breach_clock(case: Case) -> Iterator[Hit]:
    policy = case.system.incidents
    personal = any(one.kinds or one.sensitive for one in case.system.data.values())
    lacking = [
        key
        for key, value in (
            ("legal_contact", policy.legal_contact),
            ("breach_clock", policy.breach_clock),
        )
        if value is None
    ]
    if personal and lacking:
        yield Hit(
            at="incidents",
            problem=f"personal data is kept; not stated for a breach: {listed(lacking)}",
            suggestion="write `legal_contact: PERSON` and `breach_clock: 72h` under `incidents:`",
        )


@rule(
    "INC-03",
    Verdict.WARN,
    Role.ANALYST,
    condition="post-mortem or action item overdue, as the server keeps them",
    why="what an incident taught is lost when nobody writes it down or does it",
    if_rejected="the same incident comes again",
)
def overdue(case: Case) -> Iterator[Hit]:
    for one in case.measured.overdue:
        owner = case.system.people.get(one.owner)
        who = (owner.name if owner else one.owner) or "nobody in particular"
        yield Hit(
            at=one.at,
            problem=f"{one.what} was due {one.due:%Y-%m-%d %H:%M} UTC, from {who}",
            suggestion=f"do it, give it a new date, or say in {one.incident} that it is not done",
        )


RULES = (nobody_leads, no_breach_clock, overdue)
