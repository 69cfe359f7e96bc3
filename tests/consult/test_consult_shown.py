"""What is asked, and what was not answered, as people and programs see it: page, health, overview, doctor."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
import uvicorn

from free_ports import free_port
from standfast.app.doctor import look
from standfast.app.platform import Platform
from standfast.app.settings import Settings
from standfast.audit.event import SYSTEM
from standfast.web.server import create
from standfast.web.serving import IDLE

FILE = """
system: {{name: shop}}
components: {{orders: {{type: worker, owner: shop}}}}
service_levels:
  taken:
    of: orders
    sli: query
    slo: 99%
    query:
      total: sum(rate(orders_total[$window]))
      bad: sum(rate(orders_failed_total[$window]))
people: {{ada: {{name: Ada Ito, email: ada@shop.test}}}}
teams: {{shop: {{members: [ada], lead: ada}}}}
server: {{prometheus: {{url: "{url}", lag: 5s}}}}
"""


class Engine(BaseHTTPRequestHandler):
    """A hundred orders a minute, one of them bad; in place of numbers it can give a warning."""

    warning = ""

    def do_GET(self) -> None:
        query = {name: found[0] for name, found in parse_qs(urlsplit(self.path).query).items()}
        result: list[object] = []
        if "start" in query:
            start, end = float(query["start"]), float(query["end"])
            ends = [start + 60 * one for one in range(round((end - start) / 60) + 1)]
            for side, value in (("total", 100 / 60), ("bad", 1 / 60)):
                values = [[at, str(value)] for at in ends]
                result.append({"metric": {"standfast": side}, "values": values})
        body = json.dumps(
            {
                "status": "success",
                "data": {"result": result},
                **({"warnings": [self.warning]} if self.warning else {}),
            }
        ).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None: ...


@contextmanager
def serving(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@contextmanager
def standfast(folder: Path, url: str) -> Iterator[tuple[Platform, httpx2.Client]]:
    file = folder / "shop.yaml"
    file.write_text(FILE.format(url=url), encoding="utf-8")
    port = free_port()
    database = f"sqlite:///{folder / 'standfast.db'}"
    platform = Platform(Settings(file=str(file), database=database, data=folder, port=port))
    platform.begin()
    server = uvicorn.Server(
        uvicorn.Config(
            create(platform),
            host="127.0.0.1",
            port=port,
            log_level="warning",
            timeout_keep_alive=IDLE,
        )
    )
    thread = threading.Thread(target=server.run)
    thread.start()
    token = platform.sign_in.make_token("test", ("read",), SYSTEM)
    wait_until(lambda: server.started)
    with httpx2.Client(
        base_url=f"http://127.0.0.1:{port}",
        headers={"authorization": f"Bearer {token}"},
        trust_env=False,
        timeout=60,
    ) as client:
        yield platform, client
    server.should_exit = True
    thread.join()
    platform.end()


def wait_until(holds, seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.1)


def level(client: httpx2.Client) -> dict:
    return client.get("/api/v1/objectives/taken").json()


def test_the_page_shows_what_was_asked_and_when(tmp_path: Path) -> None:
    with serving(Engine) as url, standfast(tmp_path, url) as (_, client):
        wait_until(lambda: level(client)["total"] > 100_000)  # a day of minutes, caught up
        found = level(client)
        assert found["bad"] * 100 == pytest.approx(found["total"], rel=0.01)
        assert found["mark"]["word"] in {"healthy", "exhausted", "burning"}
        why = dict(found["why"])
        assert why["Read from"].startswith(f"{url}, minute by minute up to ")
        assert "sum(rate(orders_total[1m]))" in why["All events, as asked"]
        assert "sum(rate(orders_failed_total[1m]))" in why["Bad events, as asked"]
        assert " at time=" in why["Bad events, as asked"]
        assert "orders_failed_total[1m]" in client.get("/objectives/taken").text
        deep = client.get("/health/deep").json()
        assert deep["checks"]["prometheus"]["status"] == "healthy"


@pytest.mark.parametrize("fault", ["down", "partial"])
def test_what_is_not_answered_is_told_wherever_one_looks(tmp_path: Path, fault: str) -> None:
    handler = type("Partial", (Engine,), {"warning": "store 3 did not answer"})
    said = {"down": "no connection", "partial": "answers in part only: store 3"}[fault]
    with serving(handler) as alive:
        url = alive if fault == "partial" else f"http://127.0.0.1:{free_port()}"
        with standfast(tmp_path, url) as (_, client):
            wait_until(lambda: said in level(client)["sentence"])
            found = level(client)
            assert found["mark"]["word"] == "unknown"
            assert found["total"] == 0
            assert any(said in one for one in client.get("/api/v1/overview").json()["problems"])
            deep = client.get("/health/deep").json()
            assert deep["checks"]["prometheus"]["status"] != "healthy"
            assert deep["status"] != "unhealthy"
        signs = look(file=str(tmp_path / "shop.yaml"), database="", data=tmp_path)
        (sign,) = [one for one in signs if one.what == url]
        assert not sign.ok
        assert said in sign.words
