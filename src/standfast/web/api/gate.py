"""The gate for pipelines: may we deploy? And for people: we answer for it."""

from __future__ import annotations

from datetime import UTC, datetime

from fastapi import APIRouter
from pydantic import BaseModel, Field
from starlette.responses import Response

from standfast.engine.sign_in import Caller
from standfast.errors import NotAllowed, StandfastError
from standfast.spec.system import System
from standfast.web.api.deeds import _Responder
from standfast.web.api.encode import answer
from standfast.web.caller import PlatformNow, Reader

routes = APIRouter()


class NewOverride(BaseModel):
    because: str = Field(max_length=2000)
    by: str = Field(max_length=200)
    until: datetime


@routes.get("/gate/{service}")
def gate(app: PlatformNow, _caller: Reader, service: str) -> Response:
    """May we deploy a component, or whatever a journey or an objective speaks of?"""
    return answer(app.read.gate(service, app.now()))


@routes.get("/gate-overrides")
def overrides(app: PlatformNow, _caller: Reader) -> Response:
    """Who answered for what, the newest first."""
    return answer(app.read.gate_overrides(app.now()))


@routes.post("/gate/{service}/override")
def override(app: PlatformNow, caller: _Responder, service: str, body: NewOverride) -> Response:
    """Let changes of it through until then; the reason and the owner stay on record."""
    answers_for(caller, body.by, app.accept.current())
    made = app.gate.override(service, body.because, body.by, instant(body.until), caller.actor)
    return answer(made, 201)


@routes.post("/gate-overrides/{number}/revoke")
def revoke(app: PlatformNow, caller: _Responder, number: str) -> Response:
    """End an override before its time."""
    return answer(app.gate.revoke(number, caller.actor))


def answers_for(caller: Caller, owner: str, system: System) -> None:
    """A person is named by nobody but that person, or a program that speaks for people."""
    if owner in system.people and not caller.speaks_for(owner, system.people):
        raise NotAllowed(
            f"{caller.name} may not answer for {owner}",
            fix="a token of a person's name answers for that person, or for a team",
        )


def instant(moment: datetime) -> datetime:
    """In UTC, which also stands where no zone was given."""
    try:
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except OverflowError:
        raise StandfastError("no such instant in UTC", fix="give a year from 2 to 9998") from None
