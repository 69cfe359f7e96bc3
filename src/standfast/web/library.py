"""`standfast docs serve`: the published documents as pages, for whoever sits at this machine."""

from __future__ import annotations

import ipaddress
import sys
from importlib import resources
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import uvicorn
from fastapi import FastAPI, Request
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.staticfiles import StaticFiles

from standfast.app.documents import INDEX, Shelf
from standfast.errors import FileError, NotFound, StandfastError
from standfast.web.security import SecurityHeaders
from standfast.web.serving import listen
from standfast.web.templating import page

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send


def create(shelf: Shelf, *, local: bool) -> ASGIApp:
    """`local`: answer to this machine's own names only."""
    app = FastAPI(title="standfast docs", docs_url=None, redoc_url=None, openapi_url=None)
    app.mount("/static", StaticFiles(directory=str(resources.files("standfast.web") / "static")))
    app.add_exception_handler(StandfastError, _problem)

    @app.get("/")
    @app.get("/docs")
    def index() -> Response:
        return RedirectResponse(f"/{INDEX}", status_code=303)

    @app.get("/docs/{path:path}")
    def document(request: Request, path: str) -> Response:
        return page(request, "library.html", screen=shelf.document(f"docs/{path}"))

    if local:
        app.add_middleware(OwnNames)
    app.add_middleware(SecurityHeaders)
    return app


def _problem(request: Request, error: Exception) -> Response:
    if not isinstance(error, StandfastError):
        raise error
    lines = error.problems if isinstance(error, FileError) else (str(error),)
    status = 404 if isinstance(error, NotFound) else 422
    return page(request, "library_problem.html", status=status, lines=lines)


class OwnNames:
    """Refuses every other host's name: without it a site whose name is made to point here could read along."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not is_local(_host(scope)):
            refusal = PlainTextResponse("this is served to its own machine only\n", status_code=421)
            await refusal(scope, receive, send)
            return
        await self._app(scope, receive, send)


def _host(scope: Scope) -> str:
    try:
        return urlsplit(f"//{Headers(scope=scope).get('host', '')}").hostname or ""
    except ValueError:
        return ""


def is_local(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def serve(shelf: Shelf, *, host: str, port: int) -> None:
    """Until Ctrl-C. Raises StandfastError where the file cannot be used or the port is taken."""
    shelf.document(INDEX)
    with listen(host, port) as listening:
        shown = f"[{host}]" if ":" in host else host
        sys.stdout.write(f"the documents are at http://{shown}:{listening.getsockname()[1]}/docs\n")
        if not is_local(host):
            sys.stdout.write("whoever reaches this address may read them\n")
        sys.stdout.flush()
        config = uvicorn.Config(
            create(shelf, local=is_local(host)),
            access_log=False,
            log_level="warning",
            timeout_graceful_shutdown=1,
            server_header=False,
            proxy_headers=False,
            ws="none",
        )
        uvicorn.Server(config).run(sockets=[listening])
