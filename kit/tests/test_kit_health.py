"""Health answers: the right status and code, in time, and once however many ask."""

import asyncio
import threading
import time
from functools import partial

import pytest

from standfast_kit import Kit, health
from standfast_kit.health import Kind
from standfast_kit.testing import FakeClock


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """A check may take as long as it is given: the machine may be busy."""
    monkeypatch.setattr(health, "TIMEOUTS", dict.fromkeys(Kind, 100.0))


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def kit(clock: FakeClock, monkeypatch: pytest.MonkeyPatch) -> Kit:
    """Its checks are given a minute where the test names no time."""
    kit = Kit("shop", "1.2.3", clock=clock, monotonic=clock.monotonic)
    monkeypatch.setattr(kit, "check", partial(kit.check, timeout="60s"))
    return kit


@pytest.fixture(params=["threads", "loop"])
def probe(request: pytest.FixtureRequest):
    """The same probe through both colours."""

    def run(kit: Kit, kind: str = "ready", **more: bool):
        if request.param == "threads":
            return kit.health.probe(Kind(kind), **more)
        return asyncio.run(kit.health.probe_async(Kind(kind), **more))

    return run


def broken() -> None:
    raise OSError("password=hunter2")


def test_the_answer_has_exactly_the_agreed_fields(kit: Kit, clock: FakeClock, probe) -> None:
    kit.check("database", lambda: clock.pass_by(0.005))
    report = probe(kit)
    assert report.http_status == 200
    assert report.body == {
        "status": "healthy",
        "timestamp": "2026-01-01T00:00:00Z",
        "version": "1.2.3",
        "checks": {"database": {"status": "healthy", "latency_ms": 5}},
    }
    assert list(report.body) == ["status", "timestamp", "version", "checks"]


def test_an_optional_part_down_degrades(kit: Kit, probe) -> None:
    kit.check("database", lambda: True)
    kit.check("search", broken, required=False)
    report = probe(kit)
    assert (report.body["status"], report.http_status) == ("degraded", 200)


@pytest.mark.parametrize("kind", ["ready", "deep"])
def test_a_required_part_down_fails_the_probe_and_leaves_liveness_alone(
    kit: Kit, probe, kind: str
) -> None:
    kit.check("database", broken)
    kit.check("search", broken, required=False)
    report = probe(kit, kind)
    assert (report.body["status"], report.http_status) == ("unhealthy", 503)
    assert (kit.health.live().http_status, kit.health.live().body["checks"]) == (200, {})


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (None, "healthy"),
        (True, "healthy"),
        (False, "unhealthy"),
        ("degraded", "degraded"),
        ("odd", "unhealthy"),
    ],
)
def test_a_check_answers_in_several_ways(kit: Kit, probe, answer: object, status: str) -> None:
    kit.check("database", lambda: answer)
    assert probe(kit).body["checks"]["database"]["status"] == status


def test_a_required_part_that_is_degraded_does_not_fail_readiness(kit: Kit, probe) -> None:
    kit.check("database", lambda: "degraded")
    assert (probe(kit).body["status"], probe(kit).http_status) == ("degraded", 200)


def test_coroutine_checks_work_in_both_colours(kit: Kit, probe) -> None:
    async def fine() -> None:
        await asyncio.sleep(0)

    async def down() -> None:
        raise OSError

    kit.check("database", fine)
    kit.check("search", down, required=False)
    checks = probe(kit).body["checks"]
    assert [checks[name]["status"] for name in ("database", "search")] == ["healthy", "unhealthy"]


def test_error_details_are_for_the_authorised(kit: Kit, probe) -> None:
    kit.check("database", broken)
    assert "hunter2" not in str(probe(kit).body)
    detailed = probe(kit, details=True).body["checks"]["database"]
    assert detailed["error"] == "OSError: password=hunter2"


def test_a_hanging_check_is_cut_and_the_others_are_still_told(probe) -> None:
    kit, release = Kit("shop"), threading.Event()
    kit.check("hangs", lambda: release.wait(120), timeout="100ms")
    kit.check("fine", lambda: True, timeout="60s")
    try:
        started = time.monotonic()
        report = probe(kit, details=True)
        assert time.monotonic() - started < 60
        checks = report.body["checks"]
        assert checks["hangs"]["status"] == "unhealthy"
        assert "timed out after 0.1 s" in checks["hangs"]["error"]
        assert checks["fine"]["status"] == "healthy"
        assert report.http_status == 503
    finally:
        release.set()


def test_a_coroutine_check_that_swallows_its_cancellation_is_cut_too() -> None:
    kit = Kit("shop")

    async def story() -> None:
        refused, enough = asyncio.Event(), asyncio.Event()

        async def stubborn() -> None:
            while not enough.is_set():
                try:
                    await enough.wait()
                except asyncio.CancelledError:
                    refused.set()

        kit.check("stubborn", stubborn, timeout="50ms")
        # It ends only once the probe has answered without it.
        report = await asyncio.wait_for(kit.health.probe_async(Kind.READY), 60)
        assert report.http_status == 503
        await refused.wait()
        enough.set()

    asyncio.run(story())


def test_a_check_that_still_hangs_is_not_started_again(clock: FakeClock) -> None:
    kit, runs, release = Kit("shop"), [], threading.Event()
    kit.check("hangs", lambda: (runs.append(1), release.wait(120)), timeout="20ms")
    kit.health._reuse = 0.0
    for _ in range(3):
        assert kit.health.ready().http_status == 503
    assert len(runs) == 1
    release.set()
    until = time.monotonic() + 60
    while kit.health._busy and time.monotonic() < until:
        time.sleep(0.005)
    kit.check("hangs", lambda: True, timeout="60s")
    assert kit.health.ready().http_status == 200


def test_a_hundred_probes_at_once_make_one_run_on_the_loop(kit: Kit) -> None:
    runs = []

    async def check() -> None:
        runs.append(1)
        await asyncio.sleep(0.02)

    kit.check("database", check)

    async def storm() -> set[int]:
        reports = await asyncio.gather(*(kit.health.probe_async(Kind.READY) for _ in range(100)))
        return {report.http_status for report in reports}

    assert asyncio.run(storm()) == {200}
    assert len(runs) == 1


def test_a_hundred_probes_at_once_make_one_run_in_threads(kit: Kit) -> None:
    runs, statuses, gate = [], [], threading.Barrier(100)
    kit.check("database", lambda: (runs.append(1), time.sleep(0.1)))

    def one() -> None:
        gate.wait()
        statuses.append(kit.health.ready().http_status)

    threads = [threading.Thread(target=one) for _ in range(100)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (set(statuses), len(runs)) == ({200}, 1)


def test_a_probe_that_goes_away_does_not_cancel_the_check_for_others(kit: Kit) -> None:
    runs = []

    async def check() -> None:
        await asyncio.sleep(0.02)
        runs.append(1)

    kit.check("database", check)

    async def story() -> int:
        first = asyncio.create_task(kit.health.probe_async(Kind.READY))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        second = asyncio.create_task(kit.health.probe_async(Kind.READY))
        await asyncio.sleep(0)
        first.cancel()
        return (await second).http_status

    assert asyncio.run(story()) == 200
    assert runs == [1]


def test_a_result_older_than_two_periods_is_unknown_and_not_healthy(
    kit: Kit, clock: FakeClock, probe
) -> None:
    kit.check("worker", None, period="10s")
    assert probe(kit).body["checks"]["worker"]["status"] == "unknown"
    kit.health.report("worker")
    clock.pass_by(20)
    assert probe(kit).body["status"] == "healthy"
    clock.pass_by(0.1)
    report = probe(kit)
    assert report.body["checks"]["worker"]["status"] == "unknown"
    assert (report.body["status"], report.http_status) == ("unhealthy", 503)
    with pytest.raises(KeyError, match="no check"):
        kit.health.report("nobody")


def test_an_optional_unknown_only_degrades(kit: Kit, probe) -> None:
    kit.check("worker", None, required=False)
    assert (probe(kit).body["status"], probe(kit).http_status) == ("degraded", 200)


def test_deep_checks_are_left_to_the_deep_endpoint(kit: Kit, probe) -> None:
    kit.check("database", lambda: True)
    kit.check("backups", broken, deep=True)
    assert list(probe(kit).body["checks"]) == ["database"]
    assert probe(kit, "deep").http_status == 503


@pytest.mark.parametrize("state", ["open", "half-open", "forced-open"])
def test_a_breaker_that_is_not_closed_degrades_and_never_fails_readiness(
    kit: Kit, probe, state: str
) -> None:
    b = kit.breaker("search", open="50% in 5s", reset="10s")
    assert probe(kit).body["checks"]["search"] == {"status": "healthy", "latency_ms": 0}
    b.force(state)
    report = probe(kit)
    assert (report.body["checks"]["search"]["status"], report.http_status) == ("degraded", 200)
    assert report.body["status"] == "degraded"


def test_a_check_and_a_breaker_of_one_name_show_the_worse(kit: Kit, probe) -> None:
    kit.check("search", lambda: True, required=False)
    kit.breaker("search", open="50% in 5s").force_open()
    assert probe(kit).body["checks"]["search"]["status"] == "degraded"


def test_a_fresh_result_is_used_again(kit: Kit, clock: FakeClock, probe) -> None:
    runs = []
    kit.check("database", lambda: runs.append(1))
    probe(kit)
    probe(kit)
    assert len(runs) == 1
    clock.pass_by(1)
    probe(kit)
    assert len(runs) == 2
