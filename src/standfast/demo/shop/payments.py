"""A payment service, as a vendor runs it: takes money once per key. `python -m standfast.demo.shop.payments`"""

from __future__ import annotations

import threading
from typing import Annotated

import uvicorn
from fastapi import FastAPI, Header
from pydantic import BaseModel, Field
from starlette.types import ASGIApp

from standfast.demo.shop.settings import Settings, settings
from standfast.demo.shop.switch import Switch
from standfast_kit import Kit
from standfast_kit.asgi import Reliable


class Demand(BaseModel):
    cents: Annotated[int, Field(ge=0, le=100_000_000)]


class Till:
    """Money by key; a key that comes again costs nothing."""

    def __init__(self) -> None:
        self._lock, self.taken, self.repeated = threading.Lock(), dict[str, int](), 0

    def take(self, key: str, cents: int) -> None:
        with self._lock:
            self.repeated += key in self.taken
            self.taken.setdefault(key, cents)


def application(known: Settings) -> ASGIApp:
    till, switch, kit = Till(), Switch(known.control), Kit("payments", "1.0")
    app = FastAPI(title="Payments", docs_url=None, redoc_url=None)

    @app.post("/charges", status_code=201)
    def charge(
        demand: Demand, key: Annotated[str, Header(alias="idempotency-key", max_length=200)]
    ) -> dict[str, str]:
        till.take(key, demand.cents)
        return {"charged": key}

    @app.get("/charges")
    def charges() -> dict[str, object]:
        return {"keys": sorted(till.taken), "repeated": till.repeated}

    # No check: as with many a vendor, the status page stays green while charges fail.
    return switch.outside(Reliable(switch.inside(app), kit))


if __name__ == "__main__":
    told = settings()
    uvicorn.run(application(told), host="127.0.0.1", port=told.listens_at, log_level="warning")
