"""The audit log for programs: applications write, auditors search, export and verify."""

from __future__ import annotations

from typing import Any

import msgspec
from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse

from standfast.audit.query import Page
from standfast.errors import NotAllowed, StandfastError
from standfast.web.api.encode import answer
from standfast.web.caller import Known, PlatformNow
from standfast.web.query import AuditQuery

routes = APIRouter()


class _Batch(msgspec.Struct):
    """What the kit's forwarder sends."""

    producer: str
    events: list[dict[str, Any]]
    stream: str = "application"


@routes.post("/audit/events")
async def ingest(request: Request, app: PlatformNow, caller: Known) -> Response:
    """Append events of an application; answers after they are durable. Repeating a batch adds nothing."""
    if not caller.may("audit"):
        raise NotAllowed(
            "this token may not write to the audit log", fix="make one with the scope 'audit'"
        )
    try:
        batch = msgspec.json.decode(await request.body(), type=_Batch)
    except msgspec.MsgspecError as error:
        raise StandfastError(
            f"not a batch of events: {error}", fix="see the reference of the API"
        ) from error
    taken = await run_in_threadpool(app.record.ingest, batch.stream, batch.producer, batch.events)
    return answer(taken)


@routes.get("/audit")
def search(app: PlatformNow, caller: Known, query: AuditQuery) -> Response:
    """Search, the newest first; `next` is the `before` of the page that follows."""
    _readable(caller)
    found: Page = app.record.search(query, caller.actor)
    entries = [one.as_json() for one in found.entries]
    return answer({"entries": entries, "next": found.next, "retention": app.read.retention()})


@routes.get("/audit/export")
def export(app: PlatformNow, caller: Known, query: AuditQuery) -> Response:
    """JSON lines that prove themselves; see `standfast audit verify --export`."""
    _readable(caller)
    lines = app.record.export(query, caller.actor)
    return StreamingResponse((line + "\n" for line in lines), media_type="application/jsonl")


@routes.post("/audit/verify")
def verify(app: PlatformNow, caller: Known) -> Response:
    """Derive everything again and compare; an empty list is a whole log."""
    _readable(caller)
    return answer({"findings": app.verify()})


def _readable(caller: Known) -> None:
    if not (caller.may("audit") or caller.may("read")):
        raise NotAllowed(
            "this token may not read the audit log", fix="make one with the scope 'audit'"
        )
