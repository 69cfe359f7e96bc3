"""The web application: the API and the pages over one Platform."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from importlib import resources
from typing import TYPE_CHECKING

from fastapi import FastAPI
from starlette.staticfiles import StaticFiles

from standfast.web import problems
from standfast.web.api import routes as api
from standfast.web.live import Revisions
from standfast.web.pages import routes as pages
from standfast.web.probes import routes as probes
from standfast.web.security import BodyLimit, SameOrigin, SecurityHeaders

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from standfast.app import Platform


def create(platform: Platform) -> FastAPI:
    """The application; `platform` is running already, or about to."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        revisions: Revisions = app.state.revisions
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
    app.state.revisions = Revisions(platform.read.revision)
    app.add_middleware(SameOrigin)
    app.add_middleware(BodyLimit)
    app.add_middleware(SecurityHeaders)
    problems.install(app)
    app.mount("/static", StaticFiles(directory=str(resources.files("standfast.web") / "static")))
    for routes in (probes, api, pages):
        app.include_router(routes)
    return app
