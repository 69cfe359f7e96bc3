"""Deployments, as pipelines tell of them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field
from starlette.responses import Response

from standfast.engine.sign_in import Caller
from standfast.errors import NotAllowed
from standfast.web.api.encode import answer
from standfast.web.api.gate import instant
from standfast.web.caller import Needs, PlatformNow, Reader

routes = APIRouter()


def _pipeline(caller: Annotated[Caller, Depends(Needs("deploy"))]) -> Caller:
    if caller.kind != "api_key":
        raise NotAllowed("this takes a token", fix="standfast token make --scope deploy")
    return caller


class NewDeploy(BaseModel):
    component: str = Field(max_length=200)
    version: str = Field(max_length=200)
    at: datetime | None = None
    note: str = Field(default="", max_length=2000)


@routes.get("/deploys")
def deploys(
    app: PlatformNow, _caller: Reader, days: Annotated[int, Query(ge=1, le=400)] = 30
) -> Response:
    """What was deployed in the last days, the newest first."""
    return answer(app.read.deploys(app.now() - timedelta(days=days)))


@routes.post("/deploys")
def mark(
    app: PlatformNow, caller: Annotated[Caller, Depends(_pipeline)], new: NewDeploy
) -> Response:
    """Mark a deployment: it is drawn on the charts of the component and of what is promised of it."""
    at = instant(new.at) if new.at else None
    made = app.deploys.mark(new.component, new.version, caller.actor, at=at, note=new.note)
    return answer(made, 201)
