"""The payment service fails: the breaker opens, orders wait on disk, no customer and no budget feels it."""

from __future__ import annotations

from standfast.demo.processes import wait_until
from standfast.demo.scene import Scene
from standfast.demo.story.counting import Compared, compare
from standfast.demo.story.step import Facts, Step, require

_OPEN = 'standfast_breaker_state{breaker="payments",state="open"}'
_ENOUGH = 8


def run(scene: Scene) -> Facts:
    shop, say = scene.shop, scene.telling.say
    shop.turn("payments", "failing")
    say("the payment service fails from now on", "warn")
    opened = wait_until("the breaker opens", lambda: shop.metric("api", _OPEN) == 1, within=60)
    say(f"the breaker is open after {opened:.1f} s", "warn")
    wait_until("orders are queued", lambda: len(shop.told().queued) >= _ENOUGH, within=30)
    say(f"{len(shop.told().queued)} orders accepted, their payments wait on disk")
    shop.turn("payments", "well")
    say("the payment service is well again")
    done = wait_until("every queued order is confirmed", lambda: _all_confirmed(scene), within=60)
    say(f"the queue is empty after {done:.1f} s")
    return {"compared": compare(scene), "charged": shop.charged()}


def check(scene: Scene, facts: Facts) -> None:
    compared: Compared = facts["compared"]
    charged = set(facts["charged"]["keys"])
    require(compared.told.queued, "no customer was told that the payment waits")
    require(compared.told.failed == 0, f"{compared.told.failed} customers were turned away")
    compared.require_equal()
    require(compared.left == 1, f"the budget was touched: {compared.left:.1%} of it is left")
    missing = compared.told.accepted - charged
    require(not missing, f"{len(missing)} orders were accepted and never charged")
    scene.telling.good(
        f"{len(compared.told.queued)} orders waited and were paid exactly once; nobody was turned"
        " away, the budget is untouched"
    )


def _all_confirmed(scene: Scene) -> bool:
    """Asked of the database itself."""
    queued = scene.shop.told().queued
    with scene.database.connect() as db:
        rows = db.execute("SELECT id::text FROM orders WHERE state = 'confirmed'").fetchall()
    return queued <= {number for (number,) in rows}


STEP = Step(
    name="payments",
    title="Payments fail",
    sabotage="the shop has no queue for payments that fail",
    run=run,
    check=check,
)
