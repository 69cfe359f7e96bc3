"""Signing in and out, and the stream of a signed-in page."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from standfast.errors import NotAllowed
from standfast.web.caller import COOKIE, FormCaller, PlatformNow, Reader, address
from standfast.web.templating import page

routes = APIRouter()


@routes.get("/sign-in")
def form(request: Request, next: str = "/") -> Response:  # noqa: A002 - the name in the address
    return page(request, "sign_in.html", next=_within(next), live=False)


@routes.post("/sign-in")
def sign_in(
    request: Request,
    app: PlatformNow,
    name: Annotated[str, Form(max_length=100)],
    password: Annotated[str, Form(max_length=500)],
    next: Annotated[str, Form(max_length=300)] = "/",  # noqa: A002 - the name in the form
) -> Response:
    try:
        secret, session = app.sign_in.begin(name, password, address(request))
    except NotAllowed as error:
        return page(
            request,
            "sign_in.html",
            status=401,
            next=_within(next),
            problem=f"{error.problem}.",
            live=False,
        )
    answer = RedirectResponse(_within(next), status_code=303)
    answer.set_cookie(
        COOKIE,
        secret,
        max_age=int((session.ends_at - session.begun_at).total_seconds()),
        httponly=True,
        samesite="lax",
        secure=request.url.scheme == "https",
    )
    return answer


@routes.post("/sign-out")
def sign_out(request: Request, app: PlatformNow, caller: FormCaller) -> Response:
    app.sign_in.end(request.cookies.get(COOKIE, ""), caller)
    answer = RedirectResponse("/sign-in", status_code=303)
    answer.delete_cookie(COOKIE)
    return answer


@routes.get("/live")
async def live(request: Request, _caller: Reader) -> Response:
    stream = request.app.state.revisions.stream()
    return stream or PlainTextResponse("too many pages are open", status_code=503)


def _within(path: str) -> str:
    """Only a path of ours: `//host` and `/\\host` lead elsewhere."""
    inside = path.startswith("/") and not path.startswith(("//", "/\\"))
    return path if inside else "/"
