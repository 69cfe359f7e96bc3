"""Channels as programs see and test them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field
from starlette.responses import Response

from standfast.engine.sign_in import Caller
from standfast.errors import NotAllowed, StandfastError
from standfast.web.api.encode import answer
from standfast.web.caller import Needs, PlatformNow, Reader

routes = APIRouter()
_Name = Annotated[str, Field(max_length=200)]


def _program(caller: Annotated[Caller, Depends(Needs("respond"))]) -> Caller:
    """A token, not a session's cookie alone: a foreign form might use that."""
    if caller.kind != "api_key":
        raise NotAllowed("this takes a token", fix="standfast token make --scope respond")
    return caller


_Program = Annotated[Caller, Depends(_program)]


class Asked(BaseModel):
    people: list[_Name] = Field(default=[], max_length=1000)
    channels: list[_Name] = Field(default=[], max_length=100)
    everybody: bool = False  # named on purpose: an empty list must not wake a whole team


class Code(BaseModel):
    code: str = Field(max_length=200)


@routes.get("/on-call/channels")
def channels(app: PlatformNow, _caller: Reader) -> Response:
    """Each person by each channel: verified, or what is missing."""
    return answer(app.read.on_call(app.now()).channels)


@routes.post("/on-call/tests")
def ask(app: PlatformNow, caller: _Program, body: Asked) -> Response:
    """Send test pages; answers before they are delivered."""
    if not (body.people or body.channels or body.everybody):
        raise StandfastError(
            "nobody is named", fix='name `people` or `channels`, or say `"everybody": true`'
        )
    made = app.try_out.ask(caller.actor, body.people, body.channels, via="api")
    told = [
        {"id": one.id, "person": one.person, "channel": one.channel, "asked_at": one.asked_at}
        for one in made
    ]
    return answer(told, 201)


@routes.post("/on-call/tests/answer")
def confirm(app: PlatformNow, caller: _Program, body: Code) -> Response:
    """Answer a test page by the code that stands in it."""
    done = app.try_out.answer(body.code, caller.actor, via="api")
    return answer(
        {
            "id": done.id,
            "person": done.person,
            "channel": done.channel,
            "answered_at": done.answered_at,
            "took": done.took,
        }
    )
