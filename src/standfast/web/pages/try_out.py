"""Test pages: the button that sends one, and the link in it. GET shows, POST answers, as for a page."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import RedirectResponse, Response

from standfast.errors import NotAllowed, NotFound
from standfast.web.caller import FormCaller, PlatformNow, address
from standfast.web.templating import page

routes = APIRouter()
_Name = Annotated[str, Form(max_length=200)]


@routes.post("/on-call/tests")
def ask(
    app: PlatformNow,
    caller: FormCaller,
    person: _Name = "",
    channel: _Name = "",
) -> Response:
    """Without names: everybody, by every channel."""
    if not caller.may("respond"):
        raise NotAllowed(f"{caller.name} may not do this", fix="it takes the scope 'respond'")
    people, channels = [person] if person else [], [channel] if channel else []
    app.try_out.ask(caller.actor, people, channels)
    return RedirectResponse("/on-call#channels", status_code=303)


@routes.get("/test-page/{code}")
def show(request: Request, app: PlatformNow, code: str) -> Response:
    try:
        shown = app.try_out.by_code(code)
    except (NotFound, NotAllowed) as error:
        return _gone(request, error)
    if shown.answered_at is not None:
        return _answered(request, shown.channel)
    return page(
        request,
        "test_page.html",
        title="Test page: nothing is wrong",
        lines=[f"It came by the channel {shown.channel}, and {shown.asked_by} asked for it."],
        code=code,
        live=False,
    )


@routes.post("/test-page/{code}")
def answer(request: Request, app: PlatformNow, code: str) -> Response:
    try:
        done = app.try_out.answer(code, ip_address=address(request))
    except (NotFound, NotAllowed) as error:
        return _gone(request, error)
    return _answered(request, done.channel)


def _answered(request: Request, channel: str) -> Response:
    return page(
        request,
        "test_page.html",
        title="Answered",
        lines=[f"The channel {channel} reaches you. Nothing else is to be done."],
        code="",
        live=False,
    )


def _gone(request: Request, error: NotFound | NotAllowed) -> Response:
    return page(
        request, "test_page.html", status=410, title="This test page is over",
        lines=[f"{error.problem}.", error.fix], code="", live=False,
    )  # fmt: skip
