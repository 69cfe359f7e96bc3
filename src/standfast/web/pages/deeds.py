"""Forms of the pages that do something: each is one deed, then the page again."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from standfast.web.caller import FormCaller, PlatformNow
from standfast.web.query import AuditQuery
from standfast.web.templating import page

routes = APIRouter()


@routes.post("/audit/verify")
def verify(request: Request, app: PlatformNow, caller: FormCaller, query: AuditQuery) -> Response:
    findings = app.verify()
    screen = app.read.audit(query, caller.actor, findings)
    return page(request, "audit.html", screen=screen, as_of=app.now(), json_path="/api/v1/audit")
