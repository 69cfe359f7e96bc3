"""kill -9, again and again, and a ledger of what the clients were told: nothing accepted may be lost.

`python -m bench.kill [KILLS] [SEED]`: clients send alerts and audit events to a real server and put orders
into a retry queue; each process is killed at random instants. In the end every alert that was answered with
200 has its page in the mailbox, every audit event is in the log exactly once, and every order is handled.
Ctrl-C ends the killing early and counts what was done until then.
"""

from __future__ import annotations

import json
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

from aiosmtpd.controller import Controller

from standfast_kit.clock import monotonic, utc_now
from standfast_kit.retry_queue import RetryQueue

_PATIENCE, _LONG = 120.0, 3_600.0  # seconds, on a busy machine; for what reads the whole log
_IN_FULL_SWING = 0.75  # share of the kills that wait until every client was told something
RESULTS = Path(__file__).with_name("RESULTS.md")
FILE = """
system: {{name: ledger, criticality: high, timezone: UTC}}
server: {{public_url: "http://127.0.0.1:{port}"}}
components:
  web: {{type: http, owner: web}}
people:
  ada: {{name: Ada Ito, email: ada@ledger.test}}
  bo: {{name: Bo Lind, email: bo@ledger.test}}
teams:
  web: {{members: [ada, bo], lead: ada}}
on_call:
  web: {{covers: [web], shift: {{length: 1w, handover: "Mon 09:00", order: [ada, bo]}}}}
channels:
  page: {{kind: smtp, host: 127.0.0.1, port: {smtp}, from: standfast@ledger.test}}
"""
ORDERS = """
import itertools, sys, time, uuid
from standfast_kit.retry_queue import RetryQueue
queue = RetryQueue(sys.argv[1], max_jobs=10_000_000)
for number in itertools.count():
    key = uuid.uuid4().hex
    queue.put(key, {"order": number})
    print(key, flush=True)
    time.sleep(0.01)
"""


@dataclass
class Ledger:
    """What clients were told was accepted."""

    alerts: set[str] = field(default_factory=set)
    events: set[str] = field(default_factory=set)
    orders: set[str] = field(default_factory=set)

    @property
    def sizes(self) -> tuple[int, int, int]:
        return len(self.alerts), len(self.events), len(self.orders)

    def grown(self, by: int) -> Callable[[], bool]:
        """Has every client been told of so many more since now?"""
        before = self.sizes
        return lambda: all(now >= was + by for was, now in zip(before, self.sizes, strict=True))


@dataclass(frozen=True)
class Report:
    kills: int
    accepted: dict[str, int]
    lost: dict[str, list[str]]
    duplicates: dict[str, int]
    findings: list[str]
    slowest_start: float  # seconds from the start of the process to its first answer

    @property
    def clean(self) -> bool:
        return not any(self.lost.values()) and not self.findings and not self.duplicates["events"]


class Mailbox:
    """Every mail by its key, and the alerts that they name."""

    def __init__(self) -> None:
        self._keys: set[str] = set()
        self._names: set[str] = set()
        self.duplicates = 0

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's
        mail = message_from_bytes(envelope.content, policy=policy.default)
        key = str(mail["message-id"])
        self.duplicates += key in self._keys
        self._keys.add(key)
        self._names.update(
            word for word in str(mail["subject"]).split() if word.startswith("alert-")
        )
        return "250 kept"

    def names(self) -> set[str]:
        return set(self._names)  # a copy: mails come in meanwhile, on a thread of their own


class Server:
    def __init__(self, folder: Path, port: int, smtp: int) -> None:
        self.folder, self.port = folder, port
        self.file, self.data = folder / "standfast.yaml", folder / "data"
        self.file.write_text(FILE.format(port=port, smtp=smtp))
        self.token = self._standfast(
            "token", "make", "--name", "ledger", "--scope", "alerts", "--scope", "audit", "--scope", "read",
            "--data", str(self.data),
        ).strip()  # fmt: skip
        self.process: subprocess.Popen[bytes] | None = None
        self.slowest_start = 0.0  # seconds

    def _standfast(self, *arguments: str) -> str:
        command = [sys.executable, "-m", "standfast", *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    def start(self) -> None:
        log = (self.folder / "server.log").open("ab")
        self.process = subprocess.Popen(
            [sys.executable, "-X", "faulthandler", "-m", "standfast", "serve", str(self.file),
             "--data", str(self.data), "--port", str(self.port)],
            stdout=log, stderr=log,
        )  # fmt: skip
        log.close()
        began = monotonic()
        try:
            until(self._answers, "the server to answer", _PATIENCE)
        except TimeoutError as error:
            self.kill(signal.SIGABRT)  # the fault handler writes down where each thread stood
            raise TimeoutError(f"{error}; its log ends:\n{self._last_words()}") from None
        self.slowest_start = max(self.slowest_start, monotonic() - began)

    def _last_words(self) -> str:
        return "\n".join((self.folder / "server.log").read_text().splitlines()[-120:])

    def _answers(self) -> bool:
        assert self.process
        if self.process.poll() is not None:
            last = (self.folder / "server.log").read_text(errors="replace")[-2000:]
            raise RuntimeError(f"the server ended with {self.process.returncode}:\n{last}")
        try:
            with urllib.request.urlopen(
                f"http://127.0.0.1:{self.port}/health/live", timeout=2
            ) as answer:
                return answer.status == 200
        except (OSError, HTTPException):
            return False

    def kill(self, how: signal.Signals = signal.SIGKILL) -> None:
        assert self.process
        self.process.send_signal(how)
        self.process.wait(_PATIENCE)

    def ask(self, method: str, path: str, body: object = None, patience: float = 10) -> Any:
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"authorization": f"Bearer {self.token}", "content-type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=patience) as answer:
                return json.loads(answer.read())
        except HTTPError as error:
            error.close()
            raise

    def ask_patiently(self, method: str, path: str) -> Any:
        """In the end, when nobody kills: a busy server may take its time, and may say "later"."""
        for _ in range(10):
            try:
                return self.ask(method, path, patience=_LONG)
            except HTTPError as error:
                if error.code != 503:
                    raise
                time.sleep(2)
        raise TimeoutError(f"{method} {path}: too busy ten times")


def until(done: Any, what: str, patience: float, every: float = 0.02) -> None:
    end = monotonic() + patience
    while not done():
        if monotonic() > end:
            raise TimeoutError(f"waited {patience:g} s for {what}")
        time.sleep(every)


def run(kills: int, seed: int, folder: Path) -> Report:
    """Kill `kills` times; raises TimeoutError where the server does not come back."""
    chance, ledger, mailbox = random.Random(seed), Ledger(), Mailbox()
    smtp = Controller(mailbox, hostname="127.0.0.1", port=_free_port())
    smtp.start()
    server = Server(folder, _free_port(), smtp.port)
    try:
        kills = _lives(server, folder, ledger, chance, kills)
        server.start()
        return _settle(server, folder, ledger, mailbox, kills)
    finally:
        if server.process and server.process.poll() is None:
            server.kill(signal.SIGTERM)
        smtp.stop()


def _lives(server: Server, folder: Path, ledger: Ledger, chance: random.Random, kills: int) -> int:
    """How many lives were lived; fewer than asked for where somebody lost patience."""
    for done in range(kills):
        try:
            _one_life(server, folder, ledger, chance)
        except KeyboardInterrupt:
            return done + 1
        if done % 50 == 49:
            told = ", ".join(f"{len(each)} {name}" for name, each in vars(ledger).items())
            print(f"{done + 1} kills; accepted: {told}", file=sys.stderr, flush=True)
    return kills


def _one_life(server: Server, folder: Path, ledger: Ledger, chance: random.Random) -> None:
    server.start()
    orders = subprocess.Popen(
        [sys.executable, "-c", ORDERS, str(folder / "orders.db")], stdout=subprocess.PIPE, text=True
    )
    ending = threading.Event()
    clients = [
        threading.Thread(target=_send, args=(deed, server, ledger, ending))
        for deed in (_alert, _events)
    ]
    clients.append(threading.Thread(target=_read, args=(orders, ledger)))
    for client in clients:
        client.start()
    try:
        if chance.random() < _IN_FULL_SWING:
            until(ledger.grown(by=3), "clients to be told something", _PATIENCE)
        time.sleep(chance.uniform(0.05, 1.2))
    finally:
        server.kill()
        orders.kill()
        ending.set()
        for client in clients:
            client.join()
    orders.wait()


def _read(orders: subprocess.Popen[str], ledger: Ledger) -> None:
    assert orders.stdout
    with orders.stdout:
        # A last line without its end was not told to anybody.
        ledger.orders.update(line.strip() for line in orders.stdout if line.endswith("\n"))


def _send(deed: Any, server: Server, ledger: Ledger, ending: threading.Event) -> None:
    while not ending.is_set():
        try:
            deed(server, ledger)
        except (OSError, HTTPException, ValueError):
            # A killed server can end its answer half way: that was told to nobody, whatever it kept.
            if ending.wait(0.02):
                return


def _alert(server: Server, ledger: Ledger) -> None:
    name = f"alert-{uuid.uuid4().hex[:12]}"
    alert = {
        "name": name,
        "severity": "P2",
        "component": "web",
        "summary": name,
        "status": "firing",
    }
    server.ask("POST", "/api/v1/alerts", {"alerts": [alert]})
    ledger.alerts.add(name)
    time.sleep(0.05)


def _events(server: Server, ledger: Ledger) -> None:
    batch = [_event() for _ in range(20)]
    server.ask("POST", "/api/v1/audit/events", {"producer": "ledger", "events": batch})
    ledger.events |= {event["id"] for event in batch}


def _event() -> dict[str, Any]:
    return {
        "id": str(uuid.uuid4()),
        "timestamp": utc_now().isoformat().replace("+00:00", "Z"),
        "actor": {"type": "user", "id": "u1", "ip_address": "127.0.0.1"},
        "action": {"type": "order.created", "category": "data", "description": "an order"},
        "outcome": {"status": "success"},
    }


def _settle(server: Server, folder: Path, ledger: Ledger, mailbox: Mailbox, kills: int) -> Report:
    wait = 30 + len(ledger.alerts) / 10
    late = ""
    try:
        until(lambda: ledger.alerts <= mailbox.names(), "every page", wait, every=0.5)
    except TimeoutError as error:
        late = str(error)
    kept = _kept_events(server)
    handled: set[str] = set()
    queue = RetryQueue(folder / "orders.db", max_jobs=10_000_000)
    while queue.drain(lambda job: handled.add(job.key), 1000).done:
        pass
    queue.close()
    found = server.ask_patiently("POST", "/api/v1/audit/verify")["findings"]
    return Report(
        kills=kills,
        accepted={
            "alerts": len(ledger.alerts),
            "events": len(ledger.events),
            "orders": len(ledger.orders),
        },
        lost={
            "alerts": sorted(ledger.alerts - mailbox.names()),
            "events": sorted(ledger.events - set(kept)),
            "orders": sorted(ledger.orders - handled),
        },
        duplicates={"pages": mailbox.duplicates, "events": len(kept) - len(set(kept))},
        findings=[*found, *([late] if late else [])],
        slowest_start=server.slowest_start,
    )


def _kept_events(server: Server) -> list[str]:
    kept: list[str] = []
    before = ""
    while True:
        page = server.ask_patiently("GET", f"/api/v1/audit?stream=application&limit=1000{before}")
        kept += [entry["id"] for entry in page["entries"]]
        if page["next"] is None:
            return kept
        before = f"&before={page['next']}"


def _free_port() -> int:
    """Below those that the kernel gives to clients: while the server is dead, any connection of this machine
    could be given its port, its own callers' among them, and it would find the port taken."""
    for port in random.sample(range(15_000, 30_000), 200):
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise RuntimeError("no free port between 15000 and 30000")


def main() -> None:
    kills = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else int.from_bytes(os.urandom(4), "big")
    print(f"{kills} kill -9, seed {seed} ...", file=sys.stderr, flush=True)
    with tempfile.TemporaryDirectory(prefix="sf-kill-") as folder:
        report = run(kills, seed, Path(folder))
    line = (
        f"{utc_now():%Y-%m-%d}: {report.kills} kill -9 (seed {seed}); accepted {report.accepted}; lost "
        f"{ {k: len(v) for k, v in report.lost.items()} }; duplicates, each with its key, {report.duplicates}; "
        f"slowest start {report.slowest_start:.1f} s; "
        f"audit log {'whole' if not report.findings else report.findings}"
    )
    print(line)
    with RESULTS.open("a", encoding="utf-8") as file:
        file.write(f"\n- {line}\n")
    sys.exit(0 if report.clean else 1)


if __name__ == "__main__":
    main()
