"""Asking the payment service for money, under the order's id as idempotency key."""

from __future__ import annotations

import httpx2

from standfast_kit import Breaker, Kit, RetryQueue

QUEUE = "payments"
ATTEMPT = 0.25  # seconds for the attempt within a customer's request


class Cashier:
    """Raises httpx2.HTTPError when it cannot be told whether the money was taken."""

    def __init__(self, address: str, timeout: float = ATTEMPT) -> None:
        self._http = httpx2.Client(base_url=address, timeout=timeout, trust_env=False)

    def charge(self, order: str, cents: int) -> str:
        answer = self._http.post(
            "/charges", json={"cents": cents}, headers={"idempotency-key": order}
        )
        answer.raise_for_status()
        return "confirmed"

    def well(self) -> bool:
        return bool(self._http.get("/health/ready").is_success)

    def close(self) -> None:
        self._http.close()


def payments_breaker(kit: Kit) -> Breaker:
    return kit.breaker("payments", open="50% in 10s", reset="2s", min_calls=5)


def waiting_payments(kit: Kit, folder: str) -> RetryQueue:
    """The same file for the API, which puts, and the worker, which drains."""
    return kit.queue(
        QUEUE, f"{folder}/payments.db", max_attempts=10_000, backoff="500ms", backoff_cap="2s",
        lease="10s",
    )  # fmt: skip
