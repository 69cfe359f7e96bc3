"""Probes that are told how to ask, against real servers on loopback."""

from __future__ import annotations

import json
import socket
import ssl
import threading
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import grpc
import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Sink
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from hand_built import api, shop_system
from test_observe_probes import answered, failed
from websockets.sync.server import serve

from free_ports import free_port
from own_certificate import certificate
from standfast.drivers.grpc_probe import GrpcProbe
from standfast.drivers.http_probe import BoundedHttp
from standfast.drivers.http_request import HttpRequest
from standfast.drivers.tcp_talk import TcpTalk
from standfast.drivers.tls_probe import TlsProbe
from standfast.drivers.websocket_probe import WebSocketProbe
from standfast.engine.observe import Observe
from standfast.monitoring.target import REQUEST, TALK, Target, of_component
from standfast.spec import talks
from standfast.spec.asking import Auth, GrpcHealth, Request, Secure, Step, Talk, WebSocket
from standfast.spec.expectation import Expectation
from standfast.spec.terms import Bounds, Term
from standfast.spec.values import SecretRef

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from concurrent.futures import ThreadPoolExecutor
    from http.server import BaseHTTPRequestHandler
    from pathlib import Path

SECOND = timedelta(seconds=1)
PATIENCE = 60 * SECOND  # nothing here waits for it
ENDS = datetime(2035, 1, 2, 3, 4, 5, tzinfo=UTC)
NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def target(address: str, how: object, timeout: timedelta = PATIENCE) -> Target:
    return Target(
        key="api/x", component="api", kind="x", address=address, every=SECOND, timeout=timeout,
        how=how,
    )  # fmt: skip


# ------------------------------------------------------------------ values in a body


@pytest.mark.parametrize(
    ("body", "term", "said"),
    [
        ('{"a": 5}', Term(bounds=Bounds(above=4, below=6)), ""),
        ('{"a": 5}', Term(bounds=Bounds(above=5)), "json a is '5', expected above '5'"),
        ('{"a": 5}', Term(bounds=Bounds(at_most=4.5)), "json a is '5', expected at most '4.5'"),
        ('{"a": "5"}', Term(bounds=Bounds(below=9)), "json a is '\"5\"', which is no number"),
        ('{"a": true}', Term(bounds=Bounds(at_least=1)), "json a is 'true', which is no number"),
        ('{"a": [1, 2]}', Term(length=Bounds(at_least=2, at_most=2)), ""),
        (
            '{"a": []}',
            Term(length=Bounds(above=0)),
            "json a has the length '0', expected above '0'",
        ),
        ('{"a": 1}', Term(length=Bounds(above=0)), "json a is '1', which has no length"),
        ('{"a": "x"}', Term(one_of=("x", "y")), ""),
        ('{"a": "z"}', Term(one_of=("x", "y")), "json a is '\"z\"', expected '\"x\"' or '\"y\"'"),
        ('{"a": 1}', Term(none_of=(1,)), "json a is '1'"),
        ('{"a": 1}', Term(none_of=(True,)), ""),
        ('{"a": ["x", 1]}', Term(contains=1), ""),
        ('{"a": {"k": 1}}', Term(contains="k"), ""),
        ('{"a": "abc"}', Term(contains="bd"), "json a is '\"abc\"', without '\"bd\"'"),
        ('{"a": "2.4.1"}', Term(matches=r"^2\."), ""),
        ('{"a": 12}', Term(matches="^3"), "json a is '12', which does not match '^3'"),
        ('{"b": 1}', Term(present=False), ""),
        ('{"a": null}', Term(present=False), "json a is 'null', and should not be there"),
        ('{"b": 1}', Term(), "json a is missing"),
    ],
)
def test_a_value_in_a_body_is_held_against_its_term(body: str, term: Term, said: str) -> None:
    assert failed(answered(body), json={"a": term}) == said


def test_a_pattern_that_must_not_be_found_is_named_where_it_is() -> None:
    assert failed(answered("Fatal: x"), not_matches=("(?i)fatal",)) == "body matches '(?i)fatal'"
    assert failed(answered("fine"), not_matches=("(?i)fatal",)) == ""


# ------------------------------------------------------------------ HTTP


def echo(handler: BaseHTTPRequestHandler) -> None:
    sent = handler.rfile.read(int(handler.headers.get("content-length", 0))).decode()
    said = {"method": handler.command, "body": sent, "headers": dict(handler.headers)}
    body = json.dumps(said).encode()
    handler.send_response(200)
    handler.send_header("content-length", str(len(body)))
    handler.end_headers()
    if handler.command != "HEAD":
        handler.wfile.write(body)


@pytest.fixture
def echoing(shop):
    handler = shop._server.RequestHandlerClass
    for method in ("POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD"):
        setattr(handler, f"do_{method}", handler.do_GET)
    shop.answers["/"] = echo
    return shop


def redirecting(to: str) -> Callable[[BaseHTTPRequestHandler], None]:
    def away(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(307)
        handler.send_header("location", to)
        handler.send_header("content-length", "0")
        handler.end_headers()

    return away


def test_a_request_arrives_as_the_file_says_it(echoing, monkeypatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SHOP_KEY", "k-1")
    (tmp_path / "token").write_text("t-2\n")
    how = Request(
        method="PUT",
        body='{"a": "ä"}',
        headers={"Content-Type": "application/json", "X-Key": SecretRef(kind="env", name="SHOP_KEY"),
                 "User-Agent": "own"},
        auth=Auth(token=SecretRef(kind="file", name=str(tmp_path / "token"))),
    )  # fmt: skip
    outcome = HttpRequest()(target(f"{echoing.url}/", how))
    said = json.loads(outcome.text)

    assert (said["method"], said["body"]) == ("PUT", '{"a": "ä"}')
    headers = {name.lower(): value for name, value in said["headers"].items()}
    assert headers["authorization"] == "Bearer t-2"
    assert (headers["x-key"], headers["content-type"]) == ("k-1", "application/json")
    assert headers["user-agent"] == "own"


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PATCH", "DELETE", "OPTIONS"])
def test_every_method_is_asked(echoing, method: str) -> None:
    outcome = HttpRequest()(target(f"{echoing.url}/", Request(method=method)))

    assert outcome.status == 200
    assert outcome.text == "" if method == "HEAD" else json.loads(outcome.text)["method"] == method


def test_a_name_and_a_password_make_basic_authentication(echoing, monkeypatch) -> None:
    monkeypatch.setenv("WHO", "ada")
    monkeypatch.setenv("PASS", "pä:ss")
    refs = [SecretRef(kind="env", name=one) for one in ("WHO", "PASS")]
    how = Request(auth=Auth(username=refs[0], password=refs[1]))
    said = json.loads(HttpRequest()(target(f"{echoing.url}/", how)).text)

    assert said["headers"]["Authorization"] == "Basic YWRhOnDDpDpzcw=="


def test_a_secret_that_is_not_to_be_had_says_nothing_of_the_target(echoing, monkeypatch) -> None:
    monkeypatch.delenv("SHOP_KEY", raising=False)
    how = Request(headers={"X-Key": SecretRef(kind="env", name="SHOP_KEY")})
    outcome = HttpRequest()(target(f"{echoing.url}/", how))
    assert (outcome.ok, outcome.known, outcome.because) == (
        False,
        False,
        "the environment has no SHOP_KEY",
    )

    monkeypatch.setenv("SHOP_KEY", "hunter2\nX-Evil: 1")
    outcome = HttpRequest()(target(f"{echoing.url}/", how))
    assert not outcome.known
    assert "hunter2" not in repr(outcome)


def test_redirects_are_followed_as_many_as_stated(shop) -> None:
    shop.answers |= {"/a": redirecting("/b"), "/b": redirecting("/c")}
    shop.says("/c", "here")

    def status(redirects: int) -> int | None:
        return HttpRequest()(target(f"{shop.url}/a", Request(redirects=redirects))).status

    assert (status(2), status(0)) == (200, 307)
    assert (
        HttpRequest()(target(f"{shop.url}/a", Request(redirects=1))).because
        == "redirects without end"
    )


def test_what_one_server_is_told_is_not_carried_to_another(shop, monkeypatch) -> None:
    monkeypatch.setenv("SHOP_KEY", "k-1")
    elsewhere = shop.url.replace("127.0.0.1", "localhost")
    shop.answers |= {"/away": redirecting(f"{elsewhere}/"), "/near": redirecting("/")}
    shop.answers["/"] = echo
    secret = Request(headers={"X-Key": SecretRef(kind="env", name="SHOP_KEY")}, redirects=3)

    assert "another server" in HttpRequest()(target(f"{shop.url}/away", secret)).because
    assert HttpRequest()(target(f"{shop.url}/near", secret)).status == 200
    assert HttpRequest()(target(f"{shop.url}/away", Request(redirects=3))).status == 200


def test_the_file_decides_which_driver_asks_and_how_long() -> None:
    component = api(
        "https://shop.test", scrape=None, health={}, probe_timeout=30 * SECOND,
        request=Request(tls=Secure(ca="/ca.pem")), expect=Expectation(status=("302",)),
        address="shop.test:25", talk=Talk(steps=talks.steps("smtp", starttls=False)),
        websocket=WebSocket(url="wss://shop.test/"), grpc=GrpcHealth(address="shop.test:1"),
    )  # fmt: skip
    found = {one.key: one for one in of_component(component)}

    assert set(found) == {"api/http", "api/tls", "api/tcp", "api/websocket", "api/grpc"}
    assert (found["api/http"].driver, found["api/tcp"].driver) == (REQUEST, TALK)
    assert found["api/http"].how.redirects == 0
    assert found["api/tls"].how == Secure(ca="/ca.pem")
    assert {one.timeout for key, one in found.items() if key != "api/tls"} == {30 * SECOND}


# ------------------------------------------------------------------ TLS


@contextmanager
def peer(talk: Callable[[socket.socket], None], *contexts: ssl.SSLContext) -> Iterator[str]:
    """A server for one connection."""
    listening = socket.create_server(("127.0.0.1", 0))
    listening.settimeout(60)

    def run() -> None:
        try:
            plain, _ = listening.accept()
            plain.settimeout(60)
            with (
                plain,
                contexts[0].wrap_socket(plain, server_side=True) if contexts else plain as wire,
            ):
                talk(wire)
        except OSError:
            pass  # the prober hung up, as it may

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield f"localhost:{listening.getsockname()[1]}"
    finally:
        with suppress(OSError):  # where nobody came, so that it waits no longer
            socket.create_connection(listening.getsockname(), 1).close()
        thread.join()
        listening.close()


def showing(file: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context


def web(secure: socket.socket) -> None:
    secure.recv(10_000)
    secure.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")


def test_a_certificate_of_ones_own_authority_is_trusted_where_the_file_names_it(
    tmp_path: Path,
) -> None:
    file = certificate(tmp_path, ENDS)

    def ask(secure: Secure, host: str = "localhost"):
        with peer(web, showing(file)) as address:
            url = f"https://{address}/".replace("localhost", host)
            return HttpRequest()(target(url, Request(tls=secure)))

    trusted = ask(Secure(ca=str(file)))
    assert (trusted.ok, trusted.expires) == (True, ENDS)
    assert ask(Secure()).because == "its certificate is not accepted: it is signed by itself"
    other = ask(Secure(ca=str(file)), "127.0.0.1").because
    assert "it is for another address" in other
    assert "127.0.0.1" in other
    assert ask(Secure(ca=str(file), name="localhost"), "127.0.0.1").ok
    blind = ask(Secure(verify=False), "127.0.0.1")
    assert (blind.ok, blind.expires) == (True, ENDS)
    missing = ask(Secure(ca="/nowhere.pem"))
    assert (missing.known, missing.because) == (
        False, "the file of certificates cannot be used: No such file or directory"
    )  # fmt: skip


def test_an_expired_certificate_is_named_so(tmp_path: Path) -> None:
    file = certificate(tmp_path, datetime(2021, 1, 1, tzinfo=UTC))
    with peer(web, showing(file)) as address:
        outcome = HttpRequest()(target(f"https://{address}/", Request(tls=Secure(ca=str(file)))))

    assert outcome.because == "its certificate is not accepted: it has expired"


def test_a_client_shows_its_certificate_to_a_server_that_asks_for_one(tmp_path: Path) -> None:
    file = certificate(tmp_path, ENDS)
    context = showing(file)
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(file)
    ours = Secure(ca=str(file), certificate=str(file), key=str(file))

    def ask(secure: Secure):
        with peer(web, context) as address:
            return HttpRequest()(target(f"https://{address}/", Request(tls=secure)))

    assert ask(ours).ok
    assert not ask(Secure(ca=str(file))).ok
    unread = ask(replace(ours, key="/nowhere.key"))
    assert (unread.known, unread.because) == (
        False, "our certificate and its key cannot be used: No such file or directory"
    )  # fmt: skip
    with peer(web, context) as address:
        assert TlsProbe().of(target(address, ours)).expires == ENDS


# ------------------------------------------------------------------ TCP


def says(*turns: bytes) -> Callable[[socket.socket], None]:
    """Says each line; reads one before each but the first."""

    def talk(plain: socket.socket) -> None:
        for number, turn in enumerate(turns):
            if number and not plain.recv(1000):
                return
            plain.sendall(turn)

    return talk


def spoken(speaks: str, *turns: bytes) -> str:
    with peer(says(*turns)) as address:
        outcome = TcpTalk()(target(address, Talk(steps=talks.steps(speaks, starttls=False))))
    assert outcome.ok == (not outcome.because)
    return outcome.because


def test_known_servers_are_known_by_what_they_say() -> None:
    assert spoken("ssh", b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n") == ""
    assert spoken("ssh", b"Exceeded MaxStartups\r\n") == (
        "said 'Exceeded MaxStartups' and hung up, expected '^SSH-(2\\.0|1\\.99)-'"
    )
    assert spoken("redis", b"", b"+PONG\r\n") == ""
    assert spoken("redis", b"", b"-NOAUTH Authentication required.\r\n") == ""
    assert "said '-LOADING Redis is loading'" in spoken(
        "redis", b"", b"-LOADING Redis is loading\r\n"
    )
    assert spoken("smtp", b"220-one\r\n220 two\r\n") == ""
    assert "said '554 no' and hung up" in spoken("smtp", b"554 no\r\n")
    assert spoken("imap", b"* OK ready\r\n") == ""
    assert spoken("memcached", b"", b"VERSION 1.6\r\n") == ""
    assert spoken("pop3") == "hung up without a word, expected '^\\+OK'"


def test_a_real_mail_server_begins_tls_and_shows_its_certificate(tmp_path: Path) -> None:
    file = certificate(tmp_path, ENDS)
    port = free_port()
    server = Controller(Sink(), hostname="127.0.0.1", port=port, tls_context=showing(file))
    server.start()
    try:
        talk = Talk(steps=talks.steps("smtp", starttls=True), tls=Secure(ca=str(file)))
        probe = TcpTalk(clock=lambda: NOW)

        def ask(how: Talk):
            return probe(target(f"localhost:{port}", how))

        good = ask(talk)
        assert (good.ok, good.because, good.expires) == (True, "", ENDS)
        assert ask(replace(talk, tls=None)).because == (
            "its certificate is not accepted: it is signed by itself"
        )
        short = ask(replace(talk, certificate=timedelta(days=4000))).because
        assert short == "certificate ends in 2964 days, sooner than 4000"
    finally:
        server.stop()


def test_what_is_said_in_the_clear_is_not_taken_for_secure(tmp_path: Path) -> None:
    talk = Talk(steps=(Step(expect="^220"), Step(starttls=True)))
    with peer(says(b"220 go\r\n220 injected\r\n")) as address:
        assert TcpTalk()(target(address, talk)).because == "said more in the clear before TLS began"


def test_tls_from_the_first_byte_carries_a_talk(tmp_path: Path) -> None:
    file = certificate(tmp_path, ENDS)
    talk = Talk(
        at_once=True, tls=Secure(ca=str(file)), steps=(Step(send="hi"), Step(expect="^yo$"))
    )
    with peer(says(b"", b"yo\r\n"), showing(file)) as address:
        assert TcpTalk()(target(address, talk)).ok
    with peer(says(b"", b"220 plain\r\n")) as address:
        assert TcpTalk()(target(address, talk)).because.startswith("no TLS: ")


def test_a_server_that_floods_or_says_nothing_is_cut_off() -> None:
    def floods(plain: socket.socket) -> None:
        while True:
            plain.sendall(b"x" * 10_000)

    talk = Talk(steps=(Step(expect="^220"),))
    with peer(floods) as address:
        assert "without an end of line" in TcpTalk()(target(address, talk)).because
    with peer(lambda plain: plain.recv(1)) as address:
        outcome = TcpTalk()(target(address.replace("localhost", "127.0.0.1"), talk, SECOND / 5))
        assert outcome.because == "no whole answer within 0.2s"


def test_a_real_postgresql_takes_clients(postgres) -> None:
    port = int(postgres.url().rpartition(":")[2].split("/")[0])
    outcome = TcpTalk()(target(f"127.0.0.1:{port}", Talk(speaks="postgresql")))

    assert (outcome.ok, outcome.because) == (True, "")


def database(speaks: str, *turns: bytes) -> str:
    with peer(says(*turns)) as address:
        return TcpTalk()(target(address, Talk(speaks=speaks))).because


def test_a_database_that_takes_no_clients_is_down() -> None:
    fields = b"SFATAL\0C57P03\0Mthe database system is starting up\0\0"
    starting = b"E" + (len(fields) + 4).to_bytes(4, "big") + fields
    assert database("postgresql", b"", starting) == (
        "PostgreSQL takes no clients: 'the database system is starting up'"
    )
    stranger = b"SFATAL\0C28000\0Mno pg_hba.conf entry\0\0"
    assert (
        database("postgresql", b"", b"E" + (len(stranger) + 4).to_bytes(4, "big") + stranger) == ""
    )
    assert database("postgresql", b"", b"HTTP/1.1 400") == "does not speak as PostgreSQL does"
    assert database("postgresql", b"") in {
        "hung up without a word",
        "no connection: Connection reset by peer",
    }


def packet(number: int, payload: bytes) -> bytes:
    return len(payload).to_bytes(3, "little") + bytes([number]) + payload


def test_mysql_is_greeted_and_left_as_a_client_does() -> None:
    greeting = packet(0, b"\x0a8.4.3\0" + bytes(60))
    denied = packet(2, b"\xff\x15\x04#28000Access denied")
    switch = packet(2, b"\xfecaching_sha2_password\0" + bytes(20))

    assert database("mysql", greeting, denied) == ""
    assert database("mysql", greeting, switch, packet(4, denied[4:])) == ""
    assert database("mysql", packet(0, b"\xff\x10\x04Too many connections")) == (
        "MySQL takes no clients: 'Too many connections'"
    )
    assert database("mysql", b"SSH-2.0-x\r\n") == "does not speak as MySQL does"


# ------------------------------------------------------------------ WebSocket


@pytest.fixture
def sockets() -> Iterator[str]:
    """A real server; it greets, and answers what it is sent."""

    def handle(connection) -> None:
        connection.ping()
        connection.send(f"hello {connection.request.headers.get('X-Key', '')}")
        for message in connection:
            connection.send(f"echo {message}")

    def choose(_: object, offered: Sequence[str]) -> str | None:
        return "shop.v1" if "shop.v1" in offered else None

    with serve(handle, "127.0.0.1", 0, select_subprotocol=choose) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"ws://127.0.0.1:{server.socket.getsockname()[1]}/live?x=1"
        server.shutdown()
        thread.join()


def test_a_real_websocket_is_opened_and_answers(sockets: str, monkeypatch) -> None:
    monkeypatch.setenv("SHOP_KEY", "k-1")

    def because(**how: object) -> str:
        return WebSocketProbe()(target(sockets, WebSocket(url=sockets, **how))).because

    assert because() == ""
    assert (
        because(expect="^hello k-1$", headers={"X-Key": SecretRef(kind="env", name="SHOP_KEY")})
        == ""
    )
    assert because(send="ping 1", expect="^echo ping 1$", protocol="shop.v1") == ""
    assert because(protocol="shop.v2") != ""


def test_what_is_no_websocket_is_named_so(shop) -> None:
    def forged(plain: socket.socket) -> None:
        plain.recv(10_000)
        plain.sendall(
            b"HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: bm8=\r\n\r\n"
        )

    def because(url: str) -> str:
        return WebSocketProbe()(target(url, WebSocket(url=url, expect="x"))).because

    shop.says("/", "a page")
    assert because(shop.url.replace("http", "ws") + "/") == "answered 200, and takes no WebSocket"
    assert (
        because(shop.url.replace("http", "ws") + "/gone") == "answered 404, and takes no WebSocket"
    )
    with peer(forged) as address:
        assert because(f"ws://{address}/").startswith("does not speak as a WebSocket does")
    with peer(says(b"", b"SSH-2.0-x\r\n")) as address:
        assert because(f"ws://{address}/").startswith("does not speak as a WebSocket does")


# ------------------------------------------------------------------ gRPC


@pytest.fixture
def serving(tmp_path: Path) -> Iterator[tuple[health.HealthServicer, str, str, str]]:
    """A real gRPC server, in the clear and by TLS."""
    from concurrent.futures import ThreadPoolExecutor

    pool: ThreadPoolExecutor = ThreadPoolExecutor(2)
    file = certificate(tmp_path, ENDS)
    server, servicer = grpc.server(pool), health.HealthServicer()
    health_pb2_grpc.add_HealthServicer_to_server(servicer, server)
    pem = file.read_bytes()
    plain = server.add_insecure_port("127.0.0.1:0")
    secure = server.add_secure_port("127.0.0.1:0", grpc.ssl_server_credentials([(pem, pem)]))
    server.start()
    yield servicer, f"localhost:{plain}", f"localhost:{secure}", str(file)
    server.stop(None).wait()
    pool.shutdown()


def test_a_real_grpc_server_tells_its_health(serving) -> None:
    servicer, plain, secure, ca = serving
    servicer.set("shop.Cart", health_pb2.HealthCheckResponse.NOT_SERVING)

    def ask(address: str, **how: object):
        return GrpcProbe()(target(address, GrpcHealth(address=address, **how)))

    assert ask(plain).because == ""
    assert ask(plain, service="shop.Cart").because == "the health of shop.Cart is NOT_SERVING"
    assert ask(plain, service="shop.Gone").because == "knows no service shop.Gone"
    by_tls = ask(secure, tls=Secure(ca=ca))
    assert (by_tls.because, by_tls.expires) == ("", ENDS)
    assert "signed by itself" in ask(secure, tls=Secure()).because


def test_what_is_no_health_service_is_named_so(shop) -> None:
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(1) as pool:
        bare = grpc.server(pool)
        port = bare.add_insecure_port("127.0.0.1:0")
        bare.start()
        address = f"127.0.0.1:{port}"
        outcome = GrpcProbe()(target(address, GrpcHealth(address=address)))
        bare.stop(None).wait()
    assert outcome.because == "has no health service (grpc.health.v1.Health)"
    page = shop.url.removeprefix("http://")
    outcome = GrpcProbe()(target(page, GrpcHealth(address=page)))
    assert not outcome.ok
    assert outcome.because


# ------------------------------------------------------------------ what becomes of it


def test_what_a_talk_finds_counts_and_shows(sqlite, clock) -> None:
    component = api(
        "", url=None, scrape=None, health={}, needs={}, address="", talk=Talk(speaks="mysql")
    )
    for _ in range(2):
        with peer(says(packet(0, b"\xff\x10\x04Too many connections"))) as address:
            system = shop_system(
                components={"api": replace(component, address=address)},
                journeys={},
                service_levels={},
            )
            observe = Observe(sqlite, {}, clock, asks={TALK: TcpTalk()}, patience=PATIENCE)
            observe.tick(system, clock.pass_by(seconds=15))
            observe.close()
    state = sqlite.read(lambda tx: tx.monitoring.target_states())["api/tcp"]
    told = sqlite.read(lambda tx: tx.monitoring.component_healths())["api"]

    assert state.because == "MySQL takes no clients: 'Too many connections'"
    assert "port: MySQL takes no clients" in told.because
    start = clock.now - timedelta(hours=1)
    tally = sqlite.read(lambda tx: tx.levels.tally("api/probe", start, clock.now))
    assert (tally.bad, tally.total) == (2, 2)


def test_an_answer_to_a_request_is_held_against_what_is_expected(sqlite, echoing, clock) -> None:
    component = api(
        echoing.url, scrape=None, health={}, needs={}, request=Request(method="POST", body="x"),
        expect=Expectation(json={"method": Term(none_of=("POST",))}),
    )  # fmt: skip
    system = shop_system(components={"api": component}, journeys={}, service_levels={})
    observe = Observe(
        sqlite, {}, clock, asks={REQUEST: HttpRequest(BoundedHttp())}, patience=PATIENCE
    )
    observe.tick(system, clock.pass_by(seconds=15))
    observe.close()
    state = sqlite.read(lambda tx: tx.monitoring.target_states())["api/http"]

    assert state.because == "json method is '\"POST\"'"
