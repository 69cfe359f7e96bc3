"""The shop's API: goods and orders over HTTP. `python -m standfast.demo.shop.api`"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any
from uuid import uuid4

import psycopg
import uvicorn
from fastapi import FastAPI, Header, HTTPException, Request, Response
from pydantic import BaseModel, Field
from starlette.types import ASGIApp

from standfast.demo.shop.charging import Cashier, payments_breaker, waiting_payments
from standfast.demo.shop.orders import Order, Orders
from standfast.demo.shop.settings import Settings, settings
from standfast.demo.shop.switch import Switch
from standfast_kit import Actor, Audit, Kit, Queued, queue
from standfast_kit.asgi import Reliable

ROUTES = ("/products", "/sessions", "/orders", "/orders/{number}")
THRESHOLDS = (0.2, 0.4, 0.5)


class Wish(BaseModel):
    product: Annotated[int, Field(ge=1, le=1_000_000)]
    amount: Annotated[int, Field(ge=1, le=100)] = 1


Customer = Annotated[str, Header(alias="x-customer", max_length=100)]
Key = Annotated[str, Header(alias="idempotency-key", min_length=8, max_length=200)]
Charge = Callable[[str, int], "str | Queued"]


def application(known: Settings) -> ASGIApp:
    orders, cashier = Orders(known.database), Cashier(known.payments)
    orders.make_schema()
    audit = Audit(
        known.place / "audit", producer="shop-api", url=known.standfast or None, mask=["card"]
    )
    kit = Kit("shop-api", "1.0", thresholds=THRESHOLDS, routes=ROUTES, audit=audit)
    kit.check("db", orders.ping, required=True, timeout="2s")
    kit.check("payments", cashier.well, required=False, timeout="500ms")
    app = FastAPI(title="Tea", docs_url=None, redoc_url=None)
    _errors(app)
    _browsing(app, orders)
    _ordering(app, orders, audit, _charge(kit, known, cashier))
    switch = Switch(known.control)
    return switch.outside(Reliable(switch.inside(app), kit, user=_customer))


def _charge(kit: Kit, known: Settings, cashier: Cashier) -> Charge:
    """Through the breaker; what it refuses and what fails is queued and done later."""
    breaker, later = payments_breaker(kit), waiting_payments(kit, known.folder)
    if known.fallback == "off":
        return breaker(cashier.charge)
    waits = queue(
        later,
        key=lambda order, _: order,
        payload=lambda order, cents: {"order": order, "cents": cents},
    )
    charge: Charge = breaker(fallback=waits)(cashier.charge)
    return charge


def _errors(app: FastAPI) -> None:
    @app.exception_handler(psycopg.Error)
    def unavailable(_request: Request, _error: Exception) -> Response:
        return Response("the shop is closed for a moment", 503, headers={"retry-after": "2"})


def _browsing(app: FastAPI, orders: Orders) -> None:
    @app.get("/products")
    def products() -> list[dict[str, Any]]:
        return orders.products()

    @app.get("/orders/{number}")
    def order(number: str) -> dict[str, Any]:
        found = orders.order(number)
        if found is None:
            raise HTTPException(404, "no such order")
        return _shown(found)


def _ordering(app: FastAPI, orders: Orders, audit: Audit, charge: Charge) -> None:
    @app.post("/sessions", status_code=201)
    def sign_in(customer: Customer, request: Request) -> dict[str, str]:
        _tell(audit, "user.login", customer, request, {"type": "user", "id": customer})
        return {"customer": customer}

    @app.post("/orders", status_code=201)
    def place(wish: Wish, key: Key, customer: Customer, request: Request) -> dict[str, Any]:
        made = orders.place(str(uuid4()), key, customer, wish.product, wish.amount)
        if made is None:
            raise HTTPException(422, "no such product")
        if made.state == "accepted":
            _tell(audit, "record.created", customer, request, {"type": "order", "id": made.id})
            paid = charge(made.id, made.cents)
            orders.turn(made.id, "queued" if isinstance(paid, Queued) else "confirmed")
        placed = orders.order(made.id)
        assert placed, "an order that was just placed"  # noqa: S101 - nothing takes orders away
        return _shown(placed)


def _tell(audit: Audit, what: str, customer: str, request: Request, target: dict[str, str]) -> None:
    """Without waiting for the disk: these events may be lost with the machine, the orders may not."""
    host = request.client.host if request.client else None
    audit.emit(
        what, actor=Actor(type="user", id=customer, ip_address=host), target=target, wait=False
    )


def _shown(order: Order) -> dict[str, Any]:
    return {"id": order.id, "product": order.product, "amount": order.amount,
            "state": order.state, "cents": order.cents}  # fmt: skip


def _customer(scope: Any) -> str | None:
    found = dict(scope["headers"]).get(b"x-customer")
    return found.decode("latin-1") if found else None


if __name__ == "__main__":
    told = settings()
    uvicorn.run(application(told), host="127.0.0.1", port=told.listens_at, log_level="warning")
