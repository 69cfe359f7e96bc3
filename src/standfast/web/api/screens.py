"""Every screen as JSON, under the same path as its page."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from standfast.web.api.encode import answer
from standfast.web.caller import PlatformNow, Reader

routes = APIRouter()


@routes.get("/overview")
def overview(app: PlatformNow, _caller: Reader) -> Response:
    """How everything is."""
    return answer(app.read.overview(app.now()))


@routes.get("/services")
def services(app: PlatformNow, _caller: Reader) -> Response:
    """Every component: how it is, since when, why, and its requests, errors and latency."""
    return answer(app.read.services(app.now()))


@routes.get("/services/{name}")
def service(app: PlatformNow, _caller: Reader, name: str) -> Response:
    """One component: signals, checks, needs, promises."""
    return answer(app.read.service(name, app.now()))


@routes.get("/infrastructure")
def infrastructure(app: PlatformNow, _caller: Reader) -> Response:
    """What each component has of its resources."""
    return answer(app.read.infrastructure(app.now()))


@routes.get("/experience")
def experience(app: PlatformNow, _caller: Reader) -> Response:
    """What users feel, by journey."""
    return answer(app.read.experience(app.now()))


@routes.get("/objectives")
def objectives(app: PlatformNow, _caller: Reader) -> Response:
    """Every objective: its state, what is left of its budget, and when that runs out."""
    return answer(app.read.objectives(app.now()))


@routes.get("/objectives/{name}")
def objective(app: PlatformNow, _caller: Reader, name: str) -> Response:
    """One objective: what is left of its budget, and why."""
    return answer(app.read.objective(name, app.now()))


@routes.get("/agreements")
def agreements(app: PlatformNow, _caller: Reader) -> Response:
    """What is promised to customers, how their windows go, and what is owed."""
    return answer(app.read.agreements(app.now()))


@routes.get("/incidents")
def incidents(app: PlatformNow, _caller: Reader) -> Response:
    return answer(app.read.incidents(app.now()))


@routes.get("/incidents/{number}")
def incident(app: PlatformNow, _caller: Reader, number: str) -> Response:
    return answer(app.read.incident(number, app.now()))


@routes.get("/on-call")
def on_call(app: PlatformNow, _caller: Reader) -> Response:
    return answer(app.read.on_call(app.now()))


@routes.get("/pages")
def pages(app: PlatformNow, _caller: Reader) -> Response:
    """Pages, open ones first."""
    return answer(app.read.on_call(app.now()).pages)


@routes.get("/recovery")
def recovery(app: PlatformNow, _caller: Reader) -> Response:
    return answer(app.read.recovery(app.now()))


@routes.get("/measurements")
def measurements(app: PlatformNow, _caller: Reader) -> Response:
    """Everything measured, as published documents show it in their dated region."""
    return answer(app.read.measurements(app.now()))


@routes.get("/status-page")
def status_page(app: PlatformNow, _caller: Reader) -> Response:
    """What users may see: the status page before it is drawn."""
    return answer(app.read.status_page(app.now()))


@routes.get("/docs/{path:path}")
def document(app: PlatformNow, _caller: Reader, path: str) -> Response:
    """A published document as Markdown, with what is measured of its subject."""
    return answer(app.read.document(f"docs/{path}", app.now()))


@routes.get("/review")
def review(app: PlatformNow, _caller: Reader) -> Response:
    return answer(app.read.review(app.now()))
