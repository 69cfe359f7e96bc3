"""AUD: does the audit log record what it must, keep out what it must not, and survive its readers?"""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from standfast.review.finding import Hit, Role, Verdict, rule
from standfast.review.wording import listed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from standfast.review.case import Case
    from standfast.spec.system import Compliance

_EVENTS = "compliance.audit.events"
_AUDITED = frozenset(
    {"admin", "admins", "administrator", "administrators", "ops", "operator", "root"}
)
_NEEDED = {
    "authentication": ("auth.*", "user.login", "auth.login"),
    "administration": ("admin.*", "permission.*", "settings.*"),
}


def _records(compliance: Compliance, event: str) -> bool:
    if any(kind.type == event for kind in compliance.events):
        return True
    return any(fnmatchcase(event, pattern) for pattern in compliance.patterns)


@rule(
    "AUD-01",
    Verdict.BLOCK,
    Role.DEV,
    condition="sensitive data without view and export events",
    why="reading is what a thief does; a log of writes does not see it",
    if_rejected="a leak cannot be traced",
)
def unseen_reading(case: Case) -> Iterator[Hit]:
    for name, data in case.system.data.items():
        wanted = [f"{name}.view", f"{name}.export"]
        lacking = [event for event in wanted if not _records(case.system.compliance, event)]
        if (data.sensitive or data.kinds) and lacking:
            yield Hit(
                at=f"data.{name}",
                problem=f"{name} is sensitive, and {listed(lacking)} is not recorded",
                suggestion=f"add {listed(lacking)} to `compliance.audit.events`",
                rests_on=(_EVENTS,),
            )


@rule(
    "AUD-02",
    Verdict.CLARIFY,
    Role.DEV,
    condition="authentication or administration events missing",
    why="who came in and who was given which right are the first questions after an attack",
    if_rejected="the catalogue is published with the gap",
)
def missing_events(case: Case) -> Iterator[Hit]:
    compliance = case.system.compliance
    categories = {kind.category for kind in compliance.events}
    lacking = [
        category
        for category, patterns in _NEEDED.items()
        if category not in categories and not set(patterns) & set(compliance.patterns)
    ]
    if lacking:
        yield Hit(
            at=_EVENTS,
            problem=f"no {listed(lacking)} events are recorded",
            suggestion="add `auth.*` and `admin.*`",
        )


@rule(
    "AUD-03",
    Verdict.BLOCK,
    Role.LEGAL,
    Role.DEV,
    condition="sensitive fields recorded unmasked in an immutable log",
    why="old and new values of a log that cannot be changed can be neither erased nor excused",
    if_rejected="not possible: card data must not be kept so (PCI-DSS 3), nor personal data (GDPR 17)",
)
def unmasked(case: Case) -> Iterator[Hit]:
    masked = set(case.system.compliance.mask)
    for name, data in case.system.data.items():
        bare = [
            one for one in data.sensitive if not {one, f"{name}.{one}", f"{name}.*", "*"} & masked
        ]
        if bare:
            yield Hit(
                at=f"data.{name}.sensitive",
                problem=f"changes of {name} would keep old and new values of {listed(bare)} for ever",
                suggestion=f"add {listed(bare)} to `compliance.audit.mask`",
                rests_on=(f"data.{name}.sensitive",),
            )


@rule(
    "AUD-04",
    Verdict.CLARIFY,
    Role.LEGAL,
    condition="the log is read by nobody, or only by those whose deeds it records",
    why="nobody reports themselves",
    if_rejected="the log is kept for outsiders only",
)
def own_judges(case: Case) -> Iterator[Hit]:
    readers = case.system.compliance.readers
    if not {reader.lower() for reader in readers} - _AUDITED:
        yield Hit(
            at="compliance.audit.readers",
            problem=f"the audit log is read by {listed(readers) or 'nobody'}",
            suggestion="name a second reader: security, or the data protection officer",
        )


@rule(
    "AUD-05",
    Verdict.CLARIFY,
    Role.OPS,
    condition="no checkpoint of the log outside the database",
    why="whoever can rewrite the table can rewrite its checksums",
    if_rejected="tampering by an administrator stays unseen",
)
def no_anchor(case: Case) -> Iterator[Hit]:
    if not case.system.compliance.anchors and case.system.components:
        yield Hit(
            at="compliance.audit.anchors",
            problem="checkpoints stay in the database that they vouch for",
            suggestion="write `anchors: [LOCATION]`, best one with an object lock",
        )


@rule(
    "AUD-06",
    Verdict.CLARIFY,
    Role.ARCHITECT,
    condition="writing the log depends on the database",
    why="when the database is down, deeds go unrecorded or work stops",
    if_rejected="events during an outage are lost",
)
def no_spool(case: Case) -> Iterator[Hit]:
    if case.system.compliance.spool is None and case.system.components:
        yield Hit(
            at="compliance.audit.spool",
            problem="no local spool takes events while the database is away",
            suggestion="write `spool: /var/spool/...`",
        )


RULES = (unseen_reading, missing_events, unmasked, own_judges, no_anchor, no_spool)
