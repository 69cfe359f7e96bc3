"""Forms of the pages that do something: each is one deed, then the page again."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import RedirectResponse, Response

from standfast.engine.sign_in import Caller
from standfast.errors import NotAllowed
from standfast.incidents.incident import IncidentState
from standfast.spec.values import Sev, Severity
from standfast.web.caller import FormCaller, PlatformNow
from standfast.web.query import AuditQuery, day
from standfast.web.templating import page

routes = APIRouter()
_Text = Annotated[str, Form(max_length=4000)]
_Short = Annotated[str, Form(max_length=200)]


def _back(path: str) -> Response:
    return RedirectResponse(path, status_code=303)


def _may(caller: Caller, scope: str) -> None:
    if not caller.may(scope):
        raise NotAllowed(f"{caller.name} may not do this", fix=f"it takes the scope {scope!r}")


@routes.post("/pages/{number}/acknowledge")
def acknowledge(request: Request, app: PlatformNow, caller: FormCaller, number: str) -> Response:
    _may(caller, "respond")
    app.pages.acknowledge(number, caller.actor, via="web")
    return _back("/on-call" if "/on-call" in request.headers.get("referer", "") else "/")


@routes.post("/incidents")
def declare(
    app: PlatformNow,
    caller: FormCaller,
    title: _Short,
    sev: Annotated[Sev, Form()],
    component: _Short,
) -> Response:
    _may(caller, "respond")
    made = app.respond.declare(title, sev, component, caller.actor)
    return _back(f"/incidents/{made.id}")


@routes.post("/incidents/{number}/notes")
def note(app: PlatformNow, caller: FormCaller, number: str, text: _Text) -> Response:
    _may(caller, "respond")
    app.respond.note(number, text, caller.actor)
    return _back(f"/incidents/{number}")


@routes.post("/incidents/{number}/roles")
def assign(
    app: PlatformNow, caller: FormCaller, number: str, role: _Short, person: _Short
) -> Response:
    _may(caller, "respond")
    app.respond.assign(number, role, person, caller.actor)
    return _back(f"/incidents/{number}")


@routes.post("/incidents/{number}/tasks")
def check(
    app: PlatformNow,
    caller: FormCaller,
    number: str,
    task: _Short,
    done: Annotated[bool, Form()] = True,
) -> Response:
    _may(caller, "respond")
    app.respond.tick(number, task, caller.actor, done=done)
    return _back(f"/incidents/{number}#checklist")


@routes.post("/incidents/{number}/actions")
def act(
    app: PlatformNow,
    caller: FormCaller,
    number: str,
    text: Annotated[str, Form(max_length=500)],
    priority: Annotated[Severity, Form()],
    owner: _Short,
    due: _Short = "",
) -> Response:
    _may(caller, "respond")
    app.respond.act(number, text, priority, owner, caller.actor, due=day(due))
    return _back(f"/incidents/{number}#actions")


@routes.post("/incidents/{number}/actions/{item}")
def change_action(
    app: PlatformNow,
    caller: FormCaller,
    number: str,
    item: int,
    owner: _Short = "",
    due: _Short = "",
    done: Annotated[bool | None, Form()] = None,
) -> Response:
    """A button that says whether it is done, or a form that hands it over."""
    _may(caller, "respond")
    if done is None:
        app.respond.hand_over(number, item, caller.actor, owner=owner, due=day(due))
    else:
        app.respond.finish(number, item, caller.actor, done=done)
    return _back(f"/incidents/{number}#actions")


@routes.post("/incidents/{number}/status")
def turn(
    app: PlatformNow,
    caller: FormCaller,
    number: str,
    state: Annotated[IncidentState, Form()],
    text: Annotated[str, Form(max_length=500)] = "",
) -> Response:
    _may(caller, "respond")
    app.respond.turn(number, state, caller.actor, words=text)
    return _back(f"/incidents/{number}")


@routes.post("/audit/verify")
def verify(request: Request, app: PlatformNow, caller: FormCaller, query: AuditQuery) -> Response:
    _may(caller, "read")
    findings = app.verify()
    screen = app.read.audit(query, caller.actor, findings)
    return page(request, "audit.html", screen=screen, as_of=app.now(), json_path="/api/v1/audit")
