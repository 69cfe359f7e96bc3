"""Forms for what people answer for: letting a deployment through, and leaving time out of a promise."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import Response

from standfast.engine.sign_in import Caller
from standfast.errors import StandfastError
from standfast.slo.exclusion import Kind, checked
from standfast.slo.gate import subject_of
from standfast.slo.objective import counts_kept, objectives
from standfast.slo.override import ends as override_ends
from standfast.spec.named import answerable_of, reason_of
from standfast.web.api.gate import answers_for
from standfast.web.api.gate import instant as in_utc
from standfast.web.caller import FormCaller, PlatformNow, Reader
from standfast.web.forms import Filled
from standfast.web.pages.deeds import _back, _may
from standfast.web.query import instant
from standfast.web.templating import page

routes = APIRouter()
_Field = Annotated[str, Form(max_length=2000)]


@routes.post("/services/{name}/gate-overrides")
def override(
    request: Request,
    app: PlatformNow,
    caller: FormCaller,
    name: str,
    because: _Field = "",
    by: _Field = "",
    until: _Field = "",
) -> Response:
    """Let changes of it through, in somebody's name."""
    _may(caller, "respond")
    form = Filled({"because": because, "by": by, "until": until})
    reason = form.read("because", reason_of)
    owner = form.read("by", lambda text: _owner(app, caller, text))
    end = form.read("until", lambda text: override_ends(_instant(text), app.now()))
    if reason is not None and owner is not None and end is not None:
        try:
            app.gate.override(name, reason, owner, end, caller.actor)
            return _back(f"/services/{name}#gate")
        except StandfastError as error:
            form.refuse("", error)
    screen = app.read.service(name, app.now())
    return page(
        request, "service.html", status=422, screen=screen, form=form, owners=owners(app),
        live=False, as_of=app.now(), json_path=f"/api/v1/services/{name}",
    )  # fmt: skip


@routes.post("/services/{name}/gate-overrides/{number}/revoke")
def revoke_override(app: PlatformNow, caller: FormCaller, name: str, number: str) -> Response:
    _may(caller, "respond")
    app.gate.revoke(number, caller.actor)
    return _back(f"/services/{name}#gate")


@routes.get("/exclusions")
def exclusions(request: Request, app: PlatformNow, _caller: Reader, of: str = "") -> Response:
    """Maintenance and upstream outages: what was left out of what, ahead and afterwards."""
    return _exclusions(request, app, Filled({"of": of[:200]}))


@routes.post("/exclusions")
def exclude(
    request: Request,
    app: PlatformNow,
    caller: FormCaller,
    of: _Field = "",
    kind: Annotated[Kind, Form()] = Kind.MAINTENANCE,
    starts: _Field = "",
    ends: _Field = "",
    because: _Field = "",
    by: _Field = "",
) -> Response:
    """Leave that time out of every objective that rests on it."""
    _may(caller, "respond")
    given = {"of": of, "kind": kind.value, "starts": starts, "ends": ends}
    form = Filled({**given, "because": because, "by": by})
    system = app.accept.current()
    subject = form.read("of", lambda text: subject_of(system, text).name)
    begin, end = form.read("starts", _instant), form.read("ends", _instant)
    reason = form.read("because", reason_of)
    owner = form.read("by", lambda text: _owner(app, caller, text))
    if begin and end:
        form.read("ends", lambda _: checked(begin, end, app.now(), counts_kept(system)))
    if begin and end and subject is not None and reason and owner and not form.wrong:
        try:
            made = app.exclude.exclude(subject, kind, begin, end, reason, owner, caller.actor)
            return _back(f"/exclusions#{made.id}")
        except StandfastError as error:
            form.refuse("of", error)
    return _exclusions(request, app, form, status=422)


@routes.post("/exclusions/{number}/revoke")
def revoke_exclusion(app: PlatformNow, caller: FormCaller, number: str) -> Response:
    _may(caller, "respond")
    app.exclude.revoke(number, caller.actor)
    return _back(f"/exclusions#{number}")


def owners(app: PlatformNow) -> list[str]:
    """Who can answer for something: the people and the teams of the file."""
    system = app.accept.current()
    return [*system.people, *system.teams]


def _exclusions(request: Request, app: PlatformNow, form: Filled, *, status: int = 200) -> Response:
    system, now = app.accept.current(), app.now()
    names = [*system.components, *dict.fromkeys(one.name for one in objectives(system))]
    return page(
        request, "exclusions.html", status=status, screen=app.read.exclusions(now), form=form,
        owners=owners(app), names=names, live=status == 200, as_of=now, json_path="/api/v1/exclusions",
    )  # fmt: skip


def _owner(app: PlatformNow, caller: Caller, name: str) -> str:
    system = app.accept.current()
    found = answerable_of(system, name)
    answers_for(caller, found, system)
    return found


def _instant(text: str) -> datetime:
    found = instant(text)
    if found is None:
        raise StandfastError("an instant is needed here", fix="in UTC, as 2026-11-27T18:00")
    return in_utc(found)
