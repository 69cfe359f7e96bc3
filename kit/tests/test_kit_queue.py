"""The retry queue keeps what it has taken, makes it at least once, and shows what waits."""

import asyncio
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from standfast_kit import CircuitOpen, Job, QueueFull, RetryQueue
from standfast_kit.retry_queue import Drained
from standfast_kit.testing import FakeClock


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def make(tmp_path: Path, clock: FakeClock):
    made: list[RetryQueue] = []

    def build(**settings: object) -> RetryQueue:
        made.append(RetryQueue(tmp_path / "queue.db", clock=clock, **settings))
        return made[-1]

    yield build
    for one in made:
        one.close()


def broken(job: Job) -> None:
    raise OSError("still down")


def test_what_was_put_outlives_the_process_and_is_made_in_order(make) -> None:
    first = make()
    assert first.put("a", {"n": 1})
    assert first.put("b", {"n": 2})
    first.close()
    seen: list[Job] = []
    assert make().drain(seen.append).done == 2
    assert [(job.key, job.payload, job.attempts) for job in seen] == [
        ("a", {"n": 1}, 1),
        ("b", {"n": 2}, 1),
    ]


def test_a_key_is_taken_once_even_after_it_is_done(make, clock: FakeClock) -> None:
    q = make(remember="1h")
    assert q.put("a", 1)
    assert not q.put("a", 1)
    q.drain(lambda job: None)
    assert not q.put("a", 1)
    clock.pass_by(3601)
    assert q.put("a", 1)


def test_failures_wait_longer_each_time_and_then_count_as_dead(make, clock: FakeClock) -> None:
    q = make(backoff="1s", backoff_cap="3s", max_attempts=4)
    q.put("a", 1)
    for wait in (1, 2, 3):
        assert q.drain(broken).failed == 1
        clock.pass_by(wait - 0.1)
        assert q.drain(broken) == Drained()
        clock.pass_by(0.1)
    assert q.drain(broken).dead == 1
    assert q.dead() == (("a", "OSError: still down"),)
    assert q.depth() == 0
    assert q.revive("a")
    assert q.drain(lambda job: None).done == 1


def test_an_open_circuit_stops_the_drain_and_costs_no_attempt(make, clock: FakeClock) -> None:
    q = make()
    q.put("a", 1)
    q.put("b", 1)
    tried: list[Job] = []

    def refused(job: Job) -> None:
        tried.append(job)
        raise CircuitOpen("payments", "open", 30.0)

    assert q.drain(refused).refused
    assert len(tried) == 1
    clock.pass_by(30)
    q.drain(tried.append)
    assert sorted((job.key, job.attempts) for job in tried[1:]) == [("a", 1), ("b", 1)]


def test_a_job_whose_worker_died_is_made_again_after_its_lease(make, clock: FakeClock) -> None:
    q = make(lease="60s")
    q.put("a", 1)

    def dies(job: Job) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        q.drain(dies)
    assert q.drain(lambda job: None).done == 0
    clock.pass_by(60)
    seen: list[Job] = []
    assert q.drain(seen.append).done == 1
    assert seen[0].attempts == 2


def test_a_worker_whose_lease_ran_out_cannot_settle_for_the_next(make, clock: FakeClock) -> None:
    q, other = make(lease="60s", max_attempts=1), make(lease="60s", max_attempts=1)
    q.put("a", 1)

    def slow(job: Job) -> None:
        clock.pass_by(61)
        assert other.drain(lambda job: None).done == 1
        raise OSError

    q.drain(slow)
    assert q.dead() == ()


def test_two_workers_never_make_the_same_job_at_once(make) -> None:
    q, other = make(), make()
    for n in range(60):
        q.put(str(n), n)
    seen: list[str] = []
    threads = [
        threading.Thread(target=one.drain, args=(lambda job: seen.append(job.key),))
        for one in (q, other)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(int, seen)) == list(range(60))


def test_depth_and_oldest_age_can_be_read(make, clock: FakeClock) -> None:
    q = make()
    assert (q.depth(), q.oldest_age()) == (0, 0.0)
    q.put("a", 1)
    clock.pass_by(20)
    q.put("b", 1)
    assert (q.depth(), q.oldest_age()) == (2, 20.0)


def test_it_is_bounded(make) -> None:
    q = make(max_jobs=2, max_payload=20)
    q.put("a", 1)
    q.put("b", 1)
    with pytest.raises(QueueFull, match="drain it"):
        q.put("c", 1)
    with pytest.raises(QueueFull, match="bytes"):
        q.put("d", "x" * 30)
    with pytest.raises(ValueError, match="key"):
        q.put("", 1)
    with pytest.raises(TypeError):
        q.put("e", object())


def test_coroutine_handlers_drain_it_too(make) -> None:
    q = make()
    q.put("a", 1)
    q.put("b", 2)

    async def handler(job: Job) -> None:
        if job.key == "a":
            raise OSError

    drained = asyncio.run(q.drain_async(handler))
    assert (drained.done, drained.failed) == (1, 1)


def test_a_worker_drains_until_it_is_told_to_stop(make) -> None:
    q, stop = make(), threading.Event()
    q.put("a", 1)
    worker = threading.Thread(target=q.work, args=(lambda job: stop.set(), stop, "1ms"))
    worker.start()
    worker.join(60)
    assert stop.is_set()
    assert q.depth() == 0


@pytest.mark.kill
def test_an_answered_put_survives_kill_9(tmp_path: Path) -> None:
    code = (
        "import sys; from standfast_kit import RetryQueue\n"
        "q = RetryQueue(sys.argv[1])\n"
        "for n in range(10_000):\n"
        "    q.put(str(n), n); print(n, flush=True)\n"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path / "q.db")], stdout=subprocess.PIPE, text=True
    )
    answered = [child.stdout.readline() for _ in range(25)]
    os.kill(child.pid, signal.SIGKILL)
    answered += child.stdout.read().splitlines(keepends=True)
    child.wait()
    child.stdout.close()
    kept = {line.strip() for line in answered if line.endswith("\n")}
    q = RetryQueue(tmp_path / "q.db")
    seen: set[str] = set()
    q.drain(lambda job: seen.add(job.key), limit=20_000)
    q.close()
    assert kept <= seen
