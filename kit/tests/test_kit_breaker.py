"""The behaviours that a right circuit breaker shows, one by one."""

import asyncio
import pickle
import subprocess
import sys
import tempfile
import threading
import traceback
from datetime import timedelta
from fractions import Fraction

import pytest

from standfast_kit import Breaker, CircuitOpen, Rule, Slow, State, Transition, Trip
from standfast_kit.testing import FakeClock


class Down(Exception):
    pass


class Declined(Exception):
    pass


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


def breaker(clock: FakeClock, **settings: object) -> Breaker:
    settings = {"open": "50% in 10s", "reset": "30s", "min_calls": 5, **settings}
    return Breaker("payments", clock=clock.monotonic, **settings)


def ok(of: Breaker, times: int = 1) -> None:
    for _ in range(times):
        assert of(lambda: "fine")() == "fine"


def fail(of: Breaker, times: int = 1, error: BaseException | type[BaseException] = Down) -> None:
    def broken() -> None:
        raise error

    kind = error if isinstance(error, type) else type(error)
    for _ in range(times):
        with pytest.raises(kind):
            of(broken)()


def opened(clock: FakeClock, **settings: object) -> Breaker:
    made = breaker(clock, **settings)
    fail(made, 5)
    assert made.state == "open"
    return made


# -- when it opens


def test_it_opens_when_the_rate_reaches_the_threshold_exactly(clock: FakeClock) -> None:
    b = breaker(clock)
    ok(b, 3)
    clock.pass_by(4)
    fail(b, 2)
    assert b.state == "closed"
    fail(b)
    assert b.state == "open"


def test_below_min_calls_nothing_trips_it(clock: FakeClock) -> None:
    b = breaker(clock)
    fail(b, 4)
    assert b.state == "closed"


def test_a_success_that_completes_min_calls_is_judged_at_once(clock: FakeClock) -> None:
    b = breaker(clock)
    fail(b, 4)
    ok(b)
    assert b.state == "open"


def test_failures_exactly_one_window_old_no_longer_count(clock: FakeClock) -> None:
    b = breaker(clock)
    fail(b, 4)
    clock.pass_by(10)
    fail(b)
    assert b.state == "closed"
    assert b.tally().total == 1


def test_failures_on_both_sides_of_a_bucket_edge_add_up(clock: FakeClock) -> None:
    b = breaker(clock)
    fail(b, 2)
    clock.pass_by(3.3)
    fail(b, 2)
    clock.pass_by(3.3)
    fail(b)
    assert b.state == "open"


def test_after_a_long_idle_spell_old_failures_are_gone(clock: FakeClock) -> None:
    b = breaker(clock, min_calls=6)
    fail(b, 5)
    clock.pass_by(3600)
    fail(b)
    assert (b.state, b.tally().total) == ("closed", 1)


def test_when_good_calls_age_out_the_next_completion_is_judged_anew(clock: FakeClock) -> None:
    b = breaker(clock)
    ok(b, 20)
    clock.pass_by(6)
    fail(b, 5)
    assert b.state == "closed"
    clock.pass_by(5)
    ok(b)
    assert b.state == "open"


def test_slow_calls_open_it_although_they_succeed(clock: FakeClock) -> None:
    b = breaker(clock, slow="50% over 4s", min_calls=4)
    events: list[Transition] = []
    b.on_transition(events.append)
    for seconds in (0.1, 0.1, 4, 4.5):
        b(lambda seconds=seconds: clock.pass_by(seconds))()
    assert b.state == "open"
    assert events[0].reason == "slow"


# -- open


def test_an_open_circuit_refuses_without_running_and_says_why(clock: FakeClock) -> None:
    b, ran = opened(clock), []
    clock.pass_by(10)
    with pytest.raises(CircuitOpen) as refused:
        b(ran.append)(1)
    assert not ran
    assert (refused.value.name, refused.value.state) == ("payments", "open")
    assert refused.value.retry_after == pytest.approx(20)
    assert "20 s" in str(refused.value)
    assert b.reading().refused == 1
    assert pickle.loads(pickle.dumps(refused.value)).retry_after == pytest.approx(20)


def test_a_probe_is_let_through_at_the_reset_time_and_not_before(clock: FakeClock) -> None:
    b = opened(clock)
    clock.pass_by(29.999)
    with pytest.raises(CircuitOpen):
        b(lambda: 1)()
    clock.pass_by(0.001)
    assert b(lambda: 1)() == 1
    assert b.state == "closed"


def test_a_success_from_before_the_trip_does_not_close_it(clock: FakeClock) -> None:
    b = breaker(clock)
    early = b.admit()
    fail(b, 5)
    early.settle(failed=False)
    assert b.state == "open"
    assert b.reading().ok == 1


def test_a_failure_from_before_the_trip_neither_reopens_nor_extends(clock: FakeClock) -> None:
    b, events = breaker(clock), []
    b.on_transition(events.append)
    early = b.admit()
    fail(b, 5)
    clock.pass_by(20)
    early.settle(failed=True)
    clock.pass_by(10)
    ok(b)
    assert [event.after for event in events] == ["open", "half-open", "closed"]


def test_a_quick_success_that_ends_after_the_trip_lands_in_a_retired_window(
    clock: FakeClock,
) -> None:
    b = breaker(clock)

    @b
    def outer() -> None:
        fail(b, 5)

    outer()
    assert b.state == "open"
    assert b.reading().ok == 1


def test_the_tripping_call_raises_its_own_error(clock: FakeClock) -> None:
    b = breaker(clock, min_calls=1)

    @b
    def broken() -> None:
        raise Down("own words")

    with pytest.raises(Down, match="own words") as raised:
        broken()
    assert raised.value.__cause__ is None
    assert traceback.extract_tb(raised.value.__traceback__)[-1].name == "broken"


def test_refusals_do_not_grow_a_traceback(clock: FakeClock) -> None:
    b, lengths = opened(clock), set()
    for _ in range(1000):
        try:
            b(lambda: 1)()
        except CircuitOpen as error:
            lengths.add(len(traceback.extract_tb(error.__traceback__)))
    assert len(lengths) == 1


def test_the_open_time_grows_to_its_cap_and_starts_anew_after_a_close(clock: FakeClock) -> None:
    b, waits = opened(clock, growth=2, reset_cap="100s"), []
    for _ in range(3):
        clock.pass_by(1000)
        fail(b)
        with pytest.raises(CircuitOpen) as refused:
            b(lambda: 1)()
        waits.append(refused.value.retry_after)
    clock.pass_by(1000)
    ok(b)
    fail(b, 5)
    with pytest.raises(CircuitOpen) as refused:
        b(lambda: 1)()
    assert [*waits, refused.value.retry_after] == [60, 100, 100, 30]


def test_jitter_changes_the_open_time(clock: FakeClock) -> None:
    b = opened(clock, jitter=lambda seconds: seconds * 1.5)
    clock.pass_by(44)
    with pytest.raises(CircuitOpen):
        b(lambda: 1)()
    clock.pass_by(1)
    ok(b)


# -- half-open


def test_of_fifty_tasks_exactly_the_probes_run(clock: FakeClock) -> None:
    b, ran = opened(clock, probes=4), []
    clock.pass_by(30)

    @b
    async def call() -> None:
        ran.append(1)
        await asyncio.sleep(0)

    async def storm() -> list[object]:
        return await asyncio.gather(*(call() for _ in range(50)), return_exceptions=True)

    results = asyncio.run(storm())
    assert len(ran) == 4
    assert sum(isinstance(result, CircuitOpen) for result in results) == 46
    assert b.state == "closed"


def test_of_twenty_threads_exactly_the_probes_run(clock: FakeClock) -> None:
    b, ran, gate = opened(clock, probes=3), [], threading.Barrier(20)
    clock.pass_by(30)
    release = threading.Event()

    def call() -> None:
        gate.wait()
        try:
            b(lambda: (ran.append(1), release.wait(60)))()
        except CircuitOpen:
            refused.append(1)
            if len(refused) == 17:
                release.set()

    refused: list[int] = []
    threads = [threading.Thread(target=call) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(ran), len(refused)) == (3, 17)


def test_a_failed_probe_opens_again_at_once(clock: FakeClock) -> None:
    b = opened(clock, probes=3)
    clock.pass_by(30)
    fail(b)
    assert b.state == "open"


@pytest.mark.parametrize(("failures", "state"), [(1, "closed"), (2, "open")])
def test_by_rate_the_probes_are_judged_when_all_are_back(
    clock: FakeClock, failures: int, state: str
) -> None:
    b = opened(clock, probes=4, probe_verdict="rate")
    clock.pass_by(30)
    fail(b, failures)
    assert b.state == "half-open"
    ok(b, 4 - failures)
    assert b.state == state


def test_it_closes_with_an_empty_window(clock: FakeClock) -> None:
    b = opened(clock)
    clock.pass_by(30)
    ok(b)
    assert (b.state, b.tally().total) == ("closed", 0)
    fail(b, 4)
    assert b.state == "closed"


@pytest.mark.parametrize(("setting", "state"), [("open", "open"), ("closed", "closed")])
def test_a_probe_that_hangs_does_not_hold_half_open_for_ever(
    clock: FakeClock, setting: str, state: str
) -> None:
    b = opened(clock, probe_wait="5s", when_stuck=setting)
    clock.pass_by(30)
    hanging = b.admit()
    clock.pass_by(4)
    with pytest.raises(CircuitOpen) as refused:
        b(lambda: 1)()
    assert refused.value.retry_after == pytest.approx(1)
    clock.pass_by(1)
    try:
        b.admit().settle(failed=None)
    except CircuitOpen:
        assert state == "open"
    assert b.state == state
    hanging.settle(failed=False)
    assert b.state == state


@pytest.mark.parametrize("error", [Declined, KeyboardInterrupt, asyncio.CancelledError])
def test_a_probe_that_says_nothing_gives_its_place_back(
    clock: FakeClock, error: type[BaseException]
) -> None:
    b = opened(clock, ignore=Declined)
    clock.pass_by(30)
    for _ in range(3):
        fail(b, error=error)
        assert b.state == "half-open"
    ok(b)
    assert b.state == "closed"


def test_a_permit_is_settled_once(clock: FakeClock) -> None:
    b = opened(clock, probes=2)
    clock.pass_by(30)
    permit = b.admit()
    permit.settle(failed=False)
    permit.settle(failed=False)
    assert b.state == "half-open"


# -- what counts


@pytest.mark.parametrize(
    "error", [asyncio.CancelledError, KeyboardInterrupt, SystemExit, GeneratorExit]
)
def test_interrupts_and_cancellation_are_neither_success_nor_failure(
    clock: FakeClock, error: type[BaseException]
) -> None:
    b = breaker(clock)
    ok(b)
    fail(b, 2)
    before = b.tally()
    fail(b, error=error)
    assert b.tally() == before
    assert b.reading().ignored == 1


def test_a_cancelled_task_is_neither_success_nor_failure(clock: FakeClock) -> None:
    b = breaker(clock)

    @b
    async def wait() -> None:
        await asyncio.sleep(60)

    async def guarded() -> None:
        async with b.guard():
            await asyncio.sleep(60)

    async def cancel() -> None:
        for work in (wait, guarded):
            task = asyncio.create_task(work())
            await asyncio.sleep(0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    asyncio.run(cancel())
    assert (b.tally().total, b.reading().ignored) == (0, 2)


def test_ignored_recorded_and_other_errors(clock: FakeClock) -> None:
    b = breaker(clock, record=(OSError, Declined), ignore=lambda error: isinstance(error, Declined))
    fail(b, error=Declined)
    assert b.tally().total == 0
    fail(b, error=OSError)
    assert b.tally().failed == 1
    fail(b, error=ValueError)
    assert (b.tally().ok, b.tally().failed) == (1, 1)


def test_a_result_can_be_a_failure(clock: FakeClock) -> None:
    b = breaker(clock, failed_result=lambda status: status >= 500)
    assert b(lambda: 503)() == 503
    assert b(lambda: 200)() == 200
    assert (b.tally().ok, b.tally().failed) == (1, 1)


def test_a_broken_predicate_hides_neither_error_nor_result(clock: FakeClock) -> None:
    b = breaker(clock, record=lambda error: error.nonsense, failed_result=lambda result: 1 / 0)
    fail(b)
    assert b(lambda: 7)() == 7
    assert (b.tally().ok, b.tally().failed) == (1, 1)


# -- by hand


def test_forced_open_refuses_until_it_is_closed(clock: FakeClock) -> None:
    b = breaker(clock)
    b.force_open()
    clock.pass_by(10_000)
    with pytest.raises(CircuitOpen) as refused:
        b(lambda: 1)()
    assert refused.value.retry_after is None
    b.close()
    ok(b)


def test_disabled_lets_through_and_records_nothing(clock: FakeClock) -> None:
    b = breaker(clock)
    b.disable()
    fail(b, 50)
    assert (b.state, b.reading().failed) == ("disabled", 0)


def test_observing_records_and_never_opens(clock: FakeClock) -> None:
    b = breaker(clock)
    b.observe()
    fail(b, 50)
    assert (b.state, b.tally().failed) == ("observe-only", 50)


# -- listeners


def test_listeners_hear_each_transition_once_after_it_is_visible_and_outside_the_lock(
    clock: FakeClock,
) -> None:
    b, heard = breaker(clock), []

    def broken(_: Transition) -> None:
        raise RuntimeError

    def listener(event: Transition) -> None:
        # Another thread can read the breaker meanwhile: the lock is free.
        thread = threading.Thread(
            target=lambda: heard.append((event.after, b.state, b.tally().total))
        )
        thread.start()
        thread.join(60)

    b.on_transition(broken)
    b.on_transition(listener)
    fail(b, 5)
    clock.pass_by(30)
    ok(b)
    assert heard == [("open", "open", 0), ("half-open", "half-open", 0), ("closed", "closed", 0)]
    assert b.reading().transitions[State.OPEN] == 1


# -- colours


def test_coroutine_functions_trip_it_and_run(clock: FakeClock) -> None:
    b = breaker(clock)

    @b
    async def call(error: type[Exception] | None = None) -> str:
        if error:
            raise error
        return "fine"

    async def story() -> None:
        assert await call() == "fine"
        for _ in range(4):
            with pytest.raises(Down):
                await call(Down)
        with pytest.raises(CircuitOpen):
            await call()

    asyncio.run(story())


def test_generators_are_judged_at_their_end(clock: FakeClock) -> None:
    b = breaker(clock)

    @b
    def numbers(error: bool = False):
        sent = yield 1
        yield sent
        if error:
            raise Down
        return "end"

    it = numbers()
    assert (next(it), it.send(5)) == (1, 5)
    with pytest.raises(StopIteration) as end:
        next(it)
    assert end.value.value == "end"
    with pytest.raises(Down):
        list(numbers(error=True))
    left = numbers()
    next(left)
    left.close()
    assert (b.tally().ok, b.tally().failed, b.reading().ignored) == (1, 1, 1)


def test_asynchronous_generators_are_judged_at_their_end(clock: FakeClock) -> None:
    b = breaker(clock)

    @b
    async def numbers(error: bool = False):
        yield 1
        if error:
            raise Down

    async def story() -> None:
        assert [n async for n in numbers()] == [1]
        with pytest.raises(Down):
            _ = [n async for n in numbers(error=True)]
        left = numbers()
        await anext(left)
        await left.aclose()

    asyncio.run(story())
    assert (b.tally().ok, b.tally().failed, b.reading().ignored) == (1, 1, 1)


def test_methods_and_class_methods_work(clock: FakeClock) -> None:
    b = breaker(clock)

    class Client:
        def __init__(self) -> None:
            self.name = "client"

        @b
        def call(self) -> str:
            return self.name

        @classmethod
        @b
        def made(cls) -> str:
            return cls.__name__

    assert (Client().call(), Client.made()) == ("client", "Client")
    assert Client.call.__name__ == "call"
    assert b.tally().ok == 2


def test_a_guarded_block_can_say_that_it_failed_or_should_not_count(clock: FakeClock) -> None:
    b = breaker(clock, min_calls=1)
    with b.guard() as g:
        g.drop()
    assert b.tally().total == 0
    with b.guard() as g:
        g.fail(503 >= 500)
    assert b.state == "open"
    with pytest.raises(CircuitOpen), b.guard():
        pytest.fail("never entered")


# -- many threads, forks, clocks


def test_eight_threads_lose_no_outcome() -> None:
    b = Breaker("busy", open="100% in 1h", min_calls=10**9)
    call = b(lambda: None)

    def work() -> None:
        for _ in range(20_000):
            call()
        for _ in range(200):
            with pytest.raises(Down):
                b(boom)()

    def boom() -> None:
        raise Down

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (b.tally().ok, b.tally().failed) == (160_000, 1600)
    assert (b.reading().ok, b.reading().failed) == (160_000, 1600)


def test_a_thousand_tasks_lose_no_outcome(clock: FakeClock) -> None:
    b = breaker(clock, min_calls=10**9)

    @b
    async def call(error: bool) -> None:
        await asyncio.sleep(0)
        if error:
            raise Down

    async def storm() -> None:
        await asyncio.gather(*(call(n % 4 == 0) for n in range(1000)), return_exceptions=True)

    asyncio.run(storm())
    assert (b.tally().ok, b.tally().failed) == (750, 250)


def test_guarded_calls_run_side_by_side() -> None:
    b, together = Breaker("parallel", open="50% in 10s"), threading.Barrier(8)
    # A call ends only once all eight are under way; one after the other they would never be.
    call = b(lambda: together.wait(60))
    threads = [threading.Thread(target=lambda: [call() for _ in range(20)]) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not together.broken
    assert b.reading().ok == 160


def test_the_wall_clock_means_nothing_to_it(clock: FakeClock) -> None:
    b = opened(clock)
    clock.step_wall(timedelta(hours=1))
    with pytest.raises(CircuitOpen):
        b(lambda: 1)()
    clock.step_wall(timedelta(hours=-2))
    clock.pass_by(30)
    ok(b)


def test_a_child_forked_while_the_lock_is_held_is_not_stuck() -> None:
    code = """
import os
from standfast_kit import Breaker, RetryQueue
import sys
b, q = Breaker("x", open="50% in 10s", min_calls=1), RetryQueue(sys.argv[1])
q.put("parent", 1)
with b._lock, q._lock:
    pid = os.fork()
    if pid == 0:
        b.admit().settle(failed=True)
        q.put("child", 1)
        os._exit(0 if (b.state, q.depth()) == ("open", 2) else 1)
assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
assert (b.state, q.depth()) == ("closed", 2)
q.close()
"""
    with tempfile.TemporaryDirectory() as directory:
        path = f"{directory}/q.db"
        subprocess.run([sys.executable, "-W", "error", "-c", code, path], check=True, timeout=120)


# -- settings


def test_exact_values_and_short_spellings_mean_the_same() -> None:
    exact = Rule(
        trip=Trip(share=Fraction(1, 2), window=timedelta(seconds=10)),
        reset=timedelta(seconds=30),
        slow=Slow(share=Fraction(999, 1000), over=timedelta(milliseconds=250)),
    )
    short = Breaker("x", open="50% in 10s", reset=30, slow="99.9% over 250ms")
    assert short.rule == exact
    assert Breaker("y", rule=exact).rule is exact


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"open": "half in 10s"},
        {"open": "50% over 10s"},
        {"open": "0% in 10s"},
        {"open": "101% in 10s"},
        {"open": "50% in 0s"},
        {"open": "50% in 10s", "reset": "soon"},
        {"open": "50% in 10s", "min_calls": 0},
        {"open": "50% in 10s", "nonsense": 1},
    ],
)
def test_settings_that_make_no_sense_are_refused(settings: dict[str, object]) -> None:
    with pytest.raises((ValueError, TypeError)):
        Breaker("x", **settings)


@pytest.mark.parametrize(
    ("open_", "reset"), [("50% in 10s", "30s"), ("30% in 1m", "60s"), ("50% in 5s", "10s")]
)
def test_the_usual_settings_trip_and_recover(clock: FakeClock, open_: str, reset: str) -> None:
    b = breaker(clock, open=open_, reset=reset, min_calls=10)
    ok(b, 5)
    fail(b, 5)
    assert b.state == "open"
    clock.pass_by(b.rule.reset)
    ok(b)
    assert b.state == "closed"
