"""Remote write: from the bytes on the wire to counts, and from a real Prometheus to a real server."""

from __future__ import annotations

import json
import struct
import subprocess
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import cramjam
import httpx2
import pytest
import uvicorn
from hypothesis import given
from hypothesis import strategies as st

from free_ports import free_port
from month_counted import counted
from month_of_traffic import EVERY, START, Scrape, scrapes
from standfast import spec
from standfast.app.platform import Platform
from standfast.app.settings import Settings
from standfast.audit.event import SYSTEM
from standfast.drivers import remote_write
from standfast.engine.receive import Receipt, Receive
from standfast.errors import StandfastError
from standfast.monitoring.written import SETTLED, Last, Written, risen
from standfast.slo.tally import Tally
from standfast.spec.system import System
from standfast.store.database import Database
from standfast.web.server import create
from standfast.web.serving import IDLE

if TYPE_CHECKING:
    from conftest import FakeClock

MINUTE = timedelta(minutes=1)
NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
KEY = "api/requests!5xx,timeout~remote-write"
SLOW = "api/latency<0.2~remote-write"
FILE = """
system: {name: shop}
components: {api: {type: http, owner: shop}}
service_levels:
  availability: {of: api, sli: availability, slo: 99.9%}
  latency: {of: api, sli: latency, slo: p95 < 200ms}
people: {ada: {name: Ada Ito, email: ada@shop.test}}
teams: {shop: {members: [ada], lead: ada}}
server: {source: remote-write}
"""


def system(series: int = 20_000) -> System:
    read = spec.read_text(FILE)
    api = replace(read.components["api"], scrape_every=EVERY, series=series)
    return replace(read, components={"api": api})


# ------------------------------------------------------------------ on the wire


def varint(number: int) -> bytes:
    number &= (1 << 64) - 1
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*out, number])


def field(number: int, value: bytes) -> bytes:
    return varint(number << 3 | 2) + varint(len(value)) + value


def message(series: Iterable[Written]) -> bytes:
    """As the specification writes it, with metadata at the end that nobody reads."""
    out = b""
    for one in series:
        labels = (("__name__", one.name), *one.labels)
        body = b"".join(
            field(1, field(1, name.encode()) + field(2, text.encode())) for name, text in labels
        )
        for at, value in one.samples:
            millis = round((at - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(milliseconds=1))
            body += field(2, b"\x09" + struct.pack("<d", value) + b"\x10" + varint(millis))
        out += field(1, body)
    return out + field(3, b"\x08\x01\x12\x04more")


def packed(series: Iterable[Written]) -> bytes:
    return bytes(cramjam.snappy.compress_raw(message(series)))


TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\x1e\x1f"), min_size=1, max_size=20)
AT = st.integers(-10_000_000, 4_000_000_000_000).map(
    lambda ms: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=ms)
)
SERIES = st.builds(
    Written,
    name=TEXT,
    labels=st.dictionaries(TEXT.filter(lambda one: one != "__name__"), TEXT, max_size=5).map(
        lambda found: tuple(sorted(found.items()))
    ),
    samples=st.lists(st.tuples(AT, st.floats(allow_nan=False)), max_size=5).map(tuple),
)


@given(st.lists(SERIES, max_size=5))
def test_what_is_written_is_read(series: list[Written]) -> None:
    assert remote_write.read(packed(series)) == tuple(series)


@given(st.binary(max_size=300))
def test_whatever_else_comes_is_one_clear_error(body: bytes) -> None:
    for sent in (body, bytes(cramjam.snappy.compress_raw(body))):
        with suppress(StandfastError):
            remote_write.read(sent)


@given(st.lists(SERIES, min_size=1, max_size=3), st.data())
def test_what_breaks_off_is_never_taken_for_whole(
    series: list[Written], data: st.DataObject
) -> None:
    whole = message(series)
    cut = data.draw(st.integers(0, len(whole) - 1))
    try:
        found = remote_write.read(bytes(cramjam.snappy.compress_raw(whole[:cut])))
    except StandfastError:
        return
    assert len(found) <= len(series)


def test_a_bomb_is_refused_before_it_is_unpacked() -> None:
    bomb = varint(4_000_000_000) + b"\0" * 100
    with pytest.raises(StandfastError, match="once unpacked"):
        remote_write.read(bomb)


def test_more_than_is_taken_at_once_is_refused() -> None:
    many = [Written(name=f"n{one}", labels=(), samples=()) for one in range(50_001)]
    with pytest.raises(StandfastError, match="50,000 series"):
        remote_write.read(packed(many))
    labels = tuple((f"l{one:03}", "x") for one in range(60))
    odd = Written(name="n", labels=labels, samples=())
    assert remote_write.read(packed([odd, many[0]])) == (many[0],)


# ------------------------------------------------------------------ thinking


@given(st.lists(st.tuples(st.integers(0, 300), st.integers(0, 1000)), min_size=1, max_size=40))
def test_duplicates_and_stragglers_count_nothing(pairs: list[tuple[int, int]]) -> None:
    """However the samples of a series come, what rises is what rose between those that were new."""
    last: Last | None = None
    rises = []
    for seconds, value in pairs:
        at = NOON + timedelta(seconds=seconds)
        sent = Written(name="n", labels=(), samples=((at, float(value)),) * 2)
        found = risen("api", sent, last, NOON + timedelta(hours=1))
        rises += found.rises
        assert (found.last is None) == (last is not None and at <= last.at)
        last = found.last or last
    assert [one.at for one in rises] == sorted({one.at for one in rises})
    assert all(one.by >= 0 for one in rises)


def test_no_number_and_no_time_ahead_is_taken() -> None:
    before = Last(at=NOON, value=5)
    for at, value in (
        (NOON + MINUTE, float("nan")),
        (NOON + MINUTE, float("inf")),
        (NOON + MINUTE, -1.0),
        (NOON + timedelta(hours=1), 9.0),
    ):
        sent = Written(name="n", labels=(), samples=((at, value),))
        assert risen("api", sent, before, NOON + MINUTE).last is None


# ------------------------------------------------------------------ counting


def of_scrape(scrape: Scrape, instance: str = "one") -> list[Written]:
    return [
        Written(
            name=one.name,
            labels=tuple(sorted((*one.labels, ("job", "api"), ("instance", instance)))),
            samples=((scrape.at, one.value),),
        )
        for one in scrape.samples
    ]


def tally(database: Database, key: str, start: datetime, end: datetime) -> Tally:
    return database.read(lambda tx: tx.levels.tally(key, start, end))


def test_pieces_in_any_order_and_twice_come_to_the_same_counts(
    database: Database, clock: FakeClock
) -> None:
    """Three connections share the series of each scrape; each request is sent twice, the newest piece first."""
    some = [one for one in scrapes(4, days=1) if one.at <= START + timedelta(hours=1)]
    receive, mine = Receive(database), system()
    for scrape in some:
        sent = of_scrape(scrape)
        for part in (sent[2::3], sent[::3], sent[1::3]):
            for _ in range(2):
                receive.take(remote_write.read(packed(part)), mine, scrape.at)
        receive.tick(mine, scrape.at)
    last = some[-1].at
    receive.tick(mine, last + SETTLED)

    api = replace(mine.components["api"], scrape="http://api.test/metrics")
    levels = {name: replace(one, source="standfast") for name, one in mine.service_levels.items()}
    own = replace(mine, components={"api": api}, service_levels=levels)
    database.keep(lambda tx: tx.levels.add(counted(own, some)))
    for theirs in (KEY, SLOW):
        ours = theirs.removesuffix("~remote-write")
        found, expected = (tally(database, one, START, last) for one in (theirs, ours))
        assert (found.bad, found.total) == (expected.bad, expected.total)
        assert found.total > 1000
        assert found.covered == expected.covered
    assert {one.ok for one in database.read(lambda tx: tx.asked.progress()).values()} == {True}


def test_a_histogram_with_a_piece_missing_is_not_taken_for_slow(
    sqlite: Database, clock: FakeClock
) -> None:
    some = [one for one in scrapes(4, days=1) if one.at <= START + 10 * MINUTE]
    receive, mine = Receive(sqlite), system()
    for scrape in some:
        sent = [one for one in of_scrape(scrape) if one.label("le") != "0.2"]
        receive.take(sent, mine, scrape.at)
        receive.tick(mine, scrape.at + SETTLED)
    assert tally(sqlite, SLOW, START, some[-1].at) == Tally()
    assert tally(sqlite, KEY, START, some[-1].at).total > 0


def test_who_falls_silent_is_unknown_and_told(sqlite: Database, clock: FakeClock) -> None:
    receive, mine = Receive(sqlite), system()
    receive.tick(mine, START)
    progress = sqlite.read(lambda tx: tx.asked.progress())
    assert {one.because for one in progress.values()} == {"nothing was written yet"}
    some = [one for one in scrapes(4, days=1) if one.at <= START + 5 * MINUTE]
    for scrape in some:
        receive.take(of_scrape(scrape), mine, scrape.at)
        receive.tick(mine, scrape.at + SETTLED)
    assert sqlite.read(lambda tx: tx.asked.progress())[KEY].ok
    receive.tick(mine, START + 20 * MINUTE)
    assert "nothing was written since" in sqlite.read(lambda tx: tx.asked.progress())[KEY].because


def test_a_flood_of_series_is_a_state_and_counts_nothing_until_it_ends(
    sqlite: Database, clock: FakeClock
) -> None:
    receive, mine = Receive(sqlite), system(series=50)

    def sent(first: int, number: int, minute: int) -> Receipt:
        """Every user makes a request a minute."""
        at = NOON + minute * MINUTE
        found = [
            Written(
                name="http_server_requests_total",
                labels=(("code_class", "2xx"), ("job", "api"), ("user", f"{one}")),
                samples=((at, float(minute)),),
            )
            for one in range(first, first + number)
        ]
        receipt = receive.take(found, mine, at)
        receive.tick(mine, at + SETTLED)
        return receipt

    def standing() -> tuple[bool, str]:
        state = sqlite.read(lambda tx: tx.asked.progress())[KEY]
        return state.ok, state.because

    def total(minute: int) -> int:
        return tally(sqlite, KEY, START, NOON + minute * MINUTE).total

    assert sent(0, 50, 0).beyond == 0
    sent(0, 50, 1)
    assert (standing(), total(1)) == ((True, ""), 50)
    receipt = sent(40, 20, 2)
    assert (receipt.taken, receipt.beyond) == (10, 10)
    said = "is written with more than 50 series, so nothing is counted:"
    said += " 'user' of http_server_requests_total alone has 20 values"
    assert standing() == (False, said)
    assert (
        sqlite.read(lambda tx: tx.monitoring.floods())["api/remote-write"].at == NOON + 2 * MINUTE
    )
    sent(0, 40, 6)
    assert not standing()[0]
    for minute in (8, 9):
        sent(0, 40, minute)
    assert (standing(), total(9)) == ((True, ""), 50 + 2 * 40 + 40)


def test_the_series_of_replicas_that_are_gone_make_room(sqlite: Database, clock: FakeClock) -> None:
    receive, mine = Receive(sqlite), system(series=50)

    def sent(replica: str, minute: int) -> int:
        at = NOON + minute * MINUTE
        labels = [(("instance", replica), ("job", "api"), ("path", f"{n}")) for n in range(30)]
        found = [
            Written(name="http_server_requests_total", labels=one, samples=((at, 1.0),))
            for one in labels
        ]
        return receive.take(found, mine, at).beyond

    assert sent("old", 0) == 0
    assert sent("new", 5) == 10
    assert sent("new", 20) == 0


def test_what_nobody_wants_is_not_kept(sqlite: Database, clock: FakeClock) -> None:
    strange = Written(name="up", labels=(("job", "api"),), samples=((NOON, 1.0),))
    elsewhere = replace(strange, name="http_server_requests_total", labels=(("job", "web"),))
    receipt = Receive(sqlite).take([strange, elsewhere], system(), NOON)
    assert (receipt.taken, receipt.unwanted) == (0, 2)


# ------------------------------------------------------------------ the real thing


class Counting(BaseHTTPRequestHandler):
    """An application whose every answer is one request more; each tenth fails."""

    seen = 0

    def do_GET(self) -> None:
        cls = type(self)
        cls.seen += 10
        text = (
            f'http_server_requests_total{{route="/",code_class="2xx"}} {cls.seen * 9 // 10}\n'
            f'http_server_requests_total{{route="/",code_class="5xx"}} {cls.seen // 10}\n'
        ).encode()
        self.send_response(200)
        self.send_header("content-type", "text/plain; version=0.0.4")
        self.send_header("content-length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: object) -> None: ...


@contextmanager
def threaded(handler: type[BaseHTTPRequestHandler]) -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


@contextmanager
def standfast(folder: Path) -> Iterator[tuple[Platform, str]]:
    file = folder / "shop.yaml"
    file.write_text(FILE, encoding="utf-8")
    port = free_port()
    platform = Platform(
        Settings(
            file=str(file),
            database=f"sqlite:///{folder / 'standfast.db'}",
            data=folder,
            port=port,
        )
    )
    platform.begin()
    server = uvicorn.Server(
        uvicorn.Config(
            create(platform),
            host="127.0.0.1",
            port=port,
            log_level="warning",
            timeout_keep_alive=IDLE,
        )
    )
    thread = threading.Thread(target=server.run)
    thread.start()
    address = f"http://127.0.0.1:{port}"
    wait_until(lambda: server.started)
    yield platform, address
    server.should_exit = True
    thread.join()
    platform.end()


def wait_until(holds, seconds: float = 90) -> None:
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.1)


def test_a_real_prometheus_writes_to_a_real_server(tmp_path: Path) -> None:
    with threaded(Counting) as shop, standfast(tmp_path) as (platform, address):
        token = platform.sign_in.make_token("prometheus", ("metrics",), SYSTEM)
        (tmp_path / "token").write_text(token)
        config = {
            "global": {"scrape_interval": "1s"},
            "scrape_configs": [
                {"job_name": "api", "static_configs": [{"targets": [f"127.0.0.1:{shop}"]}]}
            ],
            "remote_write": [
                {
                    "url": f"{address}/api/v1/write",
                    "authorization": {"credentials_file": str(tmp_path / "token")},
                    "queue_config": {"batch_send_deadline": "1s"},
                }
            ],
        }
        (tmp_path / "prometheus.yml").write_text(json.dumps(config))
        with (tmp_path / "prometheus.log").open("wb") as log:
            process = subprocess.Popen(
                ["prometheus", f"--config.file={tmp_path / 'prometheus.yml'}",
                 f"--storage.tsdb.path={tmp_path / 'tsdb'}",
                 f"--web.listen-address=127.0.0.1:{free_port()}"],
                stdout=log, stderr=log,
            )  # fmt: skip
        try:
            store = platform.keeping.database

            def enough() -> bool:
                found = store.read(lambda tx: tx.levels.tally(KEY, NOON - timedelta(days=999), FAR))
                return found.total >= 100

            wait_until(enough)
        finally:
            process.terminate()
            process.wait(60)
        found = store.read(lambda tx: tx.levels.tally(KEY, NOON - timedelta(days=999), FAR))
        assert found.bad * 10 == found.total
        assert found.covered > timedelta(seconds=5)
        screen = platform.read.objective("availability", platform.now())
        assert dict(screen.why)["Written by"].startswith("Prometheus, up to ")


FAR = datetime(2100, 1, 1, tzinfo=UTC)


def test_who_has_no_token_or_sends_something_else_is_told_so(tmp_path: Path) -> None:
    with standfast(tmp_path) as (platform, address):
        url = f"{address}/api/v1/write"
        headers = {"content-type": "application/x-protobuf", "content-encoding": "snappy"}

        def post(scope: str, body: bytes, **more: str) -> httpx2.Response:
            token = platform.sign_in.make_token("test", (scope,), SYSTEM)
            told = {**headers, "authorization": f"Bearer {token}", **more}
            return httpx2.post(url, content=body, headers=told, trust_env=False)

        good = packed(of_scrape(next(iter(scrapes(4, days=1)))))
        assert httpx2.post(url, content=good, headers=headers, trust_env=False).status_code == 401
        assert post("read", good).status_code == 403
        assert post("metrics", good).status_code == 204
        assert post("metrics", b"\xff\xff").status_code == 400
        assert post("metrics", good[:-3]).status_code == 400
        second = {"content-type": "application/x-protobuf;proto=io.prometheus.write.v2.Request"}
        assert post("metrics", good, **second).status_code == 415
        assert post("metrics", b"x" * 5_000_000).status_code == 413
