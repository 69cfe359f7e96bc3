"""The load generator: customers who browse, sign in, order, look after their orders, and try again.

`python -m standfast.demo.customers WEB_ADDRESS LEDGER RATE STANDFAST`: RATE visits a second until told to stop.

Customers are programs without a browser: what they tell the beacon as page loads is how long they waited, and
a made-up time to draw. A visitor with a browser sends what that browser measured.
"""

from __future__ import annotations

import asyncio
import json
import random
import signal
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import httpx2

from standfast.demo.ledger import Ledger, Told
from standfast_kit.clock import monotonic, utc_now

PEOPLE, _PATIENCE, _AT_ONCE = 40, 8.0, 60
_TELLS = 0.04  # of the loads: one address may not send more than about one a second
_HABITS = (("browse", 50), ("sign-in", 8), ("order", 27), ("look", 15))


@dataclass(slots=True, kw_only=True)
class Beacon:
    """What one of so many customers' browsers would send."""

    http: httpx2.AsyncClient
    to: str
    origin: str
    chance: random.Random

    async def tell(self, path: str, waited: float) -> None:
        if self.chance.random() > _TELLS:
            return
        first = waited + self.chance.uniform(0.1, 0.7)
        vitals = {
            "TTFB": waited * 1000,
            "FCP": first * 1000,
            "LCP": (first + self.chance.expovariate(1.4)) * 1000,
            "INP": self.chance.expovariate(1 / 90),
            "CLS": self.chance.expovariate(22),
        }
        with suppress(httpx2.HTTPError):
            body = json.dumps({"path": path, "vitals": vitals})
            headers = {"origin": self.origin, "content-type": "text/plain"}
            await self.http.post(f"{self.to}/api/v1/beacon", content=body, headers=headers)


@dataclass(slots=True, kw_only=True)
class Crowd:
    """What the customers remember between visits."""

    http: httpx2.AsyncClient
    ledger: Ledger
    chance: random.Random
    orders: list[str]
    beacon: Beacon
    number: int = 0

    async def visit(self) -> None:
        deed = self.chance.choices([name for name, _ in _HABITS], [w for _, w in _HABITS])[0]
        person = f"customer-{self.chance.randrange(PEOPLE)}"
        if deed == "order":
            await self.order(person)
        elif deed == "sign-in":
            await self.ask("sign-in", "POST", "/sessions", person)
        elif deed == "look" and self.orders:
            await self.ask("look", "GET", f"/orders/{self.chance.choice(self.orders)}", person)
        else:
            await self.ask("browse", "GET", "/products", person)

    async def order(self, person: str) -> None:
        """Now and then the same order is sent twice, as impatient people and retrying clients do."""
        self.number += 1
        key = f"{person}-{self.number}-{self.chance.randrange(1 << 30):x}"
        body = {"product": self.chance.randrange(1, 7), "amount": self.chance.randrange(1, 4)}
        told = await self.ask("order", "POST", "/orders", person, key=key, body=body)
        if told.failed or self.chance.random() < 0.1:
            await asyncio.sleep(0.3)
            told = await self.ask("order", "POST", "/orders", person, key=key, body=body)
        if told.accepted:
            self.orders.append(told.order)

    async def ask(
        self, deed: str, method: str, path: str, person: str, *, key: str = "", body: object = None
    ) -> Told:
        began = monotonic()
        headers = {"x-customer": person} | ({"idempotency-key": key} if key else {})
        code, order, state = 0, "", ""
        try:
            answer = await self.http.request(method, path, headers=headers, json=body)
            code = answer.status_code
            if deed in {"order", "look"} and code < 300:
                told = answer.json()
                order, state = str(told["id"]), str(told["state"])
        except (httpx2.HTTPError, ValueError, KeyError):
            pass
        entry = Told(
            at=utc_now().timestamp(), deed=deed, code=code, took=monotonic() - began,
            order=order, state=state,
        )  # fmt: skip
        self.ledger.write(entry)
        if code and code < 400:
            await self.beacon.tell(path, entry.took)
        return entry


async def crowd(address: str, path: Path, rate: float, standfast: str, stop: asyncio.Event) -> None:
    """Visits at an even rate, whatever becomes of them; with too many under way new ones stay at home."""
    ledger = Ledger(path)
    limits = httpx2.Limits(max_connections=_AT_ONCE, max_keepalive_connections=_AT_ONCE)
    async with httpx2.AsyncClient(
        base_url=address, timeout=_PATIENCE, limits=limits, trust_env=False
    ) as http:
        beacon = Beacon(http=http, to=standfast, origin=address, chance=random.Random(8))  # noqa: S311 - chance, no secret
        people = Crowd(
            http=http,
            ledger=ledger,
            chance=random.Random(7),  # noqa: S311 - chance, no secret
            orders=[],
            beacon=beacon,
        )
        under_way: set[asyncio.Task[None]] = set()
        while not stop.is_set():
            if len(under_way) < _AT_ONCE:
                task = asyncio.create_task(people.visit())
                under_way.add(task)
                task.add_done_callback(under_way.discard)
            try:
                await asyncio.wait_for(stop.wait(), 1 / rate)
            except TimeoutError:
                continue
        await asyncio.gather(*under_way, return_exceptions=True)
    ledger.close()


async def _main(address: str, path: Path, rate: float, standfast: str) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await crowd(address, path, rate, standfast, stop)
    print(json.dumps({"ended": utc_now().isoformat()}))


if __name__ == "__main__":
    asyncio.run(_main(sys.argv[1], Path(sys.argv[2]), float(sys.argv[3]), sys.argv[4]))
