"""The form under each finding of the review."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form
from starlette.responses import Response

from standfast.review.feedback import LONGEST, Answer
from standfast.web.caller import FormCaller, PlatformNow
from standfast.web.pages.deeds import _back, _may
from standfast.web.query import role_asked

routes = APIRouter()


@routes.post("/review/answers")
def answer_finding(
    app: PlatformNow,
    caller: FormCaller,
    finding: Annotated[str, Form(max_length=600)],
    answer: Annotated[Answer, Form()],
    because: Annotated[str, Form(max_length=LONGEST)],
    role: Annotated[str, Form(max_length=80)] = "",
    instead: Annotated[str, Form(max_length=LONGEST)] = "",
) -> Response:
    """Keep the answer, then the page again."""
    _may(caller, "respond")
    app.examine.answer(
        app.accept.current(),
        finding,
        answer,
        caller.actor,
        role=role_asked(role),
        because=because,
        instead=instead,
    )
    return _back("/review")
