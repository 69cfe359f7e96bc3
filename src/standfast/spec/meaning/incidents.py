"""What the severities of incidents promise, and what follows one. P1 is SEV1 and so on: one clock each."""

from __future__ import annotations

from datetime import timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING

from standfast.spec import units
from standfast.spec.calling import IncidentPolicy, IncidentRule
from standfast.spec.values import Sev

if TYPE_CHECKING:
    from standfast.spec.meaning.margin import Margin
    from standfast.spec.v1 import calling as v1
    from standfast.spec.v1.file import FileShape

ROLES = ("commander", "technical", "communications", "scribe")
ROOM = "incident room"  # every incident has a page of its own; a chat channel may stand beside it
_DEFAULTS: dict[Sev, tuple[timedelta | None, str]] = {
    Sev.SEV1: (timedelta(minutes=5), "complete outage or data loss"),
    Sev.SEV2: (timedelta(minutes=15), "significant degradation, a core feature broken"),
    Sev.SEV3: (timedelta(hours=1), "limited impact"),
    Sev.SEV4: (None, "minimal impact, cosmetic"),
}


def incidents(file: FileShape, margin: Margin) -> IncidentPolicy:
    shape = file.incidents
    rules = {sev: _rule(sev, getattr(shape, sev.value), margin) for sev in Sev}
    review = shape.post_mortem
    stated = [Sev(one) for one in review.for_] if review and review.for_ else None
    whom = margin.assumed(
        stated, [Sev.SEV1, Sev.SEV2], "incidents.post_mortem.for",
        "SEV1 and SEV2 get a post-mortem", "it is not stated",
    )  # fmt: skip
    within = margin.assumed(
        review.within if review else None, timedelta(hours=48), "incidents.post_mortem.within",
        "a post-mortem is held within 48h", "it is not stated",
    )  # fmt: skip
    if shape.legal_contact:
        margin.refer("incidents.legal_contact", shape.legal_contact, file.people, "person")
    return IncidentPolicy(
        rules=MappingProxyType(rules),
        post_mortem_for=tuple(whom),
        post_mortem_within=within,
        legal_contact=shape.legal_contact,
        breach_clock=shape.breach_clock,
    )


def _rule(sev: Sev, shape: v1.IncidentShape | None, margin: Margin) -> IncidentRule:
    respond, when = _DEFAULTS[sev]
    serious = sev in (Sev.SEV1, Sev.SEV2)
    if shape is not None and "respond" in shape.model_fields_set:
        respond = shape.respond
    else:
        said = f"within {units.show_duration(respond)}" if respond else "the next business day"
        margin.assume(
            f"incidents.{sev}.respond", f"{sev} is answered {said}", "it is not stated",
            "write `incidents:` to change",
        )  # fmt: skip
    roles = shape.roles if shape and shape.roles is not None else (ROLES if serious else ())
    channel = shape.channel if shape and shape.channel else (ROOM if serious else "")
    return IncidentRule(
        sev=sev,
        respond=respond,
        when=(shape.when if shape else None) or when,
        roles=tuple(roles),
        channel=channel,
    )
