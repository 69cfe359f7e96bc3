"""An engineer at work on an incident: takes the lead, goes through the checklist, mitigates and resolves."""

from __future__ import annotations

from typing import Any

from standfast.demo.processes import wait_until
from standfast.demo.scene import Scene

_OURS = ("P1", "P2")
_TEAM = {"technical": "bo", "communications": "dee", "scribe": "eli"}


def answer_pages(scene: Scene, person: str) -> None:
    """Acknowledge whatever waits, as the one who is on call."""
    for page in scene.api.see("/pages"):
        if page["open"]:
            scene.api.do(f"/pages/{page['id']}/acknowledge", by=person)


def open_incidents(scene: Scene) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = scene.api.see("/overview")["incidents"]
    return found


def work_through(scene: Scene, number: str, person: str, note: str) -> None:
    for role, who in {"commander": person, **_TEAM}.items():
        scene.api.do(f"/incidents/{number}/roles", role=role, person=who)
    scene.api.do(f"/incidents/{number}/notes", text=note)
    _tick(scene, number)
    for state, text in (("mitigated", "Customers are well."), ("resolved", note)):
        if scene.api.see(f"/incidents/{number}")["mark"]["word"] not in {state, "resolved"}:
            scene.api.do(f"/incidents/{number}/status", state=state, text=text)


def _tick(scene: Scene, number: str) -> None:
    """What the incident itself shows ticks itself; what comes after its end waits for its end."""
    for task in scene.api.see(f"/incidents/{number}")["checklist"]:
        if not task["done"] and not task["evident"] and "post" not in task["phase"].lower():
            scene.api.do(f"/incidents/{number}/tasks", task=task["id"])


def calm(scene: Scene, within: float) -> None:
    """Until nothing that pages fires any longer."""
    wait_until("nothing that pages fires any longer", lambda: not _firing(scene), within=within)


def _firing(scene: Scene) -> bool:
    return any(one["severity"] in _OURS for one in scene.api.see("/overview")["alerts"])
