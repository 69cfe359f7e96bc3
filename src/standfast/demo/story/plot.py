"""The steps in their order, and playing them."""

from __future__ import annotations

from dataclasses import dataclass

from standfast.demo.scene import Scene
from standfast.demo.story import api_failure, database, payments, startup, tampering, traffic
from standfast.demo.story.step import Step, StepFailed
from standfast.errors import StandfastError
from standfast_kit.clock import monotonic

STEPS: tuple[Step, ...] = (
    startup.STEP, traffic.STEP, payments.STEP, api_failure.STEP, database.STEP, tampering.STEP,
)  # fmt: skip
_PAGES = {
    "traffic": "/objectives/api-availability", "payments": "/services/api", "api-failure": "/on-call",
    "database": "/recovery", "tampering": "/audit",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    step: str
    took: float  # seconds
    failed: str = ""  # why


def play(scene: Scene) -> list[Played]:
    """Step by step to the first that fails; what it was is told, and is the last of the answer."""
    played: list[Played] = []
    for step in STEPS:
        page = _PAGES.get(step.name)
        scene.telling.title(step.title, scene.page(page) if page else "")
        began = monotonic()
        failed = _attempt(scene, step)
        played.append(Played(step=step.name, took=monotonic() - began, failed=failed))
        if failed:
            scene.telling.bad(f"{step.name}: {failed}")
            break
    return played


def _attempt(scene: Scene, step: Step) -> str:
    """Why it failed; empty where it did not."""
    try:
        step.check(scene, step.run(scene))
    except StepFailed as error:
        return error.problem
    except StandfastError as error:
        return f"it did not come to its end: {error}"
    except Exception as error:  # noqa: BLE001 - a step that breaks in any way has failed, and is named
        return f"it broke: {type(error).__name__}: {error}"
    return ""
