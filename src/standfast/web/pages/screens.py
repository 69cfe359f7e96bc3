"""One route per screen."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from standfast.app.documents import INDEX
from standfast.web.caller import PlatformNow, Reader
from standfast.web.forms import Filled
from standfast.web.pages.deciding import owners
from standfast.web.query import AuditQuery
from standfast.web.templating import page

routes = APIRouter()


def _draw(request: Request, name: str, screen: object, app: PlatformNow, data: str) -> Response:
    return page(request, name, screen=screen, as_of=app.now(), json_path=f"/api/v1{data}")


@routes.get("/")
def overview(request: Request, app: PlatformNow, _caller: Reader) -> Response:
    return _draw(request, "overview.html", app.read.overview(app.now()), app, "/overview")


@routes.get("/services")
def services(request: Request, app: PlatformNow, _caller: Reader) -> Response:
    return _draw(request, "services.html", app.read.services(app.now()), app, "/services")


@routes.get("/services/{name}")
def service(request: Request, app: PlatformNow, _caller: Reader, name: str) -> Response:
    return page(
        request, "service.html", screen=app.read.service(name, app.now()), as_of=app.now(),
        json_path=f"/api/v1/services/{name}", form=Filled(), owners=owners(app),
    )  # fmt: skip


@routes.get("/infrastructure")
def infrastructure(request: Request, app: PlatformNow, _caller: Reader) -> Response:
    screen = app.read.infrastructure(app.now())
    return _draw(request, "infrastructure.html", screen, app, "/infrastructure")


@routes.get("/experience")
def experience(request: Request, app: PlatformNow, _caller: Reader) -> Response:
    return _draw(request, "experience.html", app.read.experience(app.now()), app, "/experience")


@routes.get("/objectives/{name}")
def objective(request: Request, app: PlatformNow, _caller: Reader, name: str) -> Response:
    return _draw(
        request, "objective.html", app.read.objective(name, app.now()), app, f"/objectives/{name}"
    )


@routes.get("/incidents")
def incidents(request: Request, app: PlatformNow, _caller: Reader) -> Response:
    return _draw(request, "incidents.html", app.read.incidents(app.now()), app, "/incidents")


@routes.get("/incidents/{number}")
def incident(request: Request, app: PlatformNow, _caller: Reader, number: str) -> Response:
    return _draw(
        request, "incident.html", app.read.incident(number, app.now()), app, f"/incidents/{number}"
    )


@routes.get("/on-call")
def on_call(request: Request, app: PlatformNow, _caller: Reader) -> Response:
    return _draw(request, "on_call.html", app.read.on_call(app.now()), app, "/on-call")


@routes.get("/recovery")
def recovery(request: Request, app: PlatformNow, _caller: Reader) -> Response:
    return _draw(request, "recovery.html", app.read.recovery(app.now()), app, "/recovery")


@routes.get("/docs")
def documents() -> Response:
    return RedirectResponse(f"/{INDEX}", status_code=303)


@routes.get("/docs/{path:path}")
def document(request: Request, app: PlatformNow, _caller: Reader, path: str) -> Response:
    """A published document; its address is its path in the folder that it is published into."""
    return _draw(
        request, "document.html", app.read.document(f"docs/{path}", app.now()), app, f"/docs/{path}"
    )


@routes.get("/keyboard")
def keyboard(request: Request, _caller: Reader) -> Response:
    """Every key, and the switch that turns single keys off on this device."""
    return page(request, "keyboard.html", live=False)


@routes.get("/audit")
def audit(request: Request, app: PlatformNow, caller: Reader, query: AuditQuery) -> Response:
    return _draw(request, "audit.html", app.read.audit(query, caller.actor), app, "/audit")


@routes.get("/review")
def review(request: Request, app: PlatformNow, _caller: Reader) -> Response:
    return _draw(request, "review.html", app.read.review(app.now()), app, "/review")
