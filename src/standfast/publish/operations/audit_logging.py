"""audit-logging.md: which events applications record, what each captures, and how."""

from __future__ import annotations

import json
from itertools import groupby
from typing import TYPE_CHECKING

from standfast.publish.document import Document, Region
from standfast.publish.edition import names
from standfast.publish.markdown import bullets, code, escape, fence, join, table

if TYPE_CHECKING:
    from standfast.publish.edition import Edition
    from standfast.spec.system import AuditEventKind


def document(edition: Edition) -> Document:
    return edition.document(
        "docs/operations/audit-logging.md",
        "Audit logging",
        Region(id="events", body=catalogue(edition, "##")),
        Region(id="recording", body=_recording(edition)),
        Region(id="properties", body=_properties(edition)),
    )


def catalogue(edition: Edition, level: str) -> str:
    """Every kind of event, by category, with what it captures."""
    events = sorted(edition.system.compliance.events, key=lambda one: (one.category, one.type))
    if not events:
        return join(
            f"{level} Events",
            edition.owed(
                "AUD-02",
                "Developer",
                "Which sign-ins, changes, views and exports are recorded? State `compliance.audit.events`.",
            ),
        )
    blocks = [
        join(
            f"{level}# {escape(category.capitalize())}",
            table(["Event", "Priority", "Captures"], [_row(one) for one in group]),
        )
        for category, group in groupby(events, key=lambda one: one.category)
    ]
    return join(f"{level} Events", *blocks)


def _row(one: AuditEventKind) -> list[str]:
    said = f": {escape(one.description)}" if one.description else ""
    return [code(one.type) + said, escape(one.priority), names(one.capture)]


def _recording(edition: Edition) -> str:
    events = edition.system.compliance.events
    example = events[0].type if events else "user.login"
    masked = names(edition.system.compliance.mask)
    return join(
        "## Recording one",
        fence(_emitting(edition, example), "python"),
        (
            "The call returns when the event is on the local disk; it is sent on from there, once, "
            "however often that "
            "takes. An application that cannot reach standfast goes on working and loses no event."
        ),
        f"Values of these fields are masked before they leave the application: {masked}."
        if masked
        else edition.owed("AUD-03", "Legal", "Which fields must never stand in the log in clear?"),
    )


def _emitting(edition: Edition, example: str) -> str:
    """With this system's spool, server and masked fields; laid out as formatters lay it out."""
    compliance, server = edition.system.compliance, edition.system.server
    given = [
        json.dumps(compliance.spool or "/var/spool/audit"),
        f"producer={json.dumps(edition.system.name)}",
        f"url={json.dumps(server.public_url or 'http://127.0.0.1:8600')}",
        *([f"mask={json.dumps(list(compliance.mask))}"] if compliance.mask else []),
    ]
    making = "".join(f"    {one},\n" for one in given)
    return (
        f"from standfast_kit.audit import Actor, Audit\n\naudit = Audit(\n{making})\n"
        f"audit.emit(\n    {json.dumps(example)},\n"
        '    actor=Actor(type="user", id=user.id, ip_address=request.client),\n'
        '    outcome="success",\n    context={"request_id": request.id},\n)'
    )


def _properties(edition: Edition) -> str:
    compliance = edition.system.compliance
    anchors = (
        f"Signed checkpoints are kept outside of the database as well: {names(compliance.anchors)}."
        if compliance.anchors
        else edition.owed(
            "AUD-05",
            "DevOps/Platform",
            "Where are checkpoints kept that the database's owner cannot rewrite?",
        )
    )
    spool = f"The spool lies in {code(compliance.spool)}." if compliance.spool else ""
    return join(
        "## What the log guarantees",
        bullets(
            [
                "**Immutable**: events are added, never changed; the database refuses updates and deletions.",
                (
                    "**Tamper-evident**: each event is a leaf of a Merkle tree (RFC 6962) whose root is "
                    "signed; `standfast audit verify` recomputes all of it."
                ),
                "**Always writable**: the spool takes events while the server is away.",
                "**Queryable**: by who, what, on what, and when, on the audit page and by the API.",
            ]
        ),
        anchors,
        spool,
        (
            "More: [events](../compliance/audit-events.md), [format](../compliance/audit-schema.md), "
            "[retention](../compliance/retention-policy.md), [access](../compliance/audit-access.md)."
        ),
    )
