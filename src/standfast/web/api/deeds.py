"""What programs may do: acknowledge, run incidents, take and prove backups. The same flows as the pages'."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field
from starlette.responses import Response

from standfast.engine.sign_in import Caller
from standfast.errors import NotAllowed
from standfast.incidents.incident import IncidentState
from standfast.spec.named import person_of
from standfast.spec.values import Sev, Severity
from standfast.web.api.encode import answer
from standfast.web.caller import Needs, Operator, PlatformNow

routes = APIRouter()


def _responder(caller: Annotated[Caller, Depends(Needs("respond"))]) -> Caller:
    """A program with a token; a session's cookie alone does nothing here, or a foreign form might use it."""
    if caller.kind != "api_key":
        raise NotAllowed("this takes a token", fix="standfast token make --scope respond")
    return caller


_Responder = Annotated[Caller, Depends(_responder)]


class Answer(BaseModel):
    by: str = Field(default="", max_length=200)


class NewIncident(BaseModel):
    title: str = Field(max_length=200)
    sev: Sev
    component: str


class Note(BaseModel):
    text: str = Field(max_length=4000)


class Assignment(BaseModel):
    role: str
    person: str


class Ticked(BaseModel):
    task: str = Field(max_length=200)
    done: bool = True


class NewAction(BaseModel):
    text: str = Field(max_length=500)
    priority: Severity
    owner: str = Field(max_length=200)
    due: date | None = None


class ActionChange(BaseModel):
    owner: str = Field(default="", max_length=200)
    due: date | None = None
    done: bool | None = None


class Turn(BaseModel):
    state: IncidentState
    text: str = Field(default="", max_length=500)


@routes.post("/pages/{number}/acknowledge")
def acknowledge(
    app: PlatformNow, caller: _Responder, number: str, body: Answer | None = None
) -> Response:
    """Stop the escalation of a page; `by` is the person who answers, where the token is not theirs."""
    person = body.by if body else ""
    if person:
        system = app.accept.current()
        person_of(system, person)
        if not caller.speaks_for(person, system.people):
            raise NotAllowed(
                f"{caller.name} may not answer for {person}",
                fix="a token of a person's name answers for that person; leave --by out",
            )
    return answer(app.pages.acknowledge(number, caller.actor, person=person, via="api"))


@routes.post("/incidents")
def declare(app: PlatformNow, caller: _Responder, new: NewIncident) -> Response:
    """Declare an incident."""
    return answer(
        app.respond.declare(new.title, new.sev, new.component, caller.actor, via="api"), 201
    )


@routes.post("/incidents/{number}/notes")
def note(app: PlatformNow, caller: _Responder, number: str, body: Note) -> Response:
    """Add a note to the timeline."""
    return answer(app.respond.note(number, body.text, caller.actor, via="api"))


@routes.post("/incidents/{number}/roles")
def assign(app: PlatformNow, caller: _Responder, number: str, body: Assignment) -> Response:
    """Give a role to a person."""
    return answer(app.respond.assign(number, body.role, body.person, caller.actor, via="api"))


@routes.post("/incidents/{number}/tasks")
def check(app: PlatformNow, caller: _Responder, number: str, body: Ticked) -> Response:
    """Tick a task of the checklist, or take that back."""
    return answer(app.respond.tick(number, body.task, caller.actor, done=body.done, via="api"))


@routes.post("/incidents/{number}/actions")
def act(app: PlatformNow, caller: _Responder, number: str, new: NewAction) -> Response:
    """Add an action item; it is due at the end of its day."""
    made = app.respond.act(
        number, new.text, new.priority, new.owner, caller.actor, due=new.due, via="api"
    )
    return answer(made, 201)


@routes.post("/incidents/{number}/actions/{item}")
def change_action(
    app: PlatformNow, caller: _Responder, number: str, item: int, body: ActionChange
) -> Response:
    """Give an action item, counted from 1, to somebody else or until another day; or say whether it is done."""
    actor, found = caller.actor, None
    if body.owner or body.due or body.done is None:
        found = app.respond.hand_over(
            number, item, actor, owner=body.owner, due=body.due, via="api"
        )
    if body.done is not None:
        found = app.respond.finish(number, item, actor, done=body.done, via="api")
    return answer(found)


@routes.post("/incidents/{number}/status")
def turn(app: PlatformNow, caller: _Responder, number: str, body: Turn) -> Response:
    """Mitigated, resolved, closed, or open again."""
    return answer(app.respond.turn(number, body.state, caller.actor, words=body.text, via="api"))


@routes.post("/backups/{store}/run")
def back_up(app: PlatformNow, caller: Operator, store: str, kind: str = "full") -> Response:
    """Take a copy now; answers when it is taken."""
    return answer(app.protect.run(store, kind, by=caller.actor))


@routes.post("/backups/{store}/verify")
def prove(app: PlatformNow, caller: Operator, store: str) -> Response:
    """Restore the newest copy into a scratch server and compare; answers with what was measured."""
    return answer(app.protect.verify(store, by=caller.actor))
