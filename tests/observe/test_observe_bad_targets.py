"""Targets that lie, stall, flood or vanish: each a state with its reason, and none stops another."""

from __future__ import annotations

import datetime as dt
import socket
import ssl
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from hand_built import api, shop_system

from own_certificate import certificate
from standfast.drivers.http_probe import BoundedHttp, HealthPoll, HttpProbe
from standfast.drivers.scrape import Scrape
from standfast.drivers.tcp_probe import TcpProbe
from standfast.drivers.tls_probe import TlsProbe
from standfast.engine.observe import Observe
from standfast.monitoring.target import Outcome
from standfast.spec.system import Component

if TYPE_CHECKING:
    from collections.abc import Iterator
    from http.server import BaseHTTPRequestHandler
    from pathlib import Path

    from standfast.store.database import Database

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)  # for what takes a moment on a quiet machine


def flood(handler: BaseHTTPRequestHandler) -> None:
    """A gigabyte, or as much of it as anybody takes."""
    handler.send_response(200)
    handler.end_headers()
    for _ in range(1000):
        handler.wfile.write(b"x" * 1_000_000)


def trickle(stop: threading.Event):
    """One byte a moment, so that no single read is ever late."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        while not stop.wait(0.02):
            handler.wfile.write(b"a")

    return answer


def trickle_headers(stop: threading.Event):
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
        while not stop.wait(0.02):
            handler.wfile.write(b"x: y\r\n")

    return answer


def stall(stop: threading.Event):
    return lambda handler: stop.wait(150) and None


@pytest.mark.parametrize("kind", ["body", "headers", "nothing"])
def test_a_slow_target_is_left_at_the_deadline(shop, kind: str) -> None:
    slow = {"body": trickle, "headers": trickle_headers, "nothing": stall}[kind](shop.stop)
    shop.answers["/metrics"] = slow
    began = time.monotonic()

    outcome = Scrape()(f"{shop.url}/metrics", 0.3 * SECOND)

    assert not outcome.ok
    assert outcome.because == "no whole answer within 0.3s"
    assert time.monotonic() - began < 50


def test_a_gigabyte_is_not_taken(shop) -> None:
    shop.answers["/metrics"] = flood

    outcome = Scrape()(f"{shop.url}/metrics", MINUTE)

    assert outcome.because == "answered more than 10,000,000 bytes"


def test_a_compressed_answer_is_refused_before_it_unfolds(shop) -> None:
    def squeezed(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("content-encoding", "gzip")
        handler.end_headers()

    shop.answers["/metrics"] = squeezed

    assert "compressed" in Scrape()(f"{shop.url}/metrics", MINUTE).because


def test_redirects_are_followed_by_a_probe_and_not_for_ever(shop) -> None:
    def to(path: str):
        def answer(handler: BaseHTTPRequestHandler) -> None:
            handler.send_response(302)
            handler.send_header("location", path)
            handler.send_header("content-length", "0")
            handler.end_headers()

        return answer

    shop.answers |= {"/a": to("/b"), "/round": to("/round")}
    shop.says("/b", "here")

    assert HttpProbe()(f"{shop.url}/a", MINUTE).ok
    assert HttpProbe()(f"{shop.url}/round", MINUTE).because == "redirects without end"
    assert Scrape()(f"{shop.url}/a", MINUTE).because == "answered 302 instead of metrics"


def test_a_probe_names_what_is_wrong(shop) -> None:
    shop.says("/broken", "no", status=503)
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]

        assert HttpProbe()(f"{shop.url}/broken", MINUTE).because == "answered 503"
        assert "no connection" in HttpProbe()(f"http://127.0.0.1:{port}/", MINUTE).because
        assert "no connection" in TcpProbe()(f"127.0.0.1:{port}", MINUTE).because
    assert "not host:port" in TcpProbe()("nowhere", MINUTE).because
    assert not HttpProbe()("gopher://x", MINUTE).ok
    assert TcpProbe()(shop.url.removeprefix("http://"), MINUTE).ok


# ------------------------------------------------------------------ certificates


@pytest.fixture
def secure(tmp_path: Path) -> Iterator[tuple[str, datetime]]:
    """A TLS server with a certificate of its own that ends at a known instant."""
    ends = datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)
    file = certificate(tmp_path, ends)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(60)

        def serve() -> None:
            for _ in range(2):
                plain, _ = listener.accept()
                with plain, context.wrap_socket(plain, server_side=True) as one:
                    one.recv(1)

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"127.0.0.1:{listener.getsockname()[1]}", ends
        thread.join()


def test_the_end_of_a_certificate_is_read_even_of_one_that_has_ended(secure) -> None:
    address, ends = secure

    well = TlsProbe(lambda: ends - dt.timedelta(days=1))(address, MINUTE)
    over = TlsProbe(lambda: ends)(address, MINUTE)

    assert (well.ok, well.expires) == (True, ends)
    assert (over.ok, over.expires) == (False, ends)
    assert over.because == "the certificate ended at 2030-01-02 03:04 UTC"


def test_a_server_without_tls_shows_no_certificate(shop) -> None:
    address = shop.url.removeprefix("http://")

    assert "no certificate to read" in TlsProbe()(address, MINUTE).because


# ------------------------------------------------------------------ one bad target among good ones


def until(holds) -> None:
    end, pause = time.monotonic() + 60, threading.Event()
    while not holds():
        assert time.monotonic() < end
        pause.wait(0.01)


def plain(name: str, url: str) -> Component:
    return api(url, name=name, url=None, scrape=f"{url}/{name}", health={}, needs={})


BAD = {
    "page": "<!doctype html><p>Please log in</p>",
    "nonsense": 'http_server_requests_total{code_class="2xx"} NaN\na -5\n',
    "twice": 'http_server_requests_total{code_class="2xx"} 5\n' * 2,
    "many": "\n".join(
        f'http_server_requests_total{{code_class="2xx",route="{i}"}} 1' for i in range(20_100)
    ),
    "cut": 'http_server_requests_total{code_class="2xx"} 5\n',
    "empty": "",
    "good": 'http_server_requests_total{code_class="2xx"} 5\n',
}


def test_no_bad_target_stops_another_and_each_says_what_is_wrong(
    sqlite: Database, shop, clock
) -> None:
    for name, text in BAD.items():
        kind = "application/openmetrics-text; version=1.0.0" if name == "cut" else "text/plain"
        shop.says(f"/{name}", text, kind=kind)
    shop.answers["/stalls"] = stall(shop.stop)
    names = (*BAD, "stalls", "gone")
    system = shop_system(components={name: plain(name, shop.url) for name in names})
    http, scrape = BoundedHttp(), Scrape()
    looks = {
        # Only the one that never answers is on a short leash: the machine may be busy.
        "scrape": lambda address, timeout: scrape(
            address, 0.5 * SECOND if address.endswith("/stalls") else timeout
        ),
        "http": HttpProbe(http),
        "health": HealthPoll(http),
    }
    # Patient, since reading 20,000 series takes its time on a busy machine.
    observe = Observe(sqlite, looks, clock, patience=MINUTE)
    try:
        system = replace(system, journeys={}, service_levels={})
        assert observe.tick(system, clock.now) == len(names)
    finally:
        observe.close()

    states = sqlite.read(lambda tx: tx.monitoring.target_states())
    said = {name: states[f"{name}/scrape"] for name in names}
    assert said["good"].ok
    assert not said["good"].notes
    assert said["page"].because == "answered a web page where metrics were expected"
    assert said["stalls"].because == "no whole answer within 0.5s"
    assert said["gone"].because == "answered 404 instead of metrics"
    assert "a series given twice" in said["twice"].notes[0]
    assert not said["many"].ok
    assert said["many"].because.startswith("gives more than 20,000 series")
    assert said["cut"].because.startswith("the metrics were cut off")
    assert said["empty"].ok
    assert said["nonsense"].ok
    assert "negative or no number" in said["nonsense"].notes[0]


def test_many_stalling_targets_hold_up_none_that_answers(sqlite: Database, clock) -> None:
    """Once it is known who stalls, however many do."""
    stop, known, steady = threading.Event(), threading.Event(), [0.0]

    def looks(address: str, timeout: timedelta) -> Outcome:
        if "/stalls" in address:
            steady[0] += 1.5  # by the stopwatch, so that it is known for slow
            known.is_set() and stop.wait(150)
        return Outcome(ok=True)

    names = [f"stalls{n}" for n in range(8)]
    slow = {one: plain(one, "http://shop.test") for one in names}
    system = shop_system(components=slow, journeys={}, service_levels={})
    both = replace(system, components={**slow, "good": plain("good", "http://shop.test")})
    observe = Observe(
        sqlite,
        {"scrape": looks},
        clock,
        patience=0.5 * SECOND,
        stopwatch=lambda: steady[0],
        workers=2,
    )

    def told() -> bool:
        observe.tick(both, clock.now)
        state = sqlite.read(lambda tx: tx.monitoring.target_states()).get("good/scrape")
        return state is not None and (state.ok, state.at) == (True, clock.now)

    try:
        observe.tick(system, clock.now)
        while observe._running:
            observe.tick(system, clock.now)
        known.set()
        for _ in range(3):
            clock.pass_by(seconds=15)
            # While all of them hang: usually with the first tick, and later on a machine that stalls.
            until(told)
    finally:
        stop.set()
        observe.close()


def test_a_look_that_never_ends_holds_up_neither_the_tick_nor_the_next(
    sqlite: Database, clock
) -> None:
    stop = threading.Event()
    calls = []

    def hangs(address: str, timeout: timedelta) -> Outcome:
        calls.append(address)
        stop.wait(150)
        return Outcome(ok=True)

    def breaks(address: str, timeout: timedelta) -> Outcome:
        raise KeyError(address)

    base = api("http://shop.test", health={}, needs={})
    system = shop_system(components={"api": base}, journeys={}, service_levels={})
    observe = Observe(sqlite, {"scrape": hangs, "http": breaks}, clock, patience=0.1 * SECOND)
    try:
        observe.tick(system, clock.now)
        running = observe._running  # the one for ever, the other until a tick has taken it in
        until(lambda: calls and ("api/http" not in running or running["api/http"].future.done()))
        observe.tick(system, clock.pass_by(seconds=15))
    finally:
        stop.set()
        observe.close()

    states = sqlite.read(lambda tx: tx.monitoring.target_states())
    assert len(calls) == 1
    assert states["api/scrape"].because == "no answer within 10s"
    assert states["api/http"].because == "the look itself failed: KeyError"
