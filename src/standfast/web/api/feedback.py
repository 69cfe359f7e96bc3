"""What the roles that are asked say to the findings of the review."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel, Field
from starlette.responses import Response

from standfast.dashboards.review import answer_line
from standfast.review.feedback import LONGEST, LONGEST_NAME, Answer
from standfast.web.api.deeds import _Responder
from standfast.web.api.encode import answer
from standfast.web.caller import PlatformNow, Reader
from standfast.web.query import role_asked

routes = APIRouter()


class FindingAnswer(BaseModel):
    finding: str = Field(max_length=600)
    answer: Answer
    because: str = Field(max_length=LONGEST)
    instead: str = Field(default="", max_length=LONGEST)
    by: str = Field(default="", max_length=LONGEST_NAME)
    role: str = Field(default="", max_length=80)


@routes.get("/review/answers")
def answers(app: PlatformNow, _caller: Reader) -> Response:
    """Every finding with its status and what was answered, those that are gone among them."""
    return answer(app.read.answers(app.now()))


@routes.post("/review/answers")
def answer_finding(app: PlatformNow, caller: _Responder, body: FindingAnswer) -> Response:
    """Answer a finding of the review for a role that it addresses."""
    kept = app.examine.answer(
        app.accept.current(),
        body.finding,
        body.answer,
        caller.actor,
        name=body.by,
        role=role_asked(body.role),
        because=body.because,
        instead=body.instead,
        via="api",
    )
    return answer(answer_line(kept), 201)
