"""The status page in a real bucket: what lies there, what is told when it cannot, and what never is."""

from __future__ import annotations

import re
import socket
import ssl
import subprocess
import sys
import threading
import traceback
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st
from status_story import NOW, books, declared, happened, seen, told

sys.path.insert(0, str(Path(__file__).parents[1] / "web"))

import web_server

from seaweed import BUCKET, KEEPER, WRITER, Seaweed, seaweed
from standfast.cli.status_page import status_page
from standfast.drivers import s3
from standfast.drivers.s3 import Objects
from standfast.engine import announce
from standfast.engine.announce import Announce, write
from standfast.engine.ticking import Role, Ticking
from standfast.errors import FileError, SourceError, StandfastError
from standfast.publish.status_page import render
from standfast.review import Measured, examine
from standfast.spec import read_text
from standfast.spec.bucket import Bucket, place
from standfast.spec.values import SecretRef, Sev
from standfast_kit.clock import utc_now

if TYPE_CHECKING:
    from collections.abc import Iterator

    from standfast.dashboards.status_page import StatusPage
    from standfast.store.database import Database

KEY, SECRET = WRITER
KINDS = {
    "index.html": "text/html; charset=utf-8",
    "status.json": "application/json",
    "feed.atom": "application/atom+xml; charset=utf-8",
}


@pytest.fixture(scope="module")
def server() -> Iterator[Seaweed]:
    with seaweed() as running:
        yield running


@pytest.fixture
def page(sqlite: Database) -> StatusPage:
    return told(sqlite)


@pytest.fixture(autouse=True)
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STATUS_KEY", KEY)
    monkeypatch.setenv("STATUS_SECRET", SECRET)


def bucket(endpoint: str | None, prefix: str = "status", name: str = BUCKET) -> Bucket:
    return Bucket(
        name=name,
        prefix=prefix,
        endpoint=endpoint,
        access_key=SecretRef(kind="env", name="STATUS_KEY"),
        secret_key=SecretRef(kind="env", name="STATUS_SECRET"),
    )


def test_what_lies_in_the_bucket_is_the_page_byte_by_byte(
    server: Seaweed, page: StatusPage
) -> None:
    server.put_aside("status/bytes/logo.svg", b"<svg/>")

    write(Objects(bucket(server.endpoint, "status/bytes")), page)

    texts = render(page)
    badges = {name: "image/svg+xml" for name in texts if name.startswith("badges/")}
    kinds = {**KINDS, **badges}
    assert set(texts) == set(kinds)
    assert len(badges) == 25
    for name, text in texts.items():
        status, headers, body = server.get(f"status/bytes/{name}")
        assert (status, body) == (200, text.encode())
        assert headers["content-type"] == kinds[name]
        assert headers["cache-control"] == "public, max-age=30"
    assert server.get("status/bytes/logo.svg")[2] == b"<svg/>"
    assert server.names("status/bytes") == sorted([*KINDS, "badges", "logo.svg"])


def test_a_new_incident_is_on_the_page_with_the_next_tick(
    server: Seaweed, sqlite: Database
) -> None:
    told(sqlite)
    system = books()
    system = replace(
        system, server=replace(system.server, status_page=bucket(server.endpoint, "status/news"))
    )
    announce = Announce(lambda now: seen(sqlite, system, now), Objects)

    assert announce.tick(system, NOW)
    assert b"Payments fail" not in server.get("status/news/index.html")[2]
    assert not announce.tick(system, NOW + timedelta(seconds=20))
    happened(sqlite, declared(9, "Payments fail", Sev.SEV1, "pay", NOW, "ada"))
    assert announce.tick(system, NOW + timedelta(seconds=40))
    for name in KINDS:
        assert b"Payments fail" in server.get(f"status/news/{name}")[2]


WRONG = {
    "key": (
        {"STATUS_KEY": "nobody"},
        {},
        "127.0.0.1 does not know our access key (InvalidAccessKeyId)",
    ),
    "secret": (
        {"STATUS_SECRET": "wrong-" + SECRET},
        {},
        "127.0.0.1 does not accept our secret key (SignatureDoesNotMatch)",
    ),
    "bucket": (
        {"STATUS_KEY": KEEPER[0], "STATUS_SECRET": KEEPER[1]},
        {"name": "missing"},
        "127.0.0.1 has no such bucket (NoSuchBucket)",
    ),
    "prefix": (
        {},
        {"prefix": "elsewhere"},
        "127.0.0.1 does not let us write there (AccessDenied)",
    ),
    "port": ({}, {"endpoint": "http://127.0.0.1:1"}, "127.0.0.1 refuses the connection"),
    "name": (
        {},
        {"endpoint": "http://nowhere.invalid"},
        "nowhere.invalid has a name that cannot be resolved",
    ),
    "no key": ({"STATUS_KEY": ""}, {}, "the environment has no STATUS_KEY"),
    "line end": (
        {"STATUS_KEY": "a\nb"},
        {},
        "the access key in env:STATUS_KEY holds something that is no letter, digit or sign",
    ),
}


@pytest.mark.parametrize(("environment", "change", "reason"), WRONG.values(), ids=WRONG)
def test_a_bucket_that_cannot_be_written_is_told_and_tried_again(
    server: Seaweed,
    page: StatusPage,
    environment: dict[str, str],
    change: dict[str, str],
    reason: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    right = bucket(server.endpoint, "status/again")
    shown = {"place": replace(right, **change)}
    system = books()
    announce = Announce(lambda now: replace(page, as_of=now), Objects)

    def tick(now):
        at = replace(system, server=replace(system.server, status_page=shown["place"]))
        return announce.tick(at, now)

    ticking = Ticking([Role(name="status-page", every=timedelta(seconds=20), work=tick)])
    (one,) = ticking._threads
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    ticking._tick(one)

    said = one.pulse.last_error
    assert reason in said
    assert "fix: " in said
    assert "status-page" in ticking.late(NOW)
    shown["place"] = right
    monkeypatch.setenv("STATUS_KEY", KEY)
    monkeypatch.setenv("STATUS_SECRET", SECRET)
    ticking._tick(one)
    assert one.pulse.last_error == ""
    assert server.get("status/again/index.html")[0] == 200
    assert SECRET not in said + caplog.text
    assert KEY not in said + caplog.text


def test_a_machine_without_key_and_role_is_told_to_have_none() -> None:
    said = "Generic S3 error: Error performing PUT http://169.254.169.254/latest/api/token in 1s - HTTP error"

    assert s3.told(said, "S3")[0].startswith("no access key is given")


@given(st.text())
def test_nothing_that_the_client_says_is_passed_on(said: str) -> None:
    assert s3.told(f"SECRET {said} SECRET", "S3") == ("S3 cannot be written to", "")


def test_a_server_that_keeps_silent_is_asked_twice_and_no_longer(page: StatusPage) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=50) as silent:
        silent.setblocking(False)
        place = bucket(f"http://127.0.0.1:{silent.getsockname()[1]}")

        with pytest.raises(StandfastError, match=r"127\.0\.0\.1 does not answer in time"):
            write(Objects(place, timeout=timedelta(seconds=0.3)), page)

        for _ in range(2):
            silent.accept()[0].close()
        with pytest.raises(BlockingIOError):
            silent.accept()


class Answers(BaseHTTPRequestHandler):
    status = 200

    def do_PUT(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(type(self).status)
        self.send_header("etag", '"x"')
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def answering(status: int, tls: ssl.SSLContext | None = None) -> Iterator[int]:
    """Its port."""
    handler = type("Handler", (Answers,), {"status": status})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as made:
        if tls:
            made.socket = tls.wrap_socket(made.socket, server_side=True)
        threading.Thread(target=made.serve_forever, daemon=True).start()
        yield made.server_port
        made.shutdown()


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (301, "has this bucket in another region"),
        (400, "refuses it (400)"),
        (401, "does not accept our key"),
        (403, "does not let us write there"),
        (404, "has no such bucket there"),
        (429, "is asked too much"),
        (500, "refuses it (500)"),
        (503, "cannot serve us now"),
        (507, "has no room left"),
    ],
)
def test_an_answer_without_words_is_told_by_its_number(
    status: int, said: str, page: StatusPage
) -> None:
    with (
        answering(status) as port,
        pytest.raises(StandfastError, match=re.escape(f"127.0.0.1 {said}")),
    ):
        write(Objects(bucket(f"http://127.0.0.1:{port}")), page)


def test_a_certificate_of_an_own_authority_is_trusted_where_it_is_named(
    page: StatusPage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority, context = certified(tmp_path)
    with answering(200, context) as port:
        folder = Objects(bucket(f"https://127.0.0.1:{port}"))
        with pytest.raises(StandfastError, match="shows a certificate that is not trusted here"):
            write(folder, page)
        monkeypatch.setenv("SSL_CERT_FILE", str(authority))
        write(folder, page)


def certified(folder: Path) -> tuple[Path, ssl.SSLContext]:
    """An authority's file, and a server with a certificate of it."""
    own, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    issuer, subject = (
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]) for name in ("own", "s3")
    )
    made = [
        (issuer, own, [x509.BasicConstraints(ca=True, path_length=None)]),
        (subject, key, [
            x509.BasicConstraints(ca=False, path_length=None),
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]),
        ]),
    ]  # fmt: skip
    files = []
    for name, its_key, extensions in made:
        builder = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(issuer)
            .public_key(its_key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(utc_now() - timedelta(days=1))
            .not_valid_after(utc_now() + timedelta(days=1))
        )
        for one in extensions:
            builder = builder.add_extension(one, critical=False)
        file = folder / f"{len(files)}.pem"
        file.write_bytes(builder.sign(own, hashes.SHA256()).public_bytes(Encoding.PEM))
        files.append(file)
    plain = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "key.pem").write_bytes(plain)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(files[1], folder / "key.pem")
    return files[0], context


def test_an_endpoint_without_tls_is_used_only_where_it_is_written_so(page: StatusPage) -> None:
    with answering(200) as port:
        write(Objects(bucket(f"http://127.0.0.1:{port}")), page)
        with pytest.raises(StandfastError, match="does not speak TLS"):
            write(Objects(bucket(f"https://127.0.0.1:{port}")), page)


@pytest.mark.parametrize("endpoint", ["http://[", "nonsense", "https://u:hunter2@127.0.0.1:1"])
def test_an_endpoint_of_the_environment_that_is_none_is_told(
    endpoint: str, page: StatusPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)

    with pytest.raises(StandfastError) as caught:
        write(Objects(bucket(None)), page)

    assert str(caught.value).startswith("s3://public/status/status.json: ")
    assert "hunter2" not in str(caught.value)


def test_the_cause_is_not_shown_for_it_holds_what_was_sent(
    server: Seaweed, page: StatusPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STATUS_KEY", "nobody")

    with pytest.raises(StandfastError) as caught:
        write(Objects(bucket(server.endpoint)), page)

    assert "obstore" not in "".join(traceback.format_exception(caught.value))
    assert str(caught.value).startswith("s3://public/status/status.json: ")


def test_the_environment_is_used_where_the_file_is_silent(
    server: Seaweed, page: StatusPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = Bucket(name=BUCKET, prefix="status/environment")
    monkeypatch.setenv("AWS_ENDPOINT_URL", server.endpoint)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)

    write(Objects(place), page)

    assert server.get("status/environment/index.html")[0] == 200
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a\nb")
    with pytest.raises(StandfastError, match="AWS_ACCESS_KEY_ID in the environment holds"):
        write(Objects(place), page)


def test_the_file_wins_over_the_environment(
    server: Seaweed, page: StatusPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {
        "AWS_ENDPOINT_URL_S3": "http://127.0.0.1:1",
        "AWS_ACCESS_KEY_ID": "nobody",
        "AWS_SECRET_ACCESS_KEY": "nothing",
        "AWS_SESSION_TOKEN": "of somebody else",
    }.items():
        monkeypatch.setenv(name, value)

    write(Objects(bucket(server.endpoint, "status/file")), page)

    assert server.get("status/file/index.html")[0] == 200


def test_a_secret_that_was_not_kept_is_not_used(page: StatusPage) -> None:
    place = replace(bucket(None), secret_key=SecretRef(kind="literal", name=""))

    with pytest.raises(SourceError, match="a secret stands in the file itself"):
        write(Objects(place), page)


def test_who_writes_to_no_bucket_does_not_pay_for_it() -> None:
    asks = (
        "import sys, standfast.cli.group, standfast.app.platform, standfast.app.places;"
        " sys.exit('obstore' in sys.modules)"
    )

    assert subprocess.run([sys.executable, "-c", asks], check=False).returncode == 0


FILE = """system: {name: books, criticality: low}
server:
  status_page: PLACE
  s3: {SETTINGS}
"""


def read(place: str, settings: str = ""):
    return read_text(FILE.replace("PLACE", place).replace("SETTINGS", settings))


def test_the_file_says_how_a_bucket_is_reached() -> None:
    found = read(
        "s3://books-status/a/b/",
        "region: eu-central-1, endpoint: 'https://s3.test/', access_key: env:K, secret_key: file:/run/s",
    ).server.status_page

    assert found == Bucket(
        name="books-status",
        prefix="a/b",
        region="eu-central-1",
        endpoint="https://s3.test",
        access_key=SecretRef(kind="env", name="K"),
        secret_key=SecretRef(kind="file", name="/run/s"),
    )
    assert str(found) == "s3://books-status/a/b"
    assert read("public/status").server.status_page == "public/status"
    assert read("s3://books-status").server.status_page == Bucket(name="books-status")


@pytest.mark.parametrize(
    ("place", "settings", "said"),
    [
        ("s3:/x", "", "3:16: error: 's3:/x' is no place to write to; write a folder or s3://"),
        ("s3:x", "", "3:16: error: 's3:x' is no place to write to"),
        ("S3://books/x", "", "3:16: error: 'S3://books/x' is no place to write to"),
        ("gs://books/x", "", "3:16: error: 'gs://books/x' is no place to write to"),
        ("s3://", "", "3:16: error: no bucket is named; write s3://BUCKET/PREFIX"),
        ("s3:///x", "", "3:16: error: no bucket is named"),
        ("s3://Books/x", "", "3:16: error: 'Books' is no name of a bucket"),
        ("s3://bo..oks/x", "", "3:16: error: 'bo..oks' is no name of a bucket"),
        ("s3://10.0.0.1/x", "", "3:16: error: '10.0.0.1' is no name of a bucket"),
        ("s3://books/../x", "", "3:16: error: '..' cannot be part of a prefix"),
        ("s3://books/a//x", "", "3:16: error: '' cannot be part of a prefix"),
        (f"s3://books/{'x' * 501}", "", "3:16: error: the prefix has more than 500 characters"),
        ("s3://books", "endpoint: 'http://'", "4:18: error: 'http://' does not read like"),
        ("s3://books", "endpoint: 'http://:90'", "4:18: error: an endpoint is scheme, host"),
        ("s3://books", "endpoint: 'http://h:x'", "4:18: error: an endpoint is scheme, host"),
        ("s3://books", "endpoint: 'http://u@h'", "4:18: error: an endpoint is scheme, host"),
        ("s3://books", "endpoint: 'http://h?q'", "4:18: error: an endpoint is scheme, host"),
        ("s3://books", "endpoint: 'ftp://h'", "4:18: error: 'ftp://h' does not read like"),
        ("s3://books", "region: 'eu central'", "4:16: error: 'eu central' is no region"),
        ("s3://books", "access_key: env:K", "4:20: error: an `access_key` goes with a `secret"),
        ("public", "secret_key: env:K", "4:20: error: an `access_key` goes with a `secret"),
    ],
)
def test_a_place_that_is_badly_written_gets_one_clear_error(
    place: str, settings: str, said: str
) -> None:
    with pytest.raises(FileError) as caught:
        read(place, settings)

    assert len(caught.value.problems) == 1
    assert said in str(caught.value)


@given(st.text() | st.text().map("s3://".__add__))
def test_any_text_is_a_folder_or_a_bucket_or_an_error(text: str) -> None:
    try:
        found = place(text)
    except ValueError:
        return
    if isinstance(found, Bucket):
        assert place(str(found)) == found
    else:
        assert found == text
        assert not text.lower().startswith("s3:")


def test_a_secret_in_the_file_is_found_and_not_kept() -> None:
    system = read("s3://books", "access_key: JUSTSOMEKEY, secret_key: hunter2hunter2")

    review = examine(system, Measured(), NOW)

    found = {one.at for one in review.findings if one.rule == "INP-09"}
    assert found == {"server.s3.access_key", "server.s3.secret_key"}
    assert "hunter2" not in repr(system)


def test_a_whole_server_says_why_its_page_is_old_and_writes_it_when_the_bucket_is_back(
    server: Seaweed,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(announce, "LOOK", timedelta(seconds=0.2))
    monkeypatch.setattr(announce, "EVERY", timedelta(seconds=0.4))  # of a page without news
    settings = (
        "{{status_page: s3://public/status/whole, s3: {{endpoint: '" + server.endpoint + "',"
        " access_key: env:STATUS_KEY, secret_key: env:STATUS_SECRET}}, public_url:"
    )
    server.stop()
    try:
        with web_server.running(
            tmp_path, text=web_server.FILE.replace("{{public_url:", settings)
        ) as standfast:
            pulse = standfast.platform.ticking.pulses["status-page"]
            web_server.until(lambda: pulse.last_error, "the failure to be told")
            with standfast.client("read") as api:
                overview = api.get("/api/v1/overview")
                deep, ready = api.get("/health/deep"), api.get("/health/ready")
                told = standfast.platform.kit.health.deep(details=True).body["checks"]
                others = standfast.platform.ticking.late(standfast.platform.now())
            server.start()
            web_server.until(lambda: not pulse.last_error, "the bucket to be written again")
            assert b"blog status</h1>" in server.get("status/whole/index.html")[2]

            body = {"title": "Nobody can read", "sev": "SEV1", "component": "web"}
            with standfast.client("read", "respond") as api:
                api.post("/api/v1/incidents", json=body).raise_for_status()
            web_server.until(
                lambda: b"Nobody can read" in server.get("status/whole/index.html")[2],
                "the incident to be on the page",
            )
            out = _commanded(standfast, server, monkeypatch)
    finally:
        if not server.running:
            server.start()
    checks = deep.json()["checks"]
    assert (deep.status_code, deep.json()["status"]) == (200, "degraded")
    assert (ready.status_code, checks["ticking"]["status"]) == (200, "healthy")
    assert checks["status_page"]["status"] == "unhealthy"
    assert "127.0.0.1 refuses the connection" in told["status_page"]["error"]
    assert "127.0.0.1 refuses the connection" in overview.text
    assert set(others) == {"status-page"}
    kept = b"".join(one.read_bytes() for one in tmp_path.rglob("*") if one.is_file())
    assert b"status_page: s3://public/status/whole" in kept
    for secret in WRITER:
        assert secret not in overview.text + caplog.text + out
        assert secret.encode() not in kept
        assert all(secret.encode() not in server.get(f"status/whole/{name}")[2] for name in KINDS)


def _commanded(
    standfast: web_server.Standfast, server: Seaweed, monkeypatch: pytest.MonkeyPatch
) -> str:
    """The command writes to a bucket that the environment tells of; answers all that it says."""
    token = standfast.token("read")["authorization"].split()[1]
    for name, value in {
        "STANDFAST_TOKEN": token,
        "AWS_ENDPOINT_URL": server.endpoint,
        "AWS_ACCESS_KEY_ID": KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET,
    }.items():
        monkeypatch.setenv(name, value)

    def run(out: str):
        return CliRunner().invoke(status_page, ["--out", out, "--server", standfast.address])

    done = run("s3://public/status/by-hand")
    assert done.output.splitlines() == [
        "wrote status.json",
        "wrote feed.atom",
        "wrote index.html",
        "wrote 15 badges",
    ]
    assert b"Nobody can read" in server.get("status/by-hand/index.html")[2]
    refused, unclear = run("s3://public/elsewhere"), run("s3:/public")
    assert "127.0.0.1 does not let us write there (AccessDenied)" in str(refused.exception)
    assert str(unclear.exception).startswith("--out: 's3:/public' is no place to write to")
    return done.output + refused.output + str(refused.exception)
