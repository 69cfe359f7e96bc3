"""audit-schema.md and audit/schema.json: the form of one event, and how anybody verifies the log."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from standfast.publish.compliance.page import page
from standfast.publish.document import Generated
from standfast.publish.markdown import bullets, code, escape, fence, join, table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from standfast.publish.edition import Edition

SCHEMA = "ops/generated/audit/schema.json"

Json = dict[str, object]


def _text(description: str, /, **more: object) -> Json:
    return {"type": "string", "description": description, **more}


def _object(description: str, required: tuple[str, ...], /, **properties: Json) -> Json:
    return {
        "type": "object",
        "description": description,
        "required": list(required),
        "additionalProperties": False,
        "properties": properties,
    }


def schema(edition: Edition) -> Json:
    """JSON Schema (draft 2020-12) of one event."""
    types = sorted({one.type for one in edition.system.compliance.events})
    anything: Json = {"description": "any JSON value; masked where the file says so"}
    body = _object(
        "One audit event.",
        ("id", "timestamp", "actor", "action", "outcome", "checksum"),
        id=_text("UUID, given by the writer: the same id twice is one event", format="uuid"),
        timestamp=_text("ISO 8601, UTC", format="date-time"),
        actor=_object(
            "Who did it.",
            ("type", "id", "ip_address"),
            type=_text("kind of actor", enum=["user", "system", "api_key"]),
            id=_text("their identity"),
            ip_address={"type": ["string", "null"], "description": "null for the system itself"},
        ),
        action=_object(
            "What was done.",
            ("type", "category", "description"),
            type=_text("for example user.login", **({"examples": types} if types else {})),
            category=_text("authentication, data, administration or operations"),
            description=_text("one sentence"),
        ),
        target=_object("To what.", ("type", "id"), type=_text("kind"), id=_text("which one")),
        outcome=_object(
            "How it ended.",
            ("status",),
            status=_text("result", enum=["success", "failure"]),
            reason=_text("why it failed"),
        ),
        changes={
            "type": "array",
            "description": "What was changed.",
            "items": _object(
                "One field.",
                ("field",),
                field=_text("its name"),
                old_value=anything,
                new_value=anything,
            ),
        },
        context={
            "type": "object",
            "description": "Device, method, scope and format of an export, request id.",
        },
        checksum=_text(
            "SHA-256, hex: the event's leaf in the Merkle tree", pattern="^[0-9a-f]{64}$"
        ),
    )
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"Audit event of {edition.system.name}",
        **body,
    }


def machine(edition: Edition) -> Generated:
    text = json.dumps(schema(edition), indent=2, ensure_ascii=False)
    return Generated(path=SCHEMA, text=f"{text}\n")


def document(edition: Edition, notes: Mapping[str, str]) -> Generated:
    return page(
        edition,
        "audit-schema",
        "Format of the audit log",
        notes,
        join(
            "## Fields",
            table(["Field", "Type", "Always", "Meaning"], list(_rows("", schema(edition)))),
            f"As JSON Schema: {code(SCHEMA)}.",
        ),
        _integrity(),
    )


def _rows(prefix: str, about: Json) -> list[list[str]]:
    found: list[list[str]] = []
    properties, required = about.get("properties"), about.get("required")
    if not isinstance(properties, dict) or not isinstance(required, list):
        return found
    for name, one in properties.items():
        path = f"{prefix}{name}"
        shown = (
            " or ".join(one["type"])
            if isinstance(one.get("type"), list)
            else str(one.get("type", "any"))
        )
        choice = f": {', '.join(one['enum'])}" if "enum" in one else ""
        found.append(
            [
                code(path),
                escape(shown + choice),
                "yes" if name in required else "no",
                escape(str(one["description"])),
            ]
        )
        found += _rows(f"{path}.", one)
        if isinstance(one.get("items"), dict):
            found += _rows(f"{path}[].", one["items"])
    return found


def _integrity() -> str:
    return join(
        "## How a change is noticed",
        bullets(
            [
                (
                    "The checksum is `SHA-256(0x00 || canonical JSON of the record)`, the leaf of RFC 6962; "
                    "JSON is "
                    "made canonical by RFC 8785."
                ),
                "Leaves form one Merkle tree per stream. Its root is signed (Ed25519) as a checkpoint.",
                (
                    "Cutting off the end shows against a checkpoint kept elsewhere; changing the middle "
                    "changes the root."
                ),
            ]
        ),
        "Anyone with an export and the public key verifies it without the server:",
        fence(
            (
                "standfast audit verify            # the whole log, from the database\nstandfast audit "
                "verify EXPORT     # an export, offline"
            ),
            "sh",
        ),
    )
