"""The link in a page. GET shows, POST acknowledges: mail scanners open every link they find."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from standfast.errors import NotAllowed, NotFound
from standfast.web.caller import PlatformNow, address
from standfast.web.templating import page

routes = APIRouter()


@routes.get("/ack/{token}")
def show(request: Request, app: PlatformNow, token: str) -> Response:
    try:
        shown = app.pages.by_token(token)
    except (NotFound, NotAllowed) as error:
        return _gone(request, error)
    lines = [shown.body_line, f"State: {shown.state_words}."]
    return page(
        request,
        "acknowledge.html",
        title=shown.title,
        lines=lines,
        token=token if shown.can_acknowledge else "",
        live=False,
    )


@routes.post("/ack/{token}")
def acknowledge(request: Request, app: PlatformNow, token: str) -> Response:
    try:
        done = app.pages.acknowledge_by_token(token, address(request))
    except (NotFound, NotAllowed) as error:
        return _gone(request, error)
    return page(
        request,
        "acknowledge.html",
        title="Acknowledged",
        lines=[f"{done.title}: {done.state_words}.", "Nobody else will be paged for it."],
        token="",
        live=False,
    )


def _gone(request: Request, error: NotFound | NotAllowed) -> Response:
    return page(
        request, "acknowledge.html", status=410, title="This link no longer works",
        lines=[f"{error.problem}.", error.fix], token="", live=False,
    )  # fmt: skip
