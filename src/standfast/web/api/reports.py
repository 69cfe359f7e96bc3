"""Service level reports: made, listed, and their files as they were signed."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel, Field
from starlette.responses import Response

from standfast.web.api.deeds import _Responder
from standfast.web.api.encode import answer
from standfast.web.caller import PlatformNow, Reader

routes = APIRouter()
_TYPES = {
    "html": "text/html; charset=utf-8",
    "pdf": "application/pdf",
    "csv": "text/csv; charset=utf-8",
    "json": "application/json",
    "manifest": "text/plain; charset=utf-8",
}


class NewReport(BaseModel):
    period: str = Field(max_length=20)
    of: str = Field(default="", max_length=200)


@routes.get("/reports")
def reports(app: PlatformNow, _caller: Reader) -> Response:
    """What was made, the newest first, and the key that verifies it."""
    return answer(app.read.reports(app.now()))


@routes.post("/reports")
def make(app: PlatformNow, caller: _Responder, new: NewReport) -> Response:
    """Make the report of a period, or answer the newest where another would say the same."""
    edition, fresh = app.report.make(new.period, new.of, caller.actor)
    return answer(edition, 201 if fresh else 200)


@routes.get("/reports/{number}/{name}")
def file(app: PlatformNow, _caller: Reader, number: str, name: str) -> Response:
    """A file of a report, byte for byte as its manifest names it."""
    return served(app.read.report_file(number, name), name)


def served(data: bytes, name: str) -> Response:
    """As a download: a page that was signed elsewhere is not shown under our own address."""
    kind = _TYPES.get(name.rpartition(".")[2], "application/octet-stream")
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return Response(data, media_type=kind, headers=headers)
