"""The same questions to Debian's Prometheus and to Debian's VictoriaMetrics, and to one that misbehaves."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest

from month_counted import counted
from month_of_traffic import EVERY, START, Scrape, exposed, scrapes
from real_prometheus import Asked, RealPrometheus, victoria_metrics
from standfast import spec
from standfast.drivers.http_probe import BoundedHttp
from standfast.drivers.prometheus import PrometheusRange
from standfast.engine.consult import Consult
from standfast.engine.evaluate import Evaluate
from standfast.engine.meters import asked_indicators
from standfast.errors import SourceError
from standfast.slo.budget import BudgetState
from standfast.slo.objective import objectives
from standfast.slo.tally import Tally
from standfast.spec.server import PrometheusSettings
from standfast.spec.system import System
from standfast.spec.values import SecretRef
from standfast.store.database import Database

if TYPE_CHECKING:
    from conftest import FakeClock

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
DAYS = 4  # with the first incident in them
FILE = """
system: {name: shop}
components: {api: {type: http, scrape: "http://api.test/metrics"}}
service_levels:
  availability: {of: api, sli: availability, slo: 99.9%, SOURCE}
  latency: {of: api, sli: latency, slo: p95 < 200ms, SOURCE}
  own:
    of: api
    sli: query
    slo: 99.9%
    query:
      total: sum(increase(http_server_requests_total{job="api"}[$window]))
      bad: sum(increase(http_server_requests_total{job="api",code_class="5xx"}[$window]))
server: {prometheus: "URL"}
"""


def system(url: str = "http://127.0.0.1:1", source: str = "prometheus", **more: object) -> System:
    read = spec.read_text(FILE.replace("SOURCE", f"source: {source}").replace("URL", url))
    api = replace(read.components["api"], scrape_every=EVERY)
    asked = replace(read.server.prometheus, **{"catch_up": timedelta(days=5), **more})
    return replace(read, components={"api": api}, server=replace(read.server, prometheus=asked))


@pytest.fixture(scope="module")
def days() -> list[Scrape]:
    return list(scrapes(4, days=DAYS))


@pytest.fixture(scope="module", params=["prometheus", "victoria-metrics"])
def engine(
    request: pytest.FixtureRequest, days: list[Scrape], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Asked]:
    folder: Path = tmp_path_factory.mktemp("engine")
    if request.param == "prometheus":
        prometheus = RealPrometheus(folder)
        prometheus.fill(exposed(days))
        with prometheus.running() as asked:
            yield asked
    else:
        with victoria_metrics(folder) as asked:
            asked.take(exposed(days))
            yield asked


def read_all(consult: Consult, asked: System, clock: FakeClock, most: int = 60) -> None:
    """Tick until everything that is due has been answered."""
    for _ in range(most):
        consult.tick(asked, clock.now)
        if not consult._running and not consult.tick(asked, clock.now):
            return
    raise AssertionError("it does not come to an end")


@contextmanager
def consulting(database: Database, clock: FakeClock) -> Iterator[Consult]:
    consult = Consult(
        database, PrometheusRange(BoundedHttp()), clock, patience=timedelta(seconds=20)
    )
    yield consult
    consult.close()


def tally(database: Database, key: str, start: datetime, end: datetime) -> Tally:
    return database.read(lambda tx: tx.levels.tally(key, start - MINUTE, end - MINUTE))


def test_levels_are_counted_alike_over_either_source(
    sqlite: Database, clock: FakeClock, engine: Asked, days: list[Scrape]
) -> None:
    ours = list(counted(system(source="standfast"), days))
    sqlite.keep(lambda tx: tx.levels.add(ours))
    asked = system(engine.url)
    clock.now = START + timedelta(days=DAYS) + MINUTE
    with consulting(sqlite, clock) as consult:
        read_all(consult, asked, clock)
    progress = sqlite.read(lambda tx: tx.asked.progress())
    assert {(one.ok, one.because) for one in progress.values()} == {(True, "")}
    end = START + timedelta(days=DAYS)
    incident = (START + timedelta(days=3, hours=2), START + timedelta(days=3, hours=4))
    for mine, theirs in (
        ("api/requests!5xx,timeout", "api/requests!5xx,timeout~prometheus"),
        ("api/latency<0.2", "api/latency<0.2~prometheus"),
        ("api/requests!5xx,timeout", "api/query:own"),
    ):
        for window in ((START + HOUR, end), incident):
            here, there = tally(sqlite, mine, *window), tally(sqlite, theirs, *window)
            assert there.total == pytest.approx(here.total, rel=0.005)
            assert there.bad == pytest.approx(here.bad, rel=0.02, abs=3)
            assert there.covered > 0.99 * (window[1] - window[0])


def test_the_same_page_is_decided_over_either_source(
    sqlite: Database, clock: FakeClock, engine: Asked, days: list[Scrape]
) -> None:
    """Budget, burns and their reasons come out of the same evaluation."""
    until = START + timedelta(days=3, hours=3)  # an hour into an incident
    some = [one for one in days if one.at <= until]
    sqlite.keep(lambda tx: tx.levels.add(counted(system(source="standfast"), some)))
    asked, own = system(engine.url), system(source="standfast")
    clock.now = until + 2 * MINUTE
    with consulting(sqlite, clock) as consult:
        read_all(consult, asked, clock)
    found = {}
    for name, one in (("ours", own), ("theirs", asked)):
        Evaluate(sqlite).tick(one, clock.now)
        found[name] = sqlite.read(lambda tx: tx.levels.status("availability"))
    ours, theirs = found["ours"], found["theirs"]
    assert [one.state for one in ours.burns] == [one.state for one in theirs.burns]
    assert float(theirs.budget.left) == pytest.approx(float(ours.budget.left), rel=0.03)
    assert ours.budget.state == theirs.budget.state == BudgetState.BURNING


def test_an_expression_that_no_engine_understands_is_a_state_of_its_level_alone(
    sqlite: Database, clock: FakeClock, engine: Asked
) -> None:
    asked = system(engine.url)
    broken = replace(asked.service_levels["own"].query, bad="sum(no_such_function(x[$window]))")
    levels = dict(asked.service_levels)
    levels["own"] = replace(levels["own"], query=broken)
    clock.now = START + timedelta(days=1)
    with consulting(sqlite, clock) as consult:
        read_all(consult, replace(asked, service_levels=levels), clock)
    progress = sqlite.read(lambda tx: tx.asked.progress())
    assert progress["api/latency<0.2~prometheus"].ok
    assert not progress["api/query:own"].ok
    assert "refuses the query" in progress["api/query:own"].because
    assert tally(sqlite, "api/query:own", START, clock.now).total == 0


def test_a_series_that_is_not_there_is_unknown_and_not_good(
    sqlite: Database, clock: FakeClock, engine: Asked
) -> None:
    asked = system(engine.url)
    api = replace(asked.components["api"], metrics={"requests": "nobody_counts_this_total"})
    asked = replace(asked, components={"api": api})
    clock.now = START + timedelta(days=1)
    with consulting(sqlite, clock) as consult:
        read_all(consult, asked, clock)
    Evaluate(sqlite).tick(asked, clock.now)
    status = sqlite.read(lambda tx: tx.levels.status("availability"))
    assert status.budget.state is BudgetState.UNKNOWN
    progress = sqlite.read(lambda tx: tx.asked.progress())
    assert "nothing is answered since" in progress["api/requests!5xx,timeout~prometheus"].because


def test_the_generated_questions_are_understood_by_both(engine: Asked) -> None:
    """Every recording rule and every burn alert that we publish, asked of the engine itself."""
    from standfast.publish.prometheus.objectives import Measured, burn_query, measured, recordings
    from standfast.slo.burn import burn_windows

    able = [one for _, one in measured(system()) if isinstance(one, Measured)]
    at = START + timedelta(days=1)
    for one in recordings(able):
        engine.instant(one.expr, at)
    for one in able:
        query = burn_query(one, burn_windows(one.objective))
        assert query is not None
        engine.instant(query.expr, at)


# ------------------------------------------------------------------ one that misbehaves


class Misbehaving:
    """Answers `/api/v1/query_range` as it is told to; remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[dict[str, list[str]], dict[str, str]]] = []
        self.answer: Callable[[BaseHTTPRequestHandler, dict[str, list[str]]], None] | None = None
        self.stop = Event()
        me = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                query = parse_qs(urlsplit(self.path).query)
                me.asked.append((query, {key.lower(): text for key, text in self.headers.items()}))
                assert me.answer is not None
                me.answer(self, query)

            def log_message(self, *args: object) -> None: ...

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._server.block_on_close = False
        self._server.handle_error = lambda *_: None  # type: ignore[method-assign]
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def says(self, body: object, status: int = 200) -> None:
        text = body if isinstance(body, bytes) else json.dumps(body).encode()

        def answer(handler: BaseHTTPRequestHandler, _query: dict[str, list[str]]) -> None:
            handler.send_response(status)
            handler.send_header("content-length", str(len(text)))
            handler.end_headers()
            handler.wfile.write(text)

        self.answer = answer

    def close(self) -> None:
        self.stop.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture
def server() -> Iterator[Misbehaving]:
    server = Misbehaving()
    yield server
    server.close()


NOW = datetime(2026, 11, 20, 12, 0, 30, tzinfo=UTC)
FINE = {"metric": {"standfast": "total"}, "values": [[NOW.timestamp(), "1"]]}


def matrix(*series: object, **more: object) -> dict[str, object]:
    data = {"resultType": "matrix", "result": list(series)}
    return {"status": "success", "data": data, **more}


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (200, matrix(FINE, warnings=["a store did not answer"]), "in part only: a store did not"),
        (200, matrix(FINE, isPartial=True), "in part only"),
        (200, matrix(FINE, warnings=["PromQL warning: a mix"]), "doubts its own answer: PromQL"),
        (200, matrix(FINE, FINE), "several series for `total`: add them up"),
        (200, matrix({"metric": {}, "values": []}), "a series that nobody asked for"),
        (200, matrix({"metric": {"standfast": "bad"}, "values": [["x", "y"]]}), "in a shape"),
        (200, matrix({"metric": {"standfast": "bad"}, "values": [[1e300, "1"]]}), "in a shape"),
        (200, matrix("total"), "in a shape"),
        (200, {"status": "success", "data": []}, "without a result"),
        (200, b"<html>sign in</html>", "answered 200 and no JSON"),
        (200, b"[" * 100_000, "no JSON"),
        (200, b'{"status": "success", "data": "' + b"x" * 5_000_000 + b'"}', "more than"),
        (302, b"", "answered 302"),
        (400, {"status": "error", "errorType": "bad_data", "error": "parse error"}, "parse error"),
        (401, b"", "does not accept our credentials"),
        (404, b"", "is the path in its address right?"),
        (503, {"status": "error", "errorType": "timeout", "error": "query timed out"}, "timed out"),
        (502, b"bad gateway", "answered 502 and no JSON"),
    ],
)
def test_what_is_no_whole_answer_is_a_reason_and_never_a_figure(
    sqlite: Database,
    clock: FakeClock,
    server: Misbehaving,
    status: int,
    body: object,
    said: str,
) -> None:
    server.says(body, status)
    clock.now = NOW
    asked = system(server.url, catch_up=HOUR)
    with consulting(sqlite, clock) as consult:
        consult.tick(asked, clock.now)
    progress = sqlite.read(lambda tx: tx.asked.progress())
    for one in progress.values():
        assert said in one.because
        assert not one.ok
        assert one.read_to == datetime(2026, 11, 20, 10, 59, tzinfo=UTC)
        assert tally(sqlite, one.indicator, NOW - 2 * HOUR, NOW) == Tally()


def test_a_remark_on_a_name_is_no_warning(
    sqlite: Database, clock: FakeClock, server: Misbehaving
) -> None:
    server.says(matrix(warnings=["PromQL info: metric might not be a counter"]), 200)
    clock.now = NOW
    with consulting(sqlite, clock) as consult:
        consult.tick(system(server.url, catch_up=HOUR), clock.now)
    for one in sqlite.read(lambda tx: tx.asked.progress()).values():
        assert "nothing is answered since" in one.because


def test_a_tick_does_not_wait_for_an_answer_that_does_not_come(
    sqlite: Database, clock: FakeClock
) -> None:
    hold = Event()

    def asked(*_: object):
        hold.wait(150)
        raise SourceError("too late")

    clock.now = NOW
    consult = Consult(sqlite, asked, clock, patience=timedelta(seconds=0.05))
    try:
        assert consult.tick(system("http://prometheus.test"), clock.now) == 0
        assert consult._running
    finally:
        hold.set()
        consult.close()


def test_one_that_never_answers_costs_its_time_out_once(
    sqlite: Database, clock: FakeClock, server: Misbehaving
) -> None:
    server.answer = lambda _handler, _query: server.stop.wait(150) and None
    clock.now = NOW
    asked = system(server.url, timeout=timedelta(seconds=1))
    consult = Consult(sqlite, PrometheusRange(), clock, patience=timedelta(seconds=0.05))
    until = time.monotonic() + 60
    consult.tick(asked, clock.now)
    while consult._running and time.monotonic() < until:
        consult.tick(asked, clock.now)
    consult.close()
    progress = sqlite.read(lambda tx: tx.asked.progress())
    assert {one.because for one in progress.values()} == {
        f"{server.url}: no whole answer within 1s"
    }


def test_a_server_that_comes_back_is_asked_for_what_was_missed(
    sqlite: Database, clock: FakeClock, server: Misbehaving
) -> None:
    def answer(handler: BaseHTTPRequestHandler, query: dict[str, list[str]]) -> None:
        start, end = float(query["start"][0]), float(query["end"][0])
        ends = [start + 60 * number for number in range(round((end - start) / 60) + 1)]
        series = [
            {"metric": {"standfast": side}, "values": [[at, value] for at in ends]}
            for side, value in (("total", "2"), ("bad", "1"))
        ]
        body = json.dumps(matrix(*series)).encode()
        handler.send_response(200)
        handler.send_header("content-length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    asked = system(server.url, catch_up=HOUR)
    key = "api/requests!5xx,timeout~prometheus"
    clock.now = NOW
    with consulting(sqlite, clock) as consult:
        server.answer = answer
        read_all(consult, asked, clock)
        first = sqlite.read(lambda tx: tx.asked.progress())[key].read_to
        server.says(b"", 502)
        clock.pass_by(minutes=10)
        consult.tick(asked, clock.now)
        assert not sqlite.read(lambda tx: tx.asked.progress())[key].ok
        server.answer = answer
        clock.pass_by(minutes=2)
        read_all(consult, asked, clock)
    after = sqlite.read(lambda tx: tx.asked.progress())[key]
    assert after.ok
    assert after.read_to == first + 12 * MINUTE
    found = tally(sqlite, key, first, after.read_to)
    assert (found.bad_share, found.total, found.covered) == (Fraction(1, 2), 12 * 120, 12 * MINUTE)


def test_who_asks_is_told_and_the_time_is_always_named(
    server: Misbehaving, monkeypatch: pytest.MonkeyPatch, sqlite: Database, clock: FakeClock
) -> None:
    monkeypatch.setenv("ASK_TOKEN", "t0ps3cret")
    server.says({"status": "error", "errorType": "x", "error": "no"}, 400)
    clock.now = NOW
    token = SecretRef(kind="env", name="ASK_TOKEN")
    asked = system(server.url, token=token, tenant="shop", catch_up=HOUR)
    with consulting(sqlite, clock) as consult:
        consult.tick(asked, clock.now)
    query, headers = server.asked[0]
    assert headers["authorization"] == "Bearer t0ps3cret"
    assert headers["x-scope-orgid"] == "shop"
    assert float(query["end"][0]) == datetime(2026, 11, 20, 11, 59, tzinfo=UTC).timestamp()
    assert query["step"] == ["60"]
    said = [one.because for one in sqlite.read(lambda tx: tx.asked.progress()).values()]
    assert not any("t0ps3cret" in one for one in said)


def test_a_name_and_a_password_go_as_basic_authentication(
    server: Misbehaving, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASK_USER", "ada")
    monkeypatch.setenv("ASK_WORD", "pa:ss")
    server.says({"status": "success", "data": {"result": []}})
    pair = {
        "username": SecretRef(kind="env", name="ASK_USER"),
        "password": SecretRef(kind="env", name="ASK_WORD"),
    }
    PrometheusRange().answers(PrometheusSettings(url=server.url, **pair), NOW)
    assert server.asked[0][1]["authorization"] == "Basic YWRhOnBhOnNz"


def test_two_servers_that_ask_at_once_count_once(database: Database, clock: FakeClock) -> None:
    """The second finds that the minutes were read, and leaves its own counts."""
    asked = system()
    keys = list(asked_indicators(asked))
    newest = datetime(2026, 11, 20, 11, 59, tzinfo=UTC)
    claimed = database.keep(lambda tx: tx.asked.claim(keys, NOW, newest, HOUR))
    assert {one.indicator for one in claimed} == set(keys)
    assert database.keep(lambda tx: tx.asked.claim(keys, NOW, newest, HOUR)) == ()
    before = claimed[0]
    after = replace(before, read_to=newest, ok=True, because="")
    assert database.keep(lambda tx: tx.asked.move(before, after, NOW + MINUTE))
    assert not database.keep(lambda tx: tx.asked.move(before, after, NOW + MINUTE))
    assert database.read(lambda tx: tx.asked.progress())[before.indicator] == after
    database.keep(lambda tx: tx.asked.forget(keys[1:]))
    assert set(database.read(lambda tx: tx.asked.progress())) == set(keys[1:])


def test_without_a_server_a_query_says_what_is_missing(sqlite: Database, clock: FakeClock) -> None:
    asked = system()
    asked = replace(asked, server=replace(asked.server, prometheus=None))
    with consulting(sqlite, clock) as consult:
        consult.tick(asked, clock.now)
    progress = sqlite.read(lambda tx: tx.asked.progress())
    assert "no server is named to be asked" in progress["api/query:own"].because
    assert len(objectives(asked)) == 3
