"""The audit client against a real server on loopback, and against kill -9."""

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections import Counter
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from standfast_kit import Actor, Audit, SpoolFull
from standfast_kit.event import acting, category_of, event_id
from standfast_kit.forwarder import Forwarder, NotSent, Server, read_answer
from standfast_kit.spool import Frame, Spool


class Log:
    """An audit log that keeps each id once, and can be told to misbehave."""

    def __init__(self) -> None:
        self.events: dict[str, dict] = {}
        self.batches: list[dict] = []
        self.tokens: set[str | None] = set()
        self.statuses: list[int] = []
        self.refuse: set[str] = set()
        self.poison: set[str] = set()
        self.forget_answers = 0
        self.url = ""

    def take(self, batch: dict) -> tuple[int, dict]:
        self.batches.append(batch)
        if self.statuses:
            return self.statuses.pop(0), {}
        if any(event["action"]["type"] in self.poison for event in batch["events"]):
            return 422, {}
        said = {"accepted": 0, "duplicates": 0, "rejected": []}
        for index, event in enumerate(batch["events"]):
            if event["action"]["type"] in self.refuse:
                said["rejected"].append({"index": index, "reason": "not wanted"})
            elif event["id"] in self.events:
                said["duplicates"] += 1
            else:
                self.events[event["id"]] = event
                said["accepted"] += 1
        if self.forget_answers:
            self.forget_answers -= 1
            return 200, {"accepted": 0}
        return 200, said


@contextmanager
def serving(log: Log):
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            assert self.path == "/api/v1/audit/events"
            log.tokens.add(self.headers["Authorization"])
            batch = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            status, said = log.take(batch)
            body = json.dumps(said).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    log.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def log():
    made = Log()
    with serving(made):
        yield made


@pytest.fixture
def make(tmp_path: Path):
    made: list[Audit] = []

    def build(**settings: object) -> Audit:
        made.append(Audit(tmp_path, producer="shop", **settings))
        return made[-1]

    yield build
    for client in made:
        client.close()


def kept(directory: Path) -> list[dict]:
    """Every event in the spools below, which nobody may hold."""
    found = []
    for one in sorted(directory.glob("shop-*")):
        spool = Spool(one)
        found += [json.loads(frame.payload) for frame in spool.pending(10**6, 1 << 30)]
        spool.close()
    return found


def test_an_event_has_the_agreed_fields(make, tmp_path: Path) -> None:
    client = make(clock=lambda: datetime(2026, 1, 15, 10, 30, tzinfo=UTC))
    made = client.emit(
        "user.login",
        actor=Actor(type="user", id="42", ip_address="192.0.2.1"),
        target=("session", "7"),
        outcome=("failure", "wrong password"),
        changes={"email": ("old", "new")},
        context={"device": "phone", "odd": {1, }},
    )  # fmt: skip
    client.close()
    (event,) = kept(tmp_path)
    assert event == {
        "counter": 1,
        "id": made,
        "timestamp": "2026-01-15T10:30:00.000Z",
        "actor": {"type": "user", "id": "42", "ip_address": "192.0.2.1"},
        "action": {"type": "user.login", "category": "authentication", "description": "user.login"},
        "target": {"type": "session", "id": "7"},
        "outcome": {"status": "failure", "reason": "wrong password"},
        "changes": [{"field": "email", "old_value": "old", "new_value": "new"}],
        "context": {"device": "phone", "odd": "{1}"},
    }


def test_masked_fields_never_reach_the_disk(make, tmp_path: Path) -> None:
    client = make(mask=["card", "password"])
    context = {"card": "4111", "deep": [{"password": "hunter2", "kept": 1}]}
    client.emit("user.changed", changes={"password": ("hunter1", "hunter2")}, context=context)
    client.close()
    assert context["card"] == "4111"
    (event,) = kept(tmp_path)
    assert event["changes"] == [
        {"field": "password", "old_value": "[masked]", "new_value": "[masked]"}
    ]
    assert event["context"] == {
        "card": "[masked]",
        "deep": [{"password": "[masked]", "kept": 1}],
    }


def test_the_actor_is_the_one_acting_or_else_the_system(make, tmp_path: Path) -> None:
    client = make()
    with acting(Actor(type="api_key", id="k1", ip_address="192.0.2.1")):
        client.emit("data.export")
    client.emit("settings.change")
    client.close()
    assert [event["actor"] for event in kept(tmp_path)] == [
        {"type": "api_key", "id": "k1", "ip_address": "192.0.2.1"},
        {"type": "system", "id": "shop", "ip_address": None},
    ]


@pytest.mark.parametrize(
    ("type_", "category"),
    [
        ("user.login", "authentication"), ("mfa.enrolled", "authentication"), ("record.update", "data"),
        ("data.export", "data"), ("user.deactivated", "administration"),
        ("permission.granted", "administration"), ("order.paid", "order"),
    ],
)  # fmt: skip
def test_well_known_events_have_their_category(type_: str, category: str) -> None:
    assert category_of(type_) == category


def test_ids_are_uuids_of_version_7_in_the_order_of_time() -> None:
    first = uuid.UUID(event_id(datetime(2026, 1, 1, tzinfo=UTC), b"\xff" * 10))
    later = uuid.UUID(event_id(datetime(2026, 1, 2, tzinfo=UTC), b"\x00" * 10))
    assert (first.version, first.variant) == (7, uuid.RFC_4122)
    assert first < later


def test_events_reach_the_server_with_producer_counter_and_token(
    make, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STANDFAST_AUDIT_TOKEN", "s3cret")
    client = make(url=log.url)
    ids = [client.emit("user.login") for _ in range(3)]
    assert client.flush(60)
    assert list(log.events) == ids
    assert [event["counter"] for event in log.events.values()] == [1, 2, 3]
    assert {batch["producer"] for batch in log.batches} == {client.producer()}
    assert log.tokens == {"Bearer s3cret"}
    assert client.reading().accepted == 3


def test_what_was_accepted_is_counted_before_nothing_waits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever waits until nothing waits, as `flush` does, reads the counts next."""
    said = b'{"accepted": 1, "duplicates": 1, "rejected": [{"index": 2, "reason": "x"}]}'
    spool, forwarder, seen = Spool(tmp_path), Forwarder(lambda body: (200, said)), []
    delivered = Spool.delivered

    def watched(spool: Spool, frames: list[Frame]) -> None:
        seen.append((forwarder.accepted, forwarder.duplicates, forwarder.rejected, spool.waiting))
        delivered(spool, frames)

    monkeypatch.setattr(Spool, "delivered", watched)
    for _ in range(3):
        spool.append(b"{}")
    assert forwarder.send(spool, "shop") == 3
    assert seen == [(1, 1, 1, 3)]
    assert spool.waiting == 0
    spool.close()


def test_without_a_server_events_wait_and_are_delivered_by_the_next_process(
    make, log: Log, tmp_path: Path
) -> None:
    down = make(url="http://127.0.0.1:1")
    ids = [down.emit("user.login") for _ in range(5)]
    assert None not in ids
    assert down.reading().waiting == 5
    producer = down.producer()
    down.close()
    again = make(url=log.url)
    ids.append(again.emit("user.login"))
    assert again.producer() == producer
    assert again.flush(60)
    assert list(log.events) == ids
    assert [event["counter"] for event in log.events.values()] == [1, 2, 3, 4, 5, 6]


def test_an_answer_that_got_lost_costs_no_event_and_doubles_none(make, log: Log) -> None:
    log.forget_answers = 1
    client = make(url=log.url)
    made = client.emit("user.login")
    assert client.flush(60)
    assert list(log.events) == [made]
    assert (client.reading().accepted, client.reading().duplicates) == (0, 1)


def test_a_server_in_trouble_is_asked_again(make, log: Log) -> None:
    log.statuses = [503, 401]
    client = make(url=log.url)
    made = client.emit("user.login")
    assert client.flush(60)
    assert list(log.events) == [made]


def test_what_the_server_rejects_is_kept_aside_with_its_reason(
    make, log: Log, tmp_path: Path
) -> None:
    log.refuse = {"bad.one"}
    client = make(url=log.url)
    good, bad = client.emit("user.login"), client.emit("bad.one")
    assert client.flush(60)
    assert list(log.events) == [good]
    (line,) = (tmp_path / client.producer() / "rejected.jsonl").read_text().splitlines()
    assert (json.loads(line)["reason"], json.loads(line)["event"]["id"]) == ("not wanted", bad)
    assert client.reading().rejected == 1


def test_one_event_that_spoils_its_batch_is_found_and_the_others_arrive(
    make, log: Log, tmp_path: Path
) -> None:
    log.poison = {"bad.one"}
    client = make(url=log.url, lazy=False)
    good = [client.emit("bad.one" if n == 5 else "user.login") for n in range(12)]
    bad = good.pop(5)
    assert client.flush(60)
    assert sorted(log.events) == sorted(good)
    text = (tmp_path / client.producer() / "rejected.jsonl").read_text()
    assert (bad in text, "HTTP 422" in text, text.count("\n")) == (True, True, 1)


@pytest.mark.parametrize(
    "text",
    [
        b"", b"[]", b"null", b'{"accepted": 2, "duplicates": 0}',
        b'{"accepted": 1, "duplicates": 0, "rejected": []}',
        b'{"accepted": 1, "duplicates": 0, "rejected": [{"index": 2, "reason": "x"}]}',
    ],
)  # fmt: skip
def test_an_answer_that_does_not_account_for_every_event_is_no_answer(text: bytes) -> None:
    with pytest.raises(NotSent):
        read_answer(text, 2)


def test_what_a_process_left_behind_is_sent_by_another(make, log: Log) -> None:
    first = make()
    second = make()
    left = second.emit("user.login")
    first.emit("user.logout")
    assert first.producer() != second.producer()
    second.close()
    first.close()
    third = make(url=log.url)
    third.emit("user.login")
    wanted, pause = 3, threading.Event()
    until = time.monotonic() + 60
    while len(log.events) < wanted and time.monotonic() < until:
        pause.wait(0.01)
    assert left in log.events
    assert len(log.events) == wanted


def test_a_full_spool_is_said_counted_and_refuses_only_what_must_not_be_lost(
    make, log: Log, tmp_path: Path
) -> None:
    client = make(max_bytes=6000, segment_bytes=2000, fail_closed=["payment.refund", "data"])
    ids = [client.emit("user.login") for _ in range(40)]
    lost = ids.count(None)
    assert 0 < lost < 40
    with pytest.raises(SpoolFull):
        client.emit("payment.refund")
    with pytest.raises(SpoolFull):
        client.emit("record.view")
    assert client.reading().lost == lost + 2
    client.close()
    events = kept(tmp_path)
    assert [event["action"]["type"] for event in events][-1] == "spool.full"
    assert events[-1]["context"]["from"] == 40 - lost + 1


def test_when_there_is_room_again_the_gap_is_told_with_its_size(make, log: Log) -> None:
    client = make(max_bytes=12_000, segment_bytes=2000, lazy=False, url=log.url)
    ids = [client.emit("user.login") for _ in range(80)]
    lost = ids.count(None)
    assert lost
    assert client.flush(60)
    assert client.emit("user.login")
    assert client.flush(60)
    gap = next(event for event in log.events.values() if event["action"]["type"] == "spool.gap")
    assert gap["context"]["lost"] == lost
    counters = [event["counter"] for event in log.events.values()]
    missing = set(range(1, max(counters) + 1)) - set(counters)
    assert len(missing) == lost
    assert len(counters) == len(set(counters))


def test_emit_never_raises_whatever_it_is_given(make, tmp_path: Path) -> None:
    client = make()
    assert client.emit("odd", changes=7) is None
    assert client.emit("odd", context={"loop": Odd()}) is None
    assert client.reading().lost == 2
    (tmp_path / "file").write_text("in the way")
    blocked = Audit(tmp_path / "file" / "spool", producer="shop")
    assert blocked.emit("user.login") is None
    assert blocked.reading().lost == 1
    closed = Audit(tmp_path / "file" / "spool", producer="shop", fail_closed=["user.login"])
    with pytest.raises(SpoolFull):
        closed.emit("user.login")


class Odd:
    def __str__(self) -> str:
        raise RuntimeError


def test_without_waiting_the_event_is_synced_soon(make, monkeypatch: pytest.MonkeyPatch) -> None:
    synced, sync = threading.Event(), os.fdatasync
    client = make()
    monkeypatch.setattr(os, "fdatasync", lambda fd: (sync(fd), synced.set()))
    client.emit("user.login", wait=False)
    assert synced.wait(60)


def test_a_forked_child_writes_to_a_spool_of_its_own(make, tmp_path: Path, log: Log) -> None:
    code = """
import os, sys, warnings
from standfast_kit import Audit
client = Audit(sys.argv[1], producer="shop", url=sys.argv[2])
client.emit("user.login", context={"who": "parent"})
warnings.simplefilter("ignore")  # 3.12 warns of forks beside threads
pid = os.fork()
if pid == 0:
    client.emit("user.login", context={"who": "child"})
    ok = client.flush(60)
    os._exit(0 if ok and client.reading().waiting == 0 else 1)
assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
client.emit("user.login", context={"who": "parent"})
assert client.flush(60)
client.close()
"""
    subprocess.run([sys.executable, "-c", code, str(tmp_path), log.url], check=True, timeout=150)
    who = Counter(event["context"]["who"] for event in log.events.values())
    assert who == {"parent": 2, "child": 1}
    assert len({batch["producer"] for batch in log.batches}) == 2


def test_the_address_and_the_token_reference_are_checked() -> None:
    for url in ("ftp://x", "file:///etc/passwd", "nonsense"):
        with pytest.raises(ValueError, match="address"):
            Server(url, "env:TOKEN")
    with pytest.raises(ValueError, match="reference") as refused:
        Server("http://x", "s3cret-itself")
    assert "s3cret" not in str(refused.value)


CHILD = """
import sys, threading
from standfast_kit import Audit
client = Audit(sys.argv[1], producer="shop", segment_bytes=4000, lazy=False)
lock = threading.Lock()
def work(name):
    for n in range(100_000):
        made = client.emit("user.login", context={"name": f"{name}-{n}"})
        with lock:
            sys.stdout.write(made + "\\n")
            sys.stdout.flush()
threads = [threading.Thread(target=work, args=(name,)) for name in "ab"]
[t.start() for t in threads]
"""


@pytest.mark.kill
def test_every_acknowledged_event_survives_kill_9_and_arrives_exactly_once(
    tmp_path: Path, log: Log
) -> None:
    """Ten children are killed at random points; each takes over the spool of the one before."""
    randomness = random.Random(20260101)
    acknowledged: set[str] = set()
    for run in range(10):
        child = subprocess.Popen(
            [sys.executable, "-c", CHILD, str(tmp_path)], stdout=subprocess.PIPE, text=True
        )
        for _ in range(randomness.randint(1, 120)):
            acknowledged.add(child.stdout.readline().strip())
        os.kill(child.pid, signal.SIGKILL)
        rest = child.stdout.read().splitlines(keepends=True)
        acknowledged |= {line.strip() for line in rest if line.endswith("\n")}
        child.stdout.close()
        child.wait()
        if run == 4:
            # The tail that a power cut may leave: part of a frame.
            newest = max(tmp_path.glob("shop-*/*.log"))
            with newest.open("ab") as file:
                file.write(b"\x00\x00\x01\x00torn")
        if run == 6:
            log.forget_answers = 1
            deliver(tmp_path, log)
    found = [event["id"] for event in kept(tmp_path)]
    assert acknowledged <= set(found) | set(log.events)
    deliver(tmp_path, log)
    assert acknowledged <= set(log.events)
    counters = sorted(event["counter"] for event in log.events.values())
    assert counters == list(range(1, len(counters) + 1))
    assert len(list(tmp_path.glob("shop-*"))) == 1


def deliver(directory: Path, log: Log) -> None:
    client = Audit(directory, producer="shop", url=log.url)
    client.producer()
    assert client.flush(60)
    client.close()
    Spool(next(directory.glob("shop-*"))).close()  # closed means released: this would raise
