from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest
from audit_log import DEE, KEYS, Log, sign_in
from click.testing import CliRunner

from standfast.audit.query import Query
from standfast.cli.audit import audit
from standfast.cli.client import Client
from standfast.errors import (
    Conflict,
    FileError,
    NotAllowed,
    NotFound,
    StandfastError,
    TimedOut,
    Unreachable,
)

if TYPE_CHECKING:
    from collections.abc import Iterator


class Api(ThreadingHTTPServer):
    """Answers as it is told, and remembers what it was asked."""

    answers: dict[str, tuple[int, bytes]]
    asked: list[tuple[str, str, str | None, bytes]]


class _Handler(BaseHTTPRequestHandler):
    server: Api

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.asked.append((self.command, self.path, self.headers.get("Authorization"), body))
        code, answer = self.server.answers.get(self.path.partition("?")[0], (404, b"{}"))
        self.send_response(code)
        self.send_header("Content-Length", str(len(answer)))
        if code == 302:
            self.send_header("Location", "/elsewhere")
        self.end_headers()
        self.wfile.write(answer)

    do_POST = do_GET  # noqa: N815 - the name that http.server calls

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def api() -> Iterator[Api]:
    server = Api(("127.0.0.1", 0), _Handler)
    server.answers, server.asked = {}, []
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def address(api: Api) -> str:
    return f"http://127.0.0.1:{api.server_port}"


def test_the_client_sends_its_token_and_leaves_out_what_is_not_given(api: Api) -> None:
    api.answers = {"/api/v1/audit": (200, b'{"a": 1}'), "/api/v1/pages": (201, b"")}
    client = Client(address(api), "sf_x")

    assert client.get("/api/v1/audit", {"actor": "d e", "since": None}) == {"a": 1}
    assert client.post("/api/v1/pages", {"b": 2}) is None
    assert api.asked == [
        ("GET", "/api/v1/audit?actor=d+e", "Bearer sf_x", b""),
        ("POST", "/api/v1/pages", "Bearer sf_x", b'{"b": 2}'),
    ]


@pytest.mark.parametrize(
    ("code", "error"),
    [
        (401, NotAllowed), (403, NotAllowed), (404, NotFound), (409, Conflict),
        (503, Unreachable), (504, TimedOut), (500, StandfastError), (302, StandfastError),
    ],
)  # fmt: skip
def test_each_refusal_is_an_error_of_ours_in_the_servers_words(
    api: Api, code: int, error: type
) -> None:
    api.answers = {"/x": (code, b'{"detail": "not like this"}')}

    with pytest.raises(error, match="not like this"):
        Client(address(api)).get("/x")
    assert len(api.asked) == 1  # a redirect is not followed: the token stays here


def test_a_server_that_is_not_there_or_speaks_otherwise_is_told_apart(api: Api) -> None:
    api.answers = {"/x": (200, b"<html>")}
    with pytest.raises(StandfastError, match="not JSON"):
        Client(address(api)).get("/x")
    with pytest.raises(Unreachable, match="does not answer: nothing listens there"):
        Client("http://127.0.0.1:1").get("/x")
    with pytest.raises(Unreachable, match="nobody knows a host of that name"):
        Client("http://standfast.invalid").get("/x")
    with pytest.raises(FileError, match="not the address"):
        Client("file:///etc/passwd")


def test_search_prints_a_line_for_each_entry_and_nothing_that_steers_a_terminal(
    api: Api, small: Log, tmp_path
) -> None:
    small.record.ingest(
        "shop", "s", [sign_in(1, action={"type": "a.b", "category": "x", "description": "\x1b[2J"})]
    )
    page = small.record.search(Query(stream="shop"), DEE)
    told = {"entries": [entry.as_json() for entry in page.entries], "next": 0}
    api.answers = {"/api/v1/audit": (200, json.dumps(told).encode())}
    (tmp_path / "token").write_text("sf_y\n")

    ran = CliRunner().invoke(
        audit,
        [
            "search",
            "--server",
            address(api),
            "--token-file",
            str(tmp_path / "token"),
            "--actor",
            "sam",
        ],
    )

    assert ran.exit_code == 0
    assert "sam  a.b  success" in ran.stdout
    assert "\x1b" not in ran.stdout
    assert "more: --before 0" in ran.stderr
    assert api.asked[0][2] == "Bearer sf_y"
    assert "actor=sam" in api.asked[0][1]


def test_an_export_is_written_by_the_server_and_verified_without_it(
    api: Api, small: Log, tmp_path
) -> None:
    small.write(20)
    lines = list(small.record.export(Query(), DEE))
    api.answers = {"/api/v1/audit/export": (200, "".join(line + "\n" for line in lines).encode())}
    file = tmp_path / "log.jsonl"

    wrote = CliRunner().invoke(audit, ["export", "--server", address(api), "--output", str(file)])
    held = CliRunner().invoke(
        audit, ["verify", "--export", str(file), "--key", str(KEYS.verifying)]
    )
    file.write_text(file.read_text().replace("Dee took", "Sam took"))
    broken = CliRunner().invoke(
        audit, ["verify", "--export", str(file), "--key", str(KEYS.verifying), "--json"]
    )

    assert (wrote.exit_code, held.exit_code, broken.exit_code) == (0, 0, 1), wrote.output
    assert "as it was written" in held.output
    assert not json.loads(broken.output)["clean"]


def test_a_changed_database_is_told_with_its_seq_and_exit_code_1(small: Log, monkeypatch) -> None:
    monkeypatch.setattr(
        "standfast.app.offline.offline_audit", lambda *_: small.record.verify(), raising=False
    )
    small.write(20)
    clean = CliRunner().invoke(audit, ["verify", "--database", small.url])
    small.tamper("DELETE FROM audit_records WHERE seq = 7")
    broken = CliRunner().invoke(audit, ["verify", "--database", small.url])

    assert (clean.exit_code, broken.exit_code) == (0, 1)
    assert "system seq 7: missing" in broken.output


def test_verify_wants_one_thing_to_verify() -> None:
    assert CliRunner().invoke(audit, ["verify"]).exit_code == 2
