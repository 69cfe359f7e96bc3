"""Degraded answers: given when due, marked, counted, and never passed off as good."""

import asyncio
from pathlib import Path

import pytest

from standfast_kit import (
    Breaker,
    CircuitOpen,
    Degraded,
    Failure,
    MissingKey,
    Queued,
    RetryQueue,
    compute,
    degraded,
    queue,
    stale,
    tracking,
    value,
)  # fmt: skip
from standfast_kit.testing import FakeClock


class Down(Exception):
    pass


class Declined(Exception):
    pass


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def search(clock: FakeClock) -> Breaker:
    return Breaker(
        "search", open="50% in 5s", reset="10s", min_calls=2, ignore=Declined, clock=clock.monotonic
    )


class Shop:
    """A dependency that can be taken down."""

    def __init__(self) -> None:
        self.error: Exception | None = None
        self.calls = 0

    def find(self, word: str) -> list[str]:
        self.calls += 1
        if self.error:
            raise self.error
        return [word, str(self.calls)]


def test_a_value_stands_in_and_is_marked_and_counted(search: Breaker) -> None:
    shop = Shop()
    find = search(fallback=value([]))(shop.find)
    assert search.reading().degraded == {"value": 0}
    shop.error = Down()
    with tracking():
        assert find("tea") == []
        assert degraded() == (Degraded(dependency="search", mode="value"),)
    assert degraded() == ()
    assert search.reading().degraded == {"value": 1}


def test_the_last_good_answer_to_the_same_call_stands_in_until_it_is_too_old(
    search: Breaker, clock: FakeClock
) -> None:
    shop = Shop()
    find = search(fallback=stale(max_age="5m", clock=clock.monotonic) | value("popular"))(shop.find)
    good = find("tea")
    shop.error = Down()
    clock.pass_by(300)
    with tracking():
        assert find("tea") == good
        assert find("coffee") == "popular"
        assert [(a.mode, a.age) for a in degraded()] == [("stale", 300.0), ("value", None)]
    clock.pass_by(0.1)
    assert find("tea") == "popular"


def test_the_stale_cache_forgets_what_was_used_least_recently(clock: FakeClock) -> None:
    kept = stale(max_age=60, size=2, clock=clock.monotonic)
    down = Failure(name="x", reason="open", error=Down())
    kept.remember(("a",), {}, 1)
    kept.remember(("b",), {}, 2)
    assert kept.answer(down, ("a",), {}).value == 1
    kept.remember(("c",), {}, 3)
    assert kept.answer(down, ("b",), {}) is None
    assert kept.answer(down, ("a",), {}).value == 1


def test_without_an_answer_the_original_error_is_raised(search: Breaker, clock: FakeClock) -> None:
    shop = Shop()
    find = search(fallback=stale(max_age=60, clock=clock.monotonic))(shop.find)
    shop.error = Down("own words")
    for _ in range(2):
        with pytest.raises(Down, match="own words"):
            find("tea")
    with pytest.raises(CircuitOpen):
        find("tea")
    with pytest.raises(CircuitOpen):
        find(["no", "key"])


def test_errors_that_are_no_failure_reach_the_caller(search: Breaker) -> None:
    shop = Shop()
    shop.error = Declined("card")
    with pytest.raises(Declined):
        search(fallback=value(None))(shop.find)("tea")


def test_a_computed_answer_knows_the_failure(search: Breaker) -> None:
    shop, seen = Shop(), []

    def popular(failure: Failure, word: str) -> str:
        seen.append((failure.reason, failure.retry_after))
        return f"popular instead of {word}"

    find = search(fallback=compute(popular))(shop.find)
    shop.error = TimeoutError()
    find("tea")
    shop.error = Down()
    find("tea")
    assert find("tea") == "popular instead of tea"
    assert seen == [("timeout", None), ("error", None), ("open", 10.0)]


def test_a_generator_cannot_have_a_fallback(search: Breaker) -> None:
    def numbers():
        yield 1

    with pytest.raises(TypeError, match="generator"):
        search(fallback=value(1))(numbers)


def test_marks_made_in_tasks_reach_the_request(search: Breaker) -> None:
    @search(fallback=value(0))
    async def call() -> int:
        raise Down

    async def request() -> tuple[Degraded, ...]:
        with tracking():
            await asyncio.gather(call(), call())
            return degraded()

    assert len(asyncio.run(request())) == 2


class TestQueue:
    @pytest.fixture
    def later(self, tmp_path: Path):
        made = RetryQueue(tmp_path / "later.db", name="payments")
        yield made
        made.close()

    def charge(self, search: Breaker, later: RetryQueue, error: Exception, **settings: object):
        def call(order: str) -> str:
            raise error

        chosen = queue(
            later, key=lambda order: order, payload=lambda order: {"order": order}, **settings
        )
        return search(fallback=chosen)(call)

    def test_refused_and_timed_out_calls_wait_on_disk(
        self, search: Breaker, later: RetryQueue
    ) -> None:
        charge = self.charge(search, later, TimeoutError())
        assert charge("order-1") == Queued(key="order-1", queue="payments")
        charge("order-2")
        assert search.state == "open"
        charge("order-3")
        seen = []
        later.drain(lambda job: seen.append((job.key, job.payload)))
        assert seen == [(f"order-{n}", {"order": f"order-{n}"}) for n in (1, 2, 3)]

    def test_the_same_order_waits_once(self, search: Breaker, later: RetryQueue) -> None:
        charge = self.charge(search, later, TimeoutError())
        charge("order-1")
        charge("order-1")
        assert later.depth() == 1

    def test_without_a_key_nothing_is_queued(self, search: Breaker, later: RetryQueue) -> None:
        with pytest.raises(MissingKey):
            self.charge(search, later, TimeoutError())("")
        assert later.depth() == 0

    def test_unknown_outcomes_can_be_left_out(self, search: Breaker, later: RetryQueue) -> None:
        with pytest.raises(TimeoutError):
            self.charge(search, later, TimeoutError(), uncertain=False)("order-1")
        self.charge(search, later, ConnectionRefusedError(), uncertain=False)("order-2")
        self.charge(search, later, TimeoutError(), uncertain=False)(
            "order-3"
        )  # refused: certainly unsent
        assert later.depth() == 2

    def test_coroutines_queue_too(self, search: Breaker, later: RetryQueue) -> None:
        @search(fallback=queue(later, key=lambda order: order, payload=lambda order: order))
        async def charge(order: str) -> str:
            raise Down

        async def request() -> tuple[Degraded, ...]:
            with tracking():
                assert await charge("order-1") == Queued(key="order-1", queue="payments")
                return degraded()

        assert [answer.mode for answer in asyncio.run(request())] == ["queue"]
        assert later.depth() == 1
