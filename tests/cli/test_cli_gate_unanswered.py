"""What answers in place of a standfast server is neither a yes nor a no: a pipeline is told 4."""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from standfast.cli.group import exit_code
from standfast.cli.group import standfast as command
from standfast.errors import FileError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def http(body: bytes, status: str = "200 OK", *, length: int | None = None) -> bytes:
    claimed = len(body) if length is None else length
    return f"HTTP/1.1 {status}\r\nContent-Length: {claimed}\r\n\r\n".encode() + body


@contextmanager
def answering(data: bytes) -> Iterator[str]:
    """One answer to whoever asks first, then nobody is there."""

    def answer() -> None:
        asked, _ = listening.accept()
        with asked:
            asked.recv(65_536)
            asked.sendall(data)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=answer)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        thread.join(60)


ANSWERS = {
    "silence": b"",
    "no HTTP": b"garbage\r\n\r\n",
    "an endless header": b"HTTP/1.1 200 OK\r\nX: " + b"a" * 70_000 + b"\r\n\r\n",
    "a page": http(b"<html>please sign in</html>"),
    "cut off": http(b'{"answer": "no"}', length=500),
    "broken chunks": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nno",
    "too deep": http(b"[" * 200_000),
    "no text": http(b"\xff\xfe\xfd"),
    "another shape": http(b"[]"),
    "an answer that is none": http(b'{"answer": "maybe", "sentence": "x"}'),
    "an answer without a sentence": http(b'{"answer": "yes"}'),
    "a redirect": http(b"", "302 Found\r\nLocation: http://127.0.0.1:9/"),
    "a proxy's 404": http(b"<html>not here</html>", "404 Not Found"),
    "broken": http(b"", "500 Internal Server Error"),
    "starting": http(b"[]", "503 Service Unavailable"),
}


@pytest.mark.parametrize("data", ANSWERS.values(), ids=ANSWERS)
def test_an_answer_that_is_none_is_not_reachable_and_no_traceback(data: bytes) -> None:
    with answering(data) as server:
        asked = CliRunner().invoke(command, ["gate", "api", "--server", server])

    assert asked.exit_code == 4, asked.output
    assert isinstance(asked.exception, SystemExit)
    assert asked.stderr.startswith("error: ")
    assert asked.stdout == ""


def test_a_service_that_a_standfast_server_does_not_know_is_a_call_that_is_wrong() -> None:
    told = http(b'{"title": "no component is called \'apj\'", "status": 404}', "404 Not Found")
    with answering(told) as server:
        asked = CliRunner().invoke(command, ["gate", "apj", "--server", server])

    assert asked.exit_code == 2
    assert "no component is called 'apj'" in asked.stderr


@pytest.mark.parametrize(
    "server", ["http://[::1", "http://host:port", "http://", "ftp://host", "host", "http://h:99999"]
)
def test_what_is_no_address_is_said_before_anything_is_asked(server: str) -> None:
    asked = CliRunner().invoke(command, ["gate", "api", "--server", server])

    assert isinstance(asked.exception, FileError)
    assert exit_code(asked.exception) == 2


def test_a_token_that_is_none_is_refused_without_being_shown(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_bytes(b"\xff\xfe\x00")
    bad_file = CliRunner().invoke(command, ["gate", "api", "--token-file", str(file)])
    two_lines = CliRunner().invoke(
        command, ["gate", "api"], env={"STANDFAST_TOKEN": "sf_secret\nsf_other"}
    )

    for asked in (bad_file, two_lines):
        assert isinstance(asked.exception, FileError)
        assert "sf_" not in str(asked.exception)
