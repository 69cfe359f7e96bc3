"""Errors as answers: RFC 9457 problems for programs, a page for people."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from fastapi.exceptions import RequestValidationError
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, RedirectResponse, Response

from standfast.errors import (
    Conflict,
    FileError,
    NotAllowed,
    NotFound,
    SourceError,
    StandfastError,
    StoreError,
    TimedOut,
    ToolError,
)
from standfast.web.caller import SignInFirst
from standfast.web.templating import page

if TYPE_CHECKING:
    from fastapi import FastAPI
    from starlette.requests import Request

_STATUS: tuple[tuple[type[StandfastError], int], ...] = (
    (SignInFirst, 401),
    (NotAllowed, 403),
    (NotFound, 404),
    (Conflict, 409),
    (FileError, 422),
    (StoreError, 503),
    (SourceError, 502),
    (ToolError, 502),
    (TimedOut, 504),
)


def install(app: FastAPI) -> None:
    app.add_exception_handler(StandfastError, _ours)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)


def _ours(request: Request, error: Exception) -> Response:
    if not isinstance(error, StandfastError):
        raise error
    status = next((code for kind, code in _STATUS if isinstance(error, kind)), 400)
    if status == 401 and not _program(request):
        return RedirectResponse(f"/sign-in?next={quote(request.url.path)}", status_code=303)
    words = ": ".join(filter(None, (error.where, error.problem)))
    return _answer(request, status, words, error.fix, _slug(error))


def _invalid(request: Request, error: Exception) -> Response:
    if not isinstance(error, RequestValidationError):
        raise error
    first = error.errors()[0] if error.errors() else {"loc": (), "msg": "not understood"}
    where = ".".join(str(part) for part in first["loc"][1:])
    return _answer(
        request, 422, f"{where}: {first['msg']}", "see the reference of the API", "invalid-request"
    )


def _http(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    words = {404: "there is nothing here", 405: f"{request.method} cannot be done here"}
    said = words.get(error.status_code, str(error.detail))
    allowed = Headers(error.headers).get("allow", "")
    answer = _answer(request, error.status_code, said, f"use {allowed}" if allowed else "", "http")
    answer.headers.update(error.headers or {})  # RFC 9110: 405 tells what is allowed
    return answer


def _answer(request: Request, status: int, words: str, fix: str, code: str) -> Response:
    if not _program(request):
        return page(
            request,
            "message.html",
            status=status,
            title=f"{words}"[:120],
            words="",
            fix=fix,
            live=False,
        )
    body = {"type": f"urn:standfast:problem:{code}", "title": words, "status": status, "code": code}
    headers = {"retry-after": "2"} if status == 503 else None
    return JSONResponse(
        body | ({"detail": fix} if fix else {}),
        status,
        headers,
        media_type="application/problem+json",
    )


def _program(request: Request) -> bool:
    return request.url.path.startswith(("/api/", "/health/", "/metrics"))


def _slug(error: StandfastError) -> str:
    name = type(error).__name__.removesuffix("Error")
    return "".join(f"-{c.lower()}" if c.isupper() else c for c in name).strip("-")
