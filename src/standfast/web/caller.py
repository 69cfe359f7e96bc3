"""Who is asking: a session's cookie for people, a token for programs."""

from __future__ import annotations

import hmac
from typing import Annotated

from fastapi import Depends, Form, Request

from standfast.app.platform import Platform
from standfast.engine.sign_in import Caller
from standfast.errors import NotAllowed

COOKIE = "standfast_session"


class SignInFirst(NotAllowed):
    """Nobody is signed in; a person is sent to the form, a program gets 401."""


def platform(request: Request) -> Platform:
    found: Platform = request.app.state.platform
    return found


PlatformNow = Annotated[Platform, Depends(platform)]


def address(request: Request) -> str | None:
    return request.client.host if request.client else None


def known(request: Request, app: PlatformNow) -> Caller:
    """Whoever carries a good session or token. Raises SignInFirst."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        found = app.sign_in.by_token(token.strip(), address(request))
    else:
        found = app.sign_in.by_session(request.cookies.get(COOKIE, ""), address(request))
    if found is None and scheme.lower() == "bearer":
        raise SignInFirst(
            "the token is not known here, or was revoked",
            fix="make one where this server's data lies: standfast token make",
        )
    if found is None:
        raise SignInFirst(
            "nobody is signed in", fix="sign in, or send a token: standfast token make"
        )
    request.state.caller = found
    return found


Known = Annotated[Caller, Depends(known)]


class Needs:
    """A dependency: the caller has `scope`."""

    def __init__(self, scope: str) -> None:
        self._scope = scope

    def __call__(self, caller: Known) -> Caller:
        if not caller.may(self._scope):
            raise NotAllowed(
                f"{caller.name} may not do this", fix=f"it takes the scope {self._scope!r}"
            )
        return caller


def by_form(caller: Known, csrf: Annotated[str, Form()] = "") -> Caller:
    """The caller of a form of ours: the form carries the session's own token."""
    if not hmac.compare_digest(csrf.encode(), caller.csrf.encode()) or not caller.csrf:
        raise NotAllowed("this form has gone stale", fix="open the page again and repeat")
    return caller


Reader = Annotated[Caller, Depends(Needs("read"))]
Responder = Annotated[Caller, Depends(Needs("respond"))]
Operator = Annotated[Caller, Depends(Needs("operate"))]
FormCaller = Annotated[Caller, Depends(by_form)]
