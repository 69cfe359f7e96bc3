"""A whole standfast in this process: real SQLite, real HTTP on a free port, and a small system to watch."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import httpx2
import uvicorn

from free_ports import free_port
from standfast.app.platform import Platform
from standfast.app.settings import Settings
from standfast.audit.event import SYSTEM
from standfast.web.server import create
from standfast.web.serving import IDLE
from standfast_kit.clock import monotonic

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

FILE = """
system: {{name: blog, criticality: critical, timezone: UTC}}
server: {{public_url: "http://127.0.0.1:{port}"}}
components:
  web:
    type: http
    owner: web
    url: "{url}"
    probe_every: 1s
    needs: {{db: {{strength: hard}}}}
  db: {{type: postgresql, owner: web}}
journeys:
  read: {{path: [web], slo: 99%}}
service_levels:
  web-probes: {{of: web, sli: probe, slo: 99%, window: 10m}}
composites:
  reading: {{weighted: {{web-probes: 3, read: 1}}, slo: 99%}}
people:
  ada: {{name: Ada Ito, email: ada@blog.test}}
  bo: {{name: Bo Lind, email: bo@blog.test}}
teams:
  web: {{members: [ada, bo], lead: ada}}
on_call:
  web: {{covers: [web], shift: {{length: 1w, handover: "Mon 09:00", order: [ada, bo]}}}}
channels:
  page: {{kind: smtp, host: 127.0.0.1, port: {smtp}, from: standfast@blog.test}}
data:
  posts: {{store: db, class: important, rpo: 1h, rto: 1h}}
"""


class _Site(BaseHTTPRequestHandler):
    status = 200

    def do_GET(self) -> None:
        self.send_response(type(self).status)
        self.send_header("content-length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *_: object) -> None:
        pass


@dataclass
class Standfast:
    address: str
    platform: Platform
    password: str
    site: type[_Site]

    def token(self, *scopes: str) -> dict[str, str]:
        made = self.platform.sign_in.make_token("test", scopes, SYSTEM)
        return {"authorization": f"Bearer {made}"}

    def client(self, *scopes: str) -> httpx2.Client:
        return httpx2.Client(base_url=self.address, headers=self.token(*scopes), timeout=60)


@contextmanager
def running(folder: Path, smtp: int = 9, text: str = FILE) -> Iterator[Standfast]:
    site = type("Site", (_Site,), {})
    target = ThreadingHTTPServer(("127.0.0.1", 0), site)
    threading.Thread(target=target.serve_forever, daemon=True).start()
    file = folder / "standfast.yaml"
    port = free_port()
    file.write_text(
        text.format(url=f"http://127.0.0.1:{target.server_port}/", smtp=smtp, port=port)
    )
    settings = Settings(
        file=str(file), database=f"sqlite:///{folder / 's.db'}", data=folder / "data", port=0
    )
    platform = Platform(settings)
    platform.begin()
    server = uvicorn.Server(
        uvicorn.Config(
            create(platform),
            port=port,
            log_level="critical",
            lifespan="on",
            timeout_keep_alive=IDLE,
        )
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    until(lambda: server.started, "the server to start")
    password = platform.sign_in.first_password()
    assert password
    try:
        yield Standfast(f"http://127.0.0.1:{port}", platform, password, site)
    finally:
        platform.ending()
        server.should_exit = True
        thread.join(60)
        platform.end()
        target.shutdown()
        target.server_close()


def until(done: Callable[[], object], what: str, patience: float = 60) -> None:
    """Wait for a condition, not for a time."""
    end, pause = monotonic() + patience, threading.Event()
    while not done():
        assert monotonic() < end, f"waited {patience} s for {what}"
        pause.wait(0.05)
