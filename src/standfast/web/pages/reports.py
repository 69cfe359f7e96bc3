"""The page of the reports: each with its files, and a form that makes one."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import Response

from standfast.web.api.reports import served
from standfast.web.caller import FormCaller, PlatformNow, Reader
from standfast.web.pages.deeds import _back, _may
from standfast.web.templating import page

routes = APIRouter()


@routes.get("/reports")
def reports(request: Request, app: PlatformNow, _caller: Reader) -> Response:
    return page(
        request,
        "reports.html",
        screen=app.read.reports(app.now()),
        as_of=app.now(),
        json_path="/api/v1/reports",
    )


@routes.post("/reports")
def make(
    app: PlatformNow, caller: FormCaller, period: Annotated[str, Form(max_length=20)]
) -> Response:
    """Make the report of a period, then the page again."""
    _may(caller, "respond")
    app.report.make(period, "", caller.actor)
    return _back("/reports")


@routes.get("/reports/{number}/{name}")
def file(app: PlatformNow, _caller: Reader, number: str, name: str) -> Response:
    return served(app.read.report_file(number, name), name)
