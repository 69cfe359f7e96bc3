"""Ending: with a stream open, at once, in order; and a look at the file when told to."""

from __future__ import annotations

import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import httpx2
import pytest
from web_server import until

from free_ports import free_port
from standfast_kit.clock import monotonic

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FILE = "system: {name: blog}\ncomponents:\n  web: {type: http}\n"


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[bytes], str, str]]:
    port = free_port()
    (tmp_path / "standfast.yaml").write_text(FILE)
    standfast = [sys.executable, "-m", "standfast"]
    make = [
        *standfast,
        "token",
        "make",
        "--name",
        "test",
        "--scope",
        "read",
        "--data",
        str(tmp_path / "data"),
    ]
    token = subprocess.run(make, capture_output=True, text=True, check=True).stdout.strip()
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(
            [*standfast, "serve", "standfast.yaml", "--port", str(port), "--data", str(tmp_path / "data")],
            cwd=tmp_path, stdout=log, stderr=log,
        )  # fmt: skip
    address = f"http://127.0.0.1:{port}"
    until(lambda: _answers(address), "the server", 90)
    yield process, address, token
    process.kill()
    process.wait()


def _answers(address: str) -> bool:
    try:
        return httpx2.get(address + "/health/ready", timeout=20).status_code == 200
    except httpx2.HTTPError:
        return False


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_at_once_with_a_stream_open(served, how: signal.Signals, tmp_path: Path) -> None:
    process, address, token = served
    headers = {"authorization": f"Bearer {token}"}
    with httpx2.stream("GET", address + "/live", headers=headers, timeout=90) as stream:
        assert stream.status_code == 200
        told = monotonic()
        process.send_signal(how)
        code = process.wait(60)

    # Five seconds where nothing else runs; the stream that it must not wait for lives 15 minutes.
    assert monotonic() - told < 40
    assert code == 0
    assert not (tmp_path / "data" / "standfast.db-wal").exists()


def test_sighup_takes_a_changed_file_over(served, tmp_path: Path) -> None:
    process, address, token = served
    (tmp_path / "standfast.yaml").write_text(FILE + "  db: {type: postgresql}\n")
    process.send_signal(signal.SIGHUP)

    def components() -> set[str]:
        answer = httpx2.get(
            address + "/api/v1/overview", headers={"authorization": f"Bearer {token}"}
        )
        return {one["name"] for one in answer.json()["components"]}

    until(lambda: components() == {"web", "db"}, "the new component")
