"""The web application: the API and the pages over one Platform, wrapped in our own kit."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from importlib import resources
from typing import TYPE_CHECKING

from fastapi import FastAPI
from starlette.staticfiles import StaticFiles

from standfast.web import problems
from standfast.web.api import beacon
from standfast.web.api import routes as api
from standfast.web.head import HeadAsGet
from standfast.web.live import Revisions
from standfast.web.otlp import routes as otlp
from standfast.web.pages import routes as pages
from standfast.web.security import BodyLimit, SameOrigin, SecurityHeaders
from standfast_kit.asgi import Reliable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.types import ASGIApp

    from standfast.app.platform import Platform


def create(platform: Platform) -> ASGIApp:
    """The application. `/health/*` and `/metrics` are the kit's, as in every application that uses it."""
    revisions = Revisions(platform.read.revision)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        revisions.start(asyncio.get_running_loop())
        yield
        revisions.stop()

    app = FastAPI(
        title="standfast",
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/v1/openapi.json",
        lifespan=lifespan,
    )
    app.state.platform = platform
    app.state.revisions = revisions
    app.add_middleware(SameOrigin, open_to_others=frozenset({beacon.PATH}))
    app.add_middleware(BodyLimit)
    app.add_middleware(SecurityHeaders)
    problems.install(app)
    app.mount("/static", StaticFiles(directory=str(resources.files("standfast.web") / "static")))
    for routes in (api, otlp, beacon.script, pages):
        app.include_router(routes)
    platform.at_shutdown = revisions.stop
    return Reliable(HeadAsGet(app), platform.kit)
