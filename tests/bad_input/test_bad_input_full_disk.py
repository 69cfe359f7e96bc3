"""A disk that is full: nothing that was answered with "kept" is lost, the server says what is wrong, and goes
on by itself when there is room again.

On a volume of its own, a small tmpfs, which only root can mount.
"""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import pytest

STANDFAST = str(Path(sys.executable).with_name("standfast"))
FILE = "system: {name: shop}\ncomponents:\n  web: {type: http}\n"
PATIENCE = 60  # seconds, on a busy machine
_SIZE, _BALLAST = 16, 6  # MB of the volume; MB on it that can be removed to make room

pytestmark = pytest.mark.root


@pytest.fixture
def volume(tmp_path: Path) -> Iterator[Path]:
    place = tmp_path / "volume"
    place.mkdir()
    subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={_SIZE}m,mode=700", "tmpfs", str(place)], check=True
    )
    try:
        (place / "ballast").write_bytes(bytes(_BALLAST * 1_000_000))
        yield place
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


class Answer(NamedTuple):
    status: int
    body: Any


@dataclass(slots=True)
class Told:
    """What a client was told is kept."""

    events: set[str] = field(default_factory=set)
    alerts: set[str] = field(default_factory=set)


@dataclass(slots=True)
class Server:
    file: Path
    data: Path
    log: Path
    token: str = ""
    address: str = ""
    process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        with self.log.open("a") as log:
            self.process = subprocess.Popen(
                [STANDFAST, "serve", str(self.file), "--data", str(self.data), "--port", "0", "--json"],
                stdout=subprocess.PIPE, stderr=log, text=True,
            )  # fmt: skip
        assert self.process.stdout
        said = self.process.stdout.readline()
        assert said, self.log.read_text()
        self.address = json.loads(said)["address"]

    def kill(self) -> None:
        assert self.process
        self.process.kill()
        self.process.communicate(timeout=PATIENCE)

    def ask(self, method: str, path: str, body: object = None) -> Answer:
        request = urllib.request.Request(
            f"{self.address}{path}", method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"authorization": f"Bearer {self.token}", "content-type": "application/json"},
        )  # fmt: skip
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
                return Answer(answer.status, json.load(answer))
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, json.load(error))

    def tell_events(self, told: Told) -> Answer:
        batch = [_event() for _ in range(50)]
        answer = self.ask("POST", "/api/v1/audit/events", {"producer": "shop", "events": batch})
        if answer.status == 200:
            told.events |= {event["id"] for event in batch}
        return answer

    def tell_alert(self, told: Told) -> Answer:
        name = f"alert-{uuid.uuid4().hex[:12]}"
        alert = {"name": name, "severity": "P3", "component": "web", "status": "firing",
                 "summary": "x" * 200}  # fmt: skip
        answer = self.ask("POST", "/api/v1/alerts", {"alerts": [alert]})
        if answer.status == 200:
            told.alerts.add(name)
        return answer

    def events(self) -> set[str]:
        """The ids of every event in the log of applications."""
        kept: set[str] = set()
        before = ""
        while True:
            status, page = self.ask("GET", f"/api/v1/audit?stream=application&limit=1000{before}")
            assert status == 200, page
            kept |= {entry["id"] for entry in page["entries"]}
            if page["next"] is None:
                return kept
            before = f"&before={page['next']}"

    def alerts(self) -> set[str]:
        """The names of every alert, asked of the file itself."""
        rows = sqlite3.connect(f"file:{self.data / 'standfast.db'}?mode=ro", uri=True)
        try:
            return {key.split("/")[0] for (key,) in rows.execute("SELECT fingerprint FROM alerts")}
        finally:
            rows.close()

    def unwell(self) -> set[str]:
        """The checks of /health/deep that are not healthy."""
        checks = self.ask("GET", "/health/deep").body["checks"]
        return {name for name, one in checks.items() if one["status"] != "healthy"}


def _event() -> dict[str, Any]:
    return {
        "id": str(uuid.uuid4()),
        "timestamp": "2026-11-25T12:00:00Z",
        "actor": {"type": "user", "id": "u1", "ip_address": "127.0.0.1"},
        "action": {"type": "order.created", "category": "data", "description": "x" * 300},
        "outcome": {"status": "success"},
    }


@pytest.fixture
def server(volume: Path, tmp_path: Path) -> Iterator[Server]:
    file, data = tmp_path / "standfast.yaml", volume / "data"
    file.write_text(FILE)
    token = subprocess.run(
        [STANDFAST, "token", "make", "--name", "shop", "--scope", "admin", "--data", str(data)],
        capture_output=True, text=True, check=True,
    ).stdout.strip()  # fmt: skip
    server = Server(file, data, tmp_path / "log", token)
    try:
        server.start()
        yield server
    finally:
        server.kill()


def filled(server: Server, told: Told) -> Answer:
    """Tell events and alerts until both are refused three times over; answers the last refusal."""
    refused, last = {"events": 0, "alert": 0}, Answer(0, None)
    until = time.monotonic() + 2 * PATIENCE
    while min(refused.values()) < 3:
        assert time.monotonic() < until, f"the disk is not full: {refused}, {len(told.events)}"
        for what, tell in (("events", server.tell_events), ("alert", server.tell_alert)):
            answer = tell(told)
            if answer.status != 200:
                last, refused[what] = answer, refused[what] + 1
    return last


def until(what: str, holds: Callable[[], object]) -> None:
    end = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < end, f"{what}: not within {PATIENCE} s"
        time.sleep(0.1)


def test_a_full_disk_loses_nothing_is_told_and_is_over_when_there_is_room(
    server: Server, volume: Path
) -> None:
    told = Told()
    refusal = filled(server, told)

    assert refusal.status == 503
    assert "full" in refusal.body["title"]
    assert "free space on the volume of the database" in refusal.body["detail"]
    assert len(told.events) > 500
    assert len(told.alerts) > 10

    deep = server.ask("GET", "/health/deep")
    assert deep.status == 503
    assert {"writing"} <= server.unwell()
    assert "full" in " ".join(server.ask("GET", "/api/v1/overview").body["problems"])
    assert told.alerts <= server.alerts()

    (volume / "ballast").unlink()
    until("all is well again", lambda: server.ask("GET", "/health/deep").status == 200)
    before = len(told.events), len(told.alerts)
    assert server.tell_events(told).status == 200
    assert server.tell_alert(told).status == 200
    assert (len(told.events), len(told.alerts)) == (before[0] + 50, before[1] + 1)
    assert_kept(server, told)


def test_a_server_killed_on_a_full_disk_comes_back_on_it_and_has_all_that_it_had_kept(
    server: Server, volume: Path
) -> None:
    told = Told()
    filled(server, told)
    server.kill()

    server.start()
    assert told.alerts <= server.alerts()
    assert server.ask("GET", "/api/v1/overview").status == 200
    filled(server, told)
    assert "writing" in server.unwell()
    server.kill()

    (volume / "ballast").unlink()
    server.start()
    assert_kept(server, told)


def test_where_there_is_no_room_for_a_database_at_all_the_start_says_so(
    volume: Path, tmp_path: Path
) -> None:
    (tmp_path / "standfast.yaml").write_text(FILE)
    with suppress(OSError), (volume / "rest").open("wb", buffering=0) as rest:
        while True:
            rest.write(bytes(4096))

    ended = subprocess.run(
        [STANDFAST, "serve", str(tmp_path / "standfast.yaml"), "--data", str(volume), "--port", "0"],
        capture_output=True, text=True, timeout=PATIENCE, check=False,
    )  # fmt: skip

    assert ended.returncode == 1
    assert ended.stderr.startswith(
        f"error: {volume / 'audit-keys.json'}: cannot write the audit keys"
    )
    assert "No space left on device" in ended.stderr
    assert "fix: make room" in ended.stderr
    assert "Traceback" not in ended.stderr


def assert_kept(server: Server, told: Told) -> None:
    assert told.events <= server.events()
    assert told.alerts <= server.alerts()
    verified = server.ask("POST", "/api/v1/audit/verify")
    assert verified == (200, {"findings": []})
