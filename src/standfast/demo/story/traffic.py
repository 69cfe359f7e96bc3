"""Customers come, and standfast counts every one of their requests."""

from __future__ import annotations

from standfast.demo.processes import wait_until
from standfast.demo.scene import Scene
from standfast.demo.story.counting import Compared, compare
from standfast.demo.story.step import Facts, Step, require

_ENOUGH, _ORDERS = 120, 15


def run(scene: Scene) -> Facts:
    wrong = "http://127.0.0.1:1" if scene.sabotaged("traffic") else ""
    scene.shop.open_doors(scene.processes, address=wrong)
    wait_until("customers come", lambda: scene.shop.told().total >= _ENOUGH, within=60)
    told = scene.shop.told()
    scene.telling.say(f"{told.total} requests, {len(told.accepted)} orders, {told.failed} failed")
    if wrong:
        return {"compared": _as_it_stands(scene)}
    return {"compared": compare(scene)}


def check(scene: Scene, facts: Facts) -> None:
    compared: Compared = facts["compared"]
    compared.require_equal()
    require(compared.told.failed == 0, f"{compared.told.failed} requests failed in quiet times")
    require(len(compared.told.accepted) >= _ORDERS, "too few orders were accepted")
    scene.telling.good(
        f"standfast counted {compared.total} requests, the customers {compared.told.total};"
        f" {compared.left:.0%} of the error budget is left"
    )


def _as_it_stands(scene: Scene) -> Compared:
    screen = scene.api.see("/objectives/api-availability")
    return Compared(told=scene.shop.told(), total=screen["total"], bad=screen["bad"], left=1)


STEP = Step(
    name="traffic",
    title="Customers come",
    sabotage="the customers go to a wrong address",
    run=run,
    check=check,
)
