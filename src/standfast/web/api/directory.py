"""Where one can go: the pages, and everything of the system that has a page or a place on one."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote

from fastapi import APIRouter
from starlette.responses import Response

from standfast.web.api.encode import answer
from standfast.web.caller import PlatformNow, Reader
from standfast.web.templating import NAVIGATION, runbook_address

routes = APIRouter()
_ADDRESSES: dict[str, Callable[[str], str]] = {
    "incident": lambda name: f"/incidents/{quote(name, safe='')}",
    "service": lambda name: f"/services/{quote(name, safe='')}",
    "objective": lambda name: f"/objectives/{quote(name, safe='')}",
    "journey": lambda name: f"/experience#journey-{quote(name, safe='')}",
    "runbook": runbook_address,
}
_ELSEWHERE = (
    ("/exclusions", "Maintenance and exclusions"),
    ("/keyboard", "Keyboard shortcuts"),
)


@routes.get("/directory")
def directory(app: PlatformNow, _caller: Reader) -> Response:
    """Every page, service, objective, journey and runbook, and the incidents of late, with their addresses."""
    found = app.read.directory(app.now())
    pages = [(path, words) for path, words, _ in NAVIGATION] + list(_ELSEWHERE)
    places = [{"kind": "page", "name": name, "words": "", "path": path} for path, name in pages]
    places += [
        {
            "kind": one.kind,
            "name": one.name,
            "words": one.words,
            "path": _ADDRESSES[one.kind](one.name),
        }
        for one in found.places
    ]
    return answer({"places": places, "left_out": found.left_out})
