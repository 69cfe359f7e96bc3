"""Holding what standfast counted against what customers were told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from standfast.demo.ledger import Sums
from standfast.demo.processes import wait_until
from standfast.demo.scene import Scene
from standfast.demo.story.step import require

OBJECTIVE = "/objectives/api-availability"


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    told: Sums  # by the customers' ledger
    total: int  # by standfast
    bad: int
    left: float

    def require_equal(self) -> None:
        """Every answer to a customer is one event of the objective: no more, no fewer."""
        require(self.told.total, "no customer was told anything")
        require(
            self.total == self.told.total,
            f"standfast counted {self.total} requests, the customers {self.told.total}",
        )
        require(
            self.bad == self.told.failed,
            f"standfast counted {self.bad} bad requests, the customers {self.told.failed}",
        )


def compare(scene: Scene) -> Compared:
    """Close the doors for a moment, so that nothing is on its way, and wait until both have settled."""
    scene.processes.stop("customers")
    told, last = scene.shop.told(), dict[str, Any]()

    def settled() -> bool:
        last.update(scene.api.see(OBJECTIVE))
        return bool(last["total"] >= told.total and last["bad"] >= told.failed)

    try:
        wait_until("the counts agree", settled, within=40, every=0.3)
    finally:
        scene.shop.open_doors(scene.processes)
    return Compared(told=told, total=last["total"], bad=last["bad"], left=float(last["left"] or 0))
