"""What one thread does in the middle of another's deed: nothing is lost, and nothing is there twice."""

import threading
from pathlib import Path

import pytest

from standfast_kit import Audit, Breaker, Kit
from standfast_kit import kit as kits
from standfast_kit.metrics import Gauge
from standfast_kit.testing import FakeClock
from standfast_kit.window import Window

LONG = 60  # seconds, on a busy machine
A_MOMENT = 0.1  # in which another thread could do harm, were it let


def test_a_call_that_ends_while_the_breaker_changes_is_in_the_books(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    breaker, whole = (
        Breaker("payments", open="50% in 10s", clock=FakeClock().monotonic),
        Window.whole,
    )
    begun, end = threading.Event(), threading.Event()
    call = breaker(lambda: begun.set() or end.wait(LONG))
    calling = threading.Thread(target=call)
    calling.start()
    assert begun.wait(LONG)

    def watched(window: Window):
        seen = whole(window)
        end.set()
        calling.join(A_MOMENT)
        return seen

    monkeypatch.setattr(Window, "whole", watched)
    breaker.force_open()
    calling.join(LONG)

    assert breaker.reading().ok == 1


def test_a_gauge_that_is_set_while_it_steps_stays_as_it_was_set() -> None:
    gauge, setting = Gauge(), []

    class Step(float):
        def __radd__(self, before: float) -> float:
            setting.append(threading.Thread(target=gauge.set, args=(5.0,)))
            setting[0].start()
            setting[0].join(A_MOMENT)
            return before + 1

    gauge.inc(Step(1))
    setting[0].join(LONG)

    assert gauge.value == 5


def test_of_two_threads_that_make_one_breaker_at_once_one_gets_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kit, both = Kit("shop"), threading.Barrier(2)
    made: list[Breaker] = []
    refused: list[str] = []

    def slowly(*args, **settings) -> Breaker:
        both.wait(LONG)
        return Breaker(*args, **settings)

    def make() -> None:
        try:
            made.append(kit.breaker("payments", open="50% in 10s"))
        except ValueError as error:
            refused.append(str(error))

    monkeypatch.setattr(kits, "Breaker", slowly)
    threads = [threading.Thread(target=make) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LONG)

    assert refused == ["breaker 'payments' exists already; there are: payments"]
    assert made == [kit.breaker("payments")]


def test_what_is_added_while_health_answers_does_not_spoil_the_answer() -> None:
    kit = Kit("shop")
    kit.breaker("payments", open="50% in 10s")
    kit.check("database", lambda: True, timeout="60s")

    class Late:
        """A breaker in the middle of whose look another one comes."""

        name = "late"

        @property
        def state(self) -> str:
            if "mail" not in kit.breakers:
                kit.breaker("mail", open="50% in 10s")
            return "closed"

    kit.health.watch(Late())
    judged = kit.health._judged

    def adding(*terms):
        kit.check(f"more-{len(kit.health._checks)}", lambda: True, timeout="60s")
        return judged(*terms)

    assert set(kit.health.ready().body["checks"]) == {"database", "payments", "late"}
    kit.health._judged = adding
    assert set(kit.health.statuses()) == {"database"}
    assert set(kit.health.statuses()) == {"database", "more-1"}


def test_a_client_that_is_closed_while_its_thread_starts_leaves_none_behind(tmp_path: Path) -> None:
    client, starting = Audit(tmp_path), []
    tell = client._stop.set

    def told() -> None:
        tell()
        if not starting:
            starting.append(threading.Thread(target=client.start))
            starting[0].start()
            starting[0].join(A_MOMENT)

    client._stop.set = told
    client.close()
    starting[0].join(LONG)
    forwarding = client._thread
    assert forwarding is not None
    client.close()
    assert not forwarding.is_alive()
