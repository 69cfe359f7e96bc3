"""Does later what could not be done at once: payments that wait. `python -m standfast.demo.shop.worker`"""

from __future__ import annotations

import threading

import uvicorn
from starlette.responses import PlainTextResponse

from standfast.demo.shop.charging import Cashier, payments_breaker, waiting_payments
from standfast.demo.shop.orders import Orders
from standfast.demo.shop.settings import Settings, settings
from standfast_kit import Job, Kit
from standfast_kit.asgi import Reliable


class Clerk:
    """Every payment at least once, under the order's key: the service takes the money exactly once."""

    def __init__(self, known: Settings, kit: Kit) -> None:
        self._orders, self._cashier = Orders(known.database), Cashier(known.payments, timeout=2)
        self._charge = payments_breaker(kit)(self._cashier.charge)
        self._queue = waiting_payments(kit, known.folder)
        kit.check("db", self._orders.ping, required=True)
        kit.check("payments", self._cashier.well, required=False)

    def settle(self, job: Job) -> None:
        told = job.payload
        assert isinstance(told, dict)  # noqa: S101 - the API put it so
        self._charge(str(told["order"]), int(told["cents"]))
        self._orders.turn(str(told["order"]), "confirmed")

    def work(self, stop: threading.Event) -> None:
        self._queue.work(self.settle, stop, every="300ms")

    def close(self) -> None:
        self._orders.close()
        self._cashier.close()


def run(known: Settings) -> None:
    kit, stop = Kit("shop-worker", "1.0"), threading.Event()
    clerk = Clerk(known, kit)
    thread = threading.Thread(target=clerk.work, args=(stop,), name="clerk")
    thread.start()
    try:
        uvicorn.run(
            Reliable(PlainTextResponse("no such page", 404), kit),
            host="127.0.0.1", port=known.listens_at, log_level="warning", lifespan="off",
        )  # fmt: skip
    finally:
        stop.set()
        thread.join(5)
        clerk.close()
        kit.close()


if __name__ == "__main__":
    run(settings())
