"""Time that speaks neither for a promise nor against it, said ahead or afterwards."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter
from pydantic import BaseModel, Field
from starlette.responses import Response

from standfast.slo.exclusion import Kind
from standfast.web.api.deeds import _Responder
from standfast.web.api.encode import answer
from standfast.web.api.gate import answers_for, instant
from standfast.web.caller import PlatformNow, Reader

routes = APIRouter()


class NewExclusion(BaseModel):
    of: str = Field(max_length=200)
    kind: Kind = Kind.MAINTENANCE
    starts: datetime
    ends: datetime
    because: str = Field(max_length=2000)
    by: str = Field(max_length=200)


@routes.get("/exclusions")
def exclusions(app: PlatformNow, _caller: Reader) -> Response:
    """What was excluded from what, the newest first."""
    return answer(app.read.exclusions(app.now()))


@routes.post("/exclusions")
def exclude(app: PlatformNow, caller: _Responder, new: NewExclusion) -> Response:
    """Exclude the time between `starts` and `ends` from every objective that rests on `of`."""
    answers_for(caller, new.by, app.accept.current())
    starts, ends = instant(new.starts), instant(new.ends)
    made = app.exclude.exclude(new.of, new.kind, starts, ends, new.because, new.by, caller.actor)
    return answer(made, 201)


@routes.post("/exclusions/{number}/revoke")
def revoke(app: PlatformNow, caller: _Responder, number: str) -> Response:
    """What it spared counts again."""
    return answer(app.exclude.revoke(number, caller.actor))
