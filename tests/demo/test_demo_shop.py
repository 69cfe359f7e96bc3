"""The shop alone, end to end, on a real PostgreSQL: what it promises while payments fail."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx2
import psycopg
import pytest

from free_ports import free_port
from standfast.demo.processes import Processes, wait_until
from standfast.demo.tea import Ports, Tea

_OPEN = 'standfast_breaker_state{breaker="payments",state="open"}'


@pytest.fixture(scope="module")
def shop(
    tmp_path_factory: pytest.TempPathFactory, postgres: Any
) -> Iterator[tuple[Tea, Processes]]:
    folder = tmp_path_factory.mktemp("tea")
    with psycopg.connect(postgres.url(), autocommit=True) as db:
        db.execute("CREATE DATABASE tea")
    ports = Ports(**{name: free_port() for name in Ports.__dataclass_fields__})
    tea = Tea(folder=folder, ports=ports, database=postgres.url("tea"), control="secret")
    processes = Processes(folder)
    try:
        tea.start(processes)
        tea.wait(processes)
        yield tea, processes
    finally:
        processes.stop_all()
    with psycopg.connect(postgres.url(), autocommit=True) as db:
        db.execute("DROP DATABASE tea WITH (FORCE)")


def order(tea: Tea, key: str) -> httpx2.Response:
    return httpx2.post(
        f"{tea.address('web')}/orders", json={"product": 1, "amount": 2},
        headers={"x-customer": "ada", "idempotency-key": key},
    )  # fmt: skip


def state(tea: Tea, number: str) -> str:
    found: dict[str, str] = httpx2.get(f"{tea.address('web')}/orders/{number}").json()
    return found["state"]


def test_an_order_is_confirmed_and_charged(shop: tuple[Tea, Processes]) -> None:
    tea, _ = shop
    placed = order(tea, "first-order")

    assert placed.status_code == 201
    assert placed.json()["state"] == "confirmed"
    assert placed.json()["cents"] == 1900
    assert placed.json()["id"] in tea.charged()["keys"]


def test_the_same_key_is_the_same_order_and_is_charged_once(shop: tuple[Tea, Processes]) -> None:
    tea, _ = shop
    before = len(tea.charged()["keys"])
    numbers = {order(tea, "impatient-customer").json()["id"] for _ in range(4)}

    assert len(numbers) == 1
    assert len(tea.charged()["keys"]) == before + 1


def test_orders_wait_while_payments_fail_and_are_confirmed_later(
    shop: tuple[Tea, Processes],
) -> None:
    tea, _ = shop
    tea.turn("payments", "failing")
    try:
        answers = [order(tea, f"while-payments-fail-{number}") for number in range(25)]
        assert {answer.status_code for answer in answers} == {201}
        assert {answer.json()["state"] for answer in answers} >= {"queued"}
        assert tea.metric("api", _OPEN) == 1
        assert answers[-1].json()["state"] == "queued"
    finally:
        tea.turn("payments", "well")
    numbers = [answer.json()["id"] for answer in answers]
    wait_until(
        "all are confirmed", lambda: {state(tea, n) for n in numbers} == {"confirmed"}, within=60
    )
    assert set(numbers) <= set(tea.charged()["keys"])


def test_customers_and_the_api_count_the_same(shop: tuple[Tea, Processes]) -> None:
    tea, processes = shop
    before = _served(tea)
    tea.open_doors(processes, rate=50)
    wait_until("customers come", lambda: tea.told().total > 60, within=60)
    processes.stop("customers")
    told = tea.told()

    assert told.failed == 0
    assert told.accepted
    assert _served(tea) - before == told.total


def test_a_broken_api_fails_every_customer_until_it_is_mended(shop: tuple[Tea, Processes]) -> None:
    tea, _ = shop
    tea.turn("api", "failing")
    try:
        assert order(tea, "while-the-api-fails").status_code == 500
    finally:
        tea.turn("api", "well")
    assert order(tea, "while-the-api-fails").status_code == 201


def test_nobody_breaks_the_shop_without_the_secret(shop: tuple[Tea, Processes]) -> None:
    tea, _ = shop
    refused = httpx2.post(
        f"{tea.address('api')}/control?mode=failing", headers={"authorization": "Bearer guess"}
    )

    assert refused.status_code == 403
    assert order(tea, "after-a-guess").status_code == 201


def test_an_order_for_what_is_not_sold_is_refused(shop: tuple[Tea, Processes]) -> None:
    tea, _ = shop
    headers = {"x-customer": "ada", "idempotency-key": "no-such-tea"}
    answer = httpx2.post(f"{tea.address('web')}/orders", json={"product": 99}, headers=headers)

    assert answer.status_code == 422


def _served(tea: Tea) -> float:
    text = httpx2.get(f"{tea.address('api')}/metrics").text
    lines = [line for line in text.splitlines() if line.startswith("http_server_requests_total{")]
    return sum(float(line.rsplit(" ", 1)[1]) for line in lines)
