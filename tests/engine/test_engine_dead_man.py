"""Somebody outside hears that standfast lives, and hears nothing when it only seems to."""

from __future__ import annotations

import sys
import threading
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "web"))

from web_server import running, until

from standfast.drivers.dead_man import DeadManPing
from standfast.engine.dead_man import EVERY, MAIN, DeadMan
from standfast.engine.ticking import Role, Ticking
from standfast.errors import FileError, SourceError
from standfast.spec import read_text
from standfast.spec.values import SecretRef

if TYPE_CHECKING:
    from collections.abc import Iterator

FILE = read_text(
    "system: {name: blog}\ncomponents: {web: {type: http}}\nserver: {dead_man: 'env:DEAD_MAN'}\n"
)
SOON = timedelta(seconds=0.3)


class Watch:
    def __init__(self) -> None:
        self.status, self.paths, self.hold = 200, list[str](), threading.Event()
        self.hangs = False
        self.url = ""


@contextmanager
def watching() -> Iterator[Watch]:
    watch = Watch()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            watch.paths.append(self.path)
            if watch.hangs:
                watch.hold.wait(120)
            self.send_response(watch.status)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads, server.block_on_close = True, False
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    watch.url = f"http://127.0.0.1:{server.server_port}/ping/s3cret"
    try:
        yield watch
    finally:
        watch.hold.set()
        server.shutdown()
        thread.join()
        server.server_close()


def test_it_is_told_at_its_interval_while_all_is_well(clock) -> None:
    with watching() as watch:
        one = DeadMan(DeadManPing(secret=lambda _: watch.url), lambda _: {})
        for _ in range(4):  # every ten seconds a look, every thirty a word
            one.tick(FILE, clock.now)
            clock.pass_by(seconds=10)
    assert watch.paths == ["/ping/s3cret"] * 2
    assert (one.switch.sent, one.switch.because) == (2, "")


def test_it_is_not_told_while_what_pages_does_not_work(clock) -> None:
    wrong: list[dict[str, str] | None] = [None, {"evaluate": "no tick finished for 90 s"}, {}]
    with watching() as watch:
        one = DeadMan(DeadManPing(secret=lambda _: watch.url), lambda _: wrong[0])
        one.tick(FILE, clock.now)
        assert (one.switch.because, watch.paths) == ("", [])  # too early to say
        wrong.pop(0)
        one.tick(FILE, clock.pass_by(minutes=1))
        assert one.switch.because == "not told, for evaluate: no tick finished for 90 s"
        assert (one.switch.withheld, watch.paths) == (1, [])
        wrong.pop(0)
        one.tick(FILE, clock.pass_by(seconds=1))
        assert (one.switch.because, len(watch.paths)) == ("", 1)


def test_one_that_refuses_hangs_or_is_gone_is_a_state_that_ends_and_its_address_is_not_told(
    clock,
) -> None:
    with watching() as watch:
        one = DeadMan(DeadManPing(secret=lambda _: watch.url), lambda _: {}, timeout=SOON)
        watch.status = 503
        one.tick(FILE, clock.now)
        assert one.switch.because == "it answered 503"
        watch.status, watch.hangs = 200, True
        one.tick(FILE, clock.pass_by(seconds=5))
        assert one.switch.because == "no whole answer within 0.3s"
        watch.hangs = False
        watch.hold.set()
        one.tick(FILE, clock.pass_by(seconds=5))
        assert (one.switch.because, one.switch.failed, one.switch.sent) == ("", 2, 1)
    one.tick(FILE, clock.pass_by(seconds=EVERY.total_seconds()))
    assert "no connection" in one.switch.because
    assert "s3cret" not in one.switch.because


def test_a_secret_that_is_not_there_is_said_and_nothing_is_asked(
    clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DEAD_MAN", raising=False)
    one = DeadMan(DeadManPing(), lambda _: {})
    one.tick(FILE, clock.now)
    assert one.switch.because == "the environment has no DEAD_MAN"
    one.tick(replace(FILE, server=replace(FILE.server, dead_man=None)), clock.now)
    assert one.switch.because == ""


def test_the_address_stands_in_the_file_or_is_a_secret_and_nothing_else() -> None:
    assert FILE.server.dead_man == SecretRef(kind="env", name="DEAD_MAN")
    with pytest.raises(FileError, match="no address; write https://"):
        read_text("system: {name: x}\ncomponents: {web: {type: http}}\nserver: {dead_man: soon}\n")


def test_roles_are_unwell_only_once_they_can_be_judged(clock) -> None:
    broken = threading.Event()

    def work(_now) -> None:
        if broken.is_set():
            raise SourceError("it broke")

    ticking = Ticking([Role(name="a", every=timedelta(seconds=0.01), work=work)], clock)
    assert ticking.unwell(["a"], clock.now) is None
    ticking.start()
    try:
        until(lambda: ticking.unwell(["a"], clock.now) == {}, "a first tick")
        broken.set()
        until(
            lambda: "it broke" in (ticking.unwell(["a"], clock.now) or {}).get("a", ""), "a fault"
        )
        assert ticking.unwell(["b"], clock.now) == {}
    finally:
        ticking.stop()


def test_a_whole_server_tells_the_switch_and_shows_it_when_it_cannot(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (
        watching() as watch,
        running(tmp_path, text=_with_switch(watch.url)) as server,
        server.client("read") as api,
    ):
        assert set(MAIN) <= set(server.platform.ticking.pulses)
        until(lambda: watch.paths, "a word to the switch")
        metrics = api.get("/metrics").text
        assert 'standfast_dead_man_pings_total{outcome="sent"} ' in metrics
        watch.status = 500
        monkeypatch.setattr("standfast.engine.dead_man.EVERY", timedelta(0))
        until(lambda: server.platform.dead_man.switch.because, "a refusal")
        problems = api.get("/api/v1/overview").json()["problems"]
        assert "The dead man's switch does not hear from us: it answered 500" in problems
        deep = api.get("/health/deep").json()
        assert deep["checks"]["dead_man"]["status"] != "healthy"
        assert deep["status"] == "degraded"


def _with_switch(url: str) -> str:
    import web_server

    return web_server.FILE.replace("server: {{", f'server: {{{{dead_man: "{url}", ')
