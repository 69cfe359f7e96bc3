"""A system that knows nothing of standfast: one address, ten lines, the real server, nothing else."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from free_ports import free_port

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

STANDFAST = str(Path(sys.executable).with_name("standfast"))
FILE = Path(__file__).parents[2] / "examples" / "url-only.yaml"
ADDRESS = "http://127.0.0.1:8085/"
PATIENCE = 60  # seconds, on a busy machine; a probe comes every second, and two must fail


class _Hello(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("content-length", "6")
        self.end_headers()
        self.wfile.write(b"hello\n")

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def site(port: int) -> Iterator[None]:
    """An application that answers at its address, and has nothing else to say."""
    server = ThreadingHTTPServer(("127.0.0.1", port), _Hello)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class Watcher:
    """A running `standfast serve`, asked through its API."""

    def __init__(self, address: str, token: str) -> None:
        self._address, self._token = address, token

    def ask(self, path: str) -> Any:
        request = urllib.request.Request(
            f"{self._address}/api/v1/{path}", headers={"authorization": f"Bearer {self._token}"}
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)

    def wait_for(self, path: str, good: Callable[[Any], bool]) -> Any:
        """What `path` answers, once it is `good`."""
        until = time.monotonic() + PATIENCE
        while not good(found := self.ask(path)):
            assert time.monotonic() < until, f"still not so after {PATIENCE} s: {found}"
            time.sleep(0.1)
        return found


@contextmanager
def watching(file: Path, folder: Path, told: signal.Signals = signal.SIGINT) -> Iterator[Watcher]:
    environment = {**os.environ, "STANDFAST_DATA": str(folder / "data")}
    token = subprocess.run(
        [STANDFAST, "token", "make", "--name", "t", "--scope", "read"],
        env=environment, check=True, capture_output=True, text=True, timeout=PATIENCE,
    ).stdout.strip()  # fmt: skip
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            [STANDFAST, "serve", str(file), "--port", "0", "--json"],
            env=environment, stdout=subprocess.PIPE, stderr=log, text=True,
        )  # fmt: skip
        try:
            assert process.stdout
            said = process.stdout.readline()
            assert said, (folder / "log").read_text()
            yield Watcher(json.loads(said)["address"], token)
        finally:
            process.send_signal(told)
            process.communicate(timeout=PATIENCE)


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def file(port: int, tmp_path: Path) -> Path:
    """The example, with an address that is free here."""
    text = FILE.read_text(encoding="utf-8")
    assert ADDRESS in text
    path = tmp_path / "system.yaml"
    path.write_text(text.replace(ADDRESS, f"http://127.0.0.1:{port}/"), encoding="utf-8")
    return path


def test_ten_lines_say_it() -> None:
    assert len(FILE.read_text(encoding="utf-8").splitlines()) == 10


def test_the_guide_shows_the_very_same_lines() -> None:
    guide = Path(__file__).parents[2] / "docs" / "how-to" / "watch-an-application.md"

    assert FILE.read_text(encoding="utf-8") in guide.read_text(encoding="utf-8")


def test_a_site_that_goes_away_and_comes_back_is_seen_with_the_reason(
    file: Path, port: int, tmp_path: Path
) -> None:
    with watching(file, tmp_path) as watcher:
        with site(port):
            watcher.wait_for("services/site", lambda one: one["mark"]["word"] == "healthy")

        down = watcher.wait_for("services/site", lambda one: one["mark"]["word"] == "unhealthy")
        assert down["because"].startswith("probe: no connection")
        (check,) = down["checks"]
        assert check["mark"]["tone"] == "bad"
        overview = watcher.ask("overview")
        assert overview["health"]["tone"] == "bad"
        assert "site" in overview["because"]
        spent = watcher.wait_for("objectives/site-answers", lambda one: one["bad"] >= 2)
        assert 0 < spent["left"] < 1, "a young budget is that of its whole window"
        assert 0 < spent["measured"] < 1

        with site(port):
            well = watcher.wait_for("services/site", lambda one: one["mark"]["word"] == "healthy")
            assert well["because"] == "probe is well"
            assert well["blast_radius"].endswith("journeys touched: sign.")


def test_a_site_that_was_never_there_is_not_called_healthy(file: Path, tmp_path: Path) -> None:
    with watching(file, tmp_path) as watcher:
        seen = watcher.wait_for("services/site", lambda one: one["mark"]["word"] == "unhealthy")

        assert "no connection" in seen["because"]


@pytest.mark.parametrize(
    "told",
    [
        signal.SIGINT,
        signal.SIGTERM,
    ],
)
def test_a_server_that_is_told_to_stop_closes_its_database(
    told: signal.Signals, file: Path, tmp_path: Path
) -> None:
    with watching(file, tmp_path, told) as watcher:
        assert watcher.ask("overview")["system"] == "guestbook"

    assert not list((tmp_path / "data").glob("*-wal"))
