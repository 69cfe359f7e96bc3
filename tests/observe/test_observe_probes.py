"""Probes that expect something: of a URL, of a name, of a host; each failure is named."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING

import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest
from hand_built import api, shop_system

from own_certificate import certificate
from standfast.drivers.dns_probe import DnsProbe
from standfast.drivers.http_probe import BoundedHttp, HttpProbe
from standfast.drivers.icmp_probe import IcmpProbe, is_echo, packet
from standfast.engine.observe import Observe
from standfast.monitoring.expectation import answers_unmet, unmet
from standfast.monitoring.health import Health
from standfast.monitoring.target import STILL, Outcome, of_component
from standfast.spec.expectation import DnsQuestion, Expectation

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from standfast.monitoring.target import TargetState
    from standfast.store.database import Database

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)  # for what takes a moment on a quiet machine
NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def answered(text: str = "", **more: object) -> Outcome:
    return replace(Outcome(ok=True, status=200, text=text, latency=SECOND / 10), **more)


def failed(outcome: Outcome, **expected: object) -> str:
    return "; ".join(unmet(Expectation(**expected), outcome, NOW))


# ------------------------------------------------------------------ what is expected of an answer


def test_each_expectation_that_is_not_met_is_named() -> None:
    outcome = answered(
        '{"status": "degraded", "items": [{"id": 5}]}',
        status=503,
        latency=2 * SECOND,
        headers={"content-type": "application/json"},
        expires=NOW + timedelta(days=9, hours=5),
    )
    said = unmet(
        Expectation(
            status=("2xx", "404"),
            contains=("healthy",),
            lacks=("degraded",),
            matches=("^<html",),
            json={"status": "healthy", "items[0].id": 6, "items[1].id": 1},
            headers={"Content-Type": "text/html", "ETag": "x"},
            within=SECOND,
            certificate=timedelta(days=14),
        ),
        outcome,
        NOW,
    )

    assert said == (
        "answered 503, expected 2xx or 404",
        "header Content-Type is 'application/json', without 'text/html'",
        "header ETag is missing",
        "body lacks 'healthy'",
        "body holds 'degraded'",
        "body does not match '^<html'",
        """json status is '"degraded"', expected '"healthy"'""",
        "json items[0].id is '5', expected '6'",
        "json items[1].id is missing",
        "took 2s, more than 1s",
        "certificate ends in 9 days, sooner than 14",
    )


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        (answered(status=301), {"status": ("3xx",)}),
        (answered(status=404), {"status": ("404",)}),
        (answered("Welcome back"), {"contains": ("Welcome",), "lacks": ("Error",)}),
        (answered("version 12.3"), {"matches": (r"version \d+\.\d+",)}),
        (answered('{"a": {"b": [1, true, null]}}'), {"json": {"$.a.b[1]": True, "a.b[2]": None}}),
        (answered(headers={"x-a": "One"}), {"headers": {"X-A": "one"}}),
        (answered(), {"within": SECOND}),
        (answered(expires=NOW + timedelta(days=15)), {"certificate": timedelta(days=14)}),
    ],
)
def test_what_is_as_expected_is_well(outcome, expected) -> None:
    assert failed(outcome, **expected) == ""


def test_true_is_not_one_and_what_is_no_json_is_said_to_be_none() -> None:
    assert "expected 'true'" in failed(answered('{"a": 1}'), json={"a": True})
    assert failed(answered("<html>"), json={"a": 1}) == "body is no JSON"
    assert failed(answered("[" * 200_000), json={"a": 1}) == "body is no JSON"


def test_no_pattern_and_no_page_take_for_ever() -> None:
    """With a backtracking engine each of these would not end within the life of the universe."""
    began = time.monotonic()
    for pattern in ("(a+)+$", "(a|aa)+$", "(.*a){20}$", "^(([a-z])+.)+[A-Z]([a-z])+$"):
        assert failed(answered("a" * 50_000 + "!"), matches=(pattern,))

    assert time.monotonic() - began < 100


# ------------------------------------------------------------------ over HTTP


def test_a_redirect_is_followed_unless_it_is_what_is_expected(shop) -> None:
    def away(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(302)
        handler.send_header("location", "/new")
        handler.send_header("content-length", "0")
        handler.end_headers()

    shop.answers["/old"] = away
    shop.says("/new", "here")
    http = BoundedHttp()
    still, follows = HttpProbe(http, redirects=0), HttpProbe(http)

    assert follows(f"{shop.url}/old", MINUTE).status == 200
    outcome = still(f"{shop.url}/old", MINUTE)
    assert failed(outcome, status=("302",), headers={"location": "/new"}) == ""
    target = of_component(api(shop.url, expect=Expectation(status=("302",))))
    assert [one.driver for one in target if one.kind == "http"] == [STILL]


def test_the_end_of_a_certificate_comes_with_the_answer(tmp_path: Path) -> None:
    ends = datetime(2035, 1, 2, 3, 4, 5, tzinfo=UTC)
    file = certificate(tmp_path, ends)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("content-length", "2")
            self.end_headers()
            self.wfile.write(b"ok")

        def log_message(self, *args: object) -> None: ...

    server = HTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.handle_request)
    thread.start()
    http = BoundedHttp()
    http._tls = ssl.create_default_context(cafile=str(file))

    outcome = HttpProbe(http)(f"https://localhost:{server.server_port}/", MINUTE)
    thread.join()
    server.server_close()

    assert (outcome.ok, outcome.expires, outcome.because) == (True, ends, "")


# ------------------------------------------------------------------ DNS


class NameServer:
    """A real name server on loopback: what it knows, it answers."""

    def __init__(self) -> None:
        self.knows: dict[tuple[str, str], list[str]] = {}
        self.silent, self.code = False, dns.rcode.NOERROR
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self._socket.getsockname()[1]}"

    def _serve(self) -> None:
        while True:
            data, sender = self._socket.recvfrom(4096)
            if data == b"end":
                return
            if self.silent:
                continue
            question = dns.message.from_wire(data)
            asked = question.question[0]
            name, kind = asked.name.to_text(), dns.rdatatype.to_text(asked.rdtype)
            answer = dns.message.make_response(question)
            answer.flags |= dns.flags.RA
            found = self.knows.get((name, kind))
            if found:
                answer.answer.append(dns.rrset.from_text(name, 60, "IN", kind, *found))
            elif not any(known == name for known, _ in self.knows):
                answer.set_rcode(dns.rcode.NXDOMAIN)
            if self.code != dns.rcode.NOERROR:
                answer.set_rcode(self.code)
            self._socket.sendto(answer.to_wire(), sender)

    def close(self) -> None:
        host, port = self._socket.getsockname()
        self._socket.sendto(b"end", (host, port))
        self._thread.join()
        self._socket.close()


@pytest.fixture
def names() -> Iterator[NameServer]:
    server = NameServer()
    server.knows["shop.test.", "A"] = ["192.0.2.1", "192.0.2.2"]
    server.knows["shop.test.", "MX"] = ["10 Mail.shop.test."]
    server.knows["shop.test.", "TXT"] = ['"v=spf1 -all"']
    yield server
    server.close()


def test_answers_of_dns_are_read_and_compared(names: NameServer) -> None:
    def ask(kind: str) -> Outcome:
        return DnsProbe()(f"{kind} shop.test @{names.address}", MINUTE)

    assert set(ask("A").answers) == {"192.0.2.1", "192.0.2.2"}
    assert answers_unmet(("192.0.2.2", "192.0.2.1"), ask("A").answers) == ()
    assert answers_unmet(("10 mail.shop.test",), ask("MX").answers) == ()
    assert answers_unmet(("v=spf1 -all",), ask("TXT").answers) == ()
    assert answers_unmet(("192.0.2.1", "192.0.2.9"), ask("A").answers) == (
        "the answer 192.0.2.9 is missing",
        "answered '192.0.2.2', which is not expected",
    )


def test_a_name_server_that_fails_is_named_for_how_it_fails(names: NameServer) -> None:
    def because(name: str, timeout: timedelta = MINUTE) -> str:
        outcome = DnsProbe()(f"AAAA {name} @{names.address}", timeout)
        assert not outcome.ok
        return outcome.because

    assert because("gone.test") == "DNS knows no gone.test"
    assert because("shop.test") == "DNS has no AAAA of shop.test"
    names.code = dns.rcode.SERVFAIL
    assert because("shop.test") == "no DNS server could answer: SERVFAIL"
    names.silent = True
    assert because("shop.test", 0.3 * SECOND) == "no DNS answer within 0.3s"


# ------------------------------------------------------------------ ICMP


def test_this_machine_answers_a_ping_or_says_that_it_may_not_be_asked() -> None:
    outcome = IcmpProbe()("127.0.0.1", MINUTE)

    assert outcome.ok or (not outcome.known and "may not send ICMP" in outcome.because)
    assert not outcome.ok or outcome.latency


def test_where_icmp_is_not_permitted_nothing_is_said_of_the_target() -> None:
    def refuses(*_: int) -> socket.socket:
        raise PermissionError(1, "Operation not permitted")

    outcome = IcmpProbe(open_=refuses)("127.0.0.1", SECOND)

    assert (outcome.ok, outcome.known) == (False, False)
    assert "ping_group_range" in outcome.because


def test_an_echo_is_told_from_those_of_others() -> None:
    token, other = b"0123456789abcdef", b"fedcba9876543210"
    echo = bytes([0]) + packet(8, 1, token)[1:]
    header = bytes([0x45, 0, 0, 44, 0, 0, 0, 0, 64, 1]) + bytes(10)

    assert is_echo(echo, 0, token)
    assert is_echo(header + echo, 0, token)
    assert not is_echo(packet(8, 1, token), 0, token)  # our own request, heard on loopback
    assert not is_echo(echo, 0, other)
    assert not is_echo(b"\x00", 0, token)


def test_a_host_without_a_name_or_an_echo_is_down(names: NameServer) -> None:
    outcome = IcmpProbe()("no-such-host.invalid", SECOND)

    assert not outcome.ok
    assert outcome.because


# ------------------------------------------------------------------ what becomes of it


def look(database: Database, clock, component, looks) -> dict[str, TargetState]:
    system = shop_system(components={"api": component}, journeys={}, service_levels={})
    observe = Observe(database, looks, clock)
    try:
        observe.tick(system, clock.pass_by(seconds=15))
    finally:
        observe.close()
    return database.read(lambda tx: tx.monitoring.target_states())


def test_failed_expectations_make_a_probe_fail_count_and_show(sqlite, shop, clock, names) -> None:
    shop.says("/", "Sorry, we are closed")
    component = api(
        shop.url,
        scrape=None,
        health={},
        needs={},
        expect=Expectation(contains=("Welcome",), within=timedelta(seconds=9)),
        dns=DnsQuestion(name="shop.test", expect=("192.0.2.1",), server=names.address),
    )
    looks = {"http": HttpProbe(BoundedHttp()), "dns": DnsProbe()}
    for _ in range(2):
        states = look(sqlite, clock, component, looks)

    assert states["api/http"].because == "body lacks 'Welcome'"
    assert states["api/dns"].because == "answered '192.0.2.2', which is not expected"
    health = sqlite.read(lambda tx: tx.monitoring.component_healths())["api"]
    assert health.state is Health.UNHEALTHY
    start = clock.now - timedelta(hours=1)
    tally = sqlite.read(lambda tx: tx.levels.tally("api/probe", start, clock.now))
    assert (tally.bad, tally.total) == (4, 4)


def test_a_ping_that_is_not_permitted_is_unknown_and_counts_nothing(sqlite, clock) -> None:
    def refuses(*_: int) -> socket.socket:
        raise PermissionError

    component = api("", url=None, scrape=None, health={}, needs={}, ping="127.0.0.1")
    for _ in range(3):
        states = look(sqlite, clock, component, {"icmp": IcmpProbe(open_=refuses)})

    assert (states["api/icmp"].says, states["api/icmp"].failures) == ("unknown", 0)
    health = sqlite.read(lambda tx: tx.monitoring.component_healths())["api"]
    assert (health.state, "may not send ICMP" in health.because) == (Health.UNKNOWN, True)
    start = clock.now - timedelta(hours=1)
    assert sqlite.read(lambda tx: tx.levels.tally("api/probe", start, clock.now)).total == 0
