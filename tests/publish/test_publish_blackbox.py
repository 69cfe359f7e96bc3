"""The real blackbox exporter asks for what the file expects, as far as it can be told."""

from __future__ import annotations

import json
import ssl
import subprocess
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import quote

import pytest
import yaml
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Sink
from generated_files import laid, run

from free_ports import free_port
from own_certificate import certificate
from standfast import spec
from standfast.spec.system import System

BLACKBOX = "ops/generated/blackbox/blackbox.yml"


class Page(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        sent = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.do_GET(f"POST {self.headers['X-A']} {'+'.join(sent)}".encode())

    def do_GET(self, body: bytes = b'{"status": "ok (1.5)"}') -> None:
        self.send_response(302 if self.path == "/old" else 203)
        self.send_header("content-type", "application/json")
        if self.path == "/old":
            self.send_header("location", "/new")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        with suppress(OSError):
            self.wfile.write(body)

    def log_message(self, *_: object) -> None: ...


@pytest.fixture(scope="module")
def page() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Page)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def mail(tmp_path: Path) -> Iterator[tuple[int, str]]:
    """A mail server that takes up TLS; its port and whom to trust."""
    file = certificate(tmp_path, datetime(2035, 1, 1, tzinfo=UTC))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    port = free_port()
    server = Controller(Sink(), hostname="127.0.0.1", port=port, tls_context=context)
    server.start()
    yield port, str(file)
    server.stop()


def system(page: str, port: int = 25, ca: str = "/etc/ca.pem") -> System:
    return spec.read_text(
        f"""
system: {{name: shop}}
components:
  good:
    type: http
    url: {page}/
    probe:
      status: [2xx]
      contains: "ok (1.5)"
      lacks: "Error?"
      matches: 'ok \\(\\d+\\.\\d+\\)'
      headers: {{Content-Type: Application/JSON}}
      json: {{status: "ok (1.5)"}}
      within: 5s
  old: {{type: http, url: "{page}/old", probe: {{status: 302, headers: {{location: /new}}}}}}
  code: {{type: http, url: {page}/, probe: {{status: 204}}}}
  body: {{type: http, url: {page}/, probe: {{contains: "ok (1x5)"}}}}
  bad: {{type: http, url: {page}/, probe: {{lacks: "(1.5)"}}}}
  head: {{type: http, url: {page}/, probe: {{headers: {{content-type: text/html}}}}}}
  name: {{type: other, dns: {{name: shop.test, type: MX, expect: 10 mail.shop.test, server: 192.0.2.53}}}}
  own: {{type: other, dns: shop.test}}
  host: {{type: host, ping: 127.0.0.1}}
  post:
    type: http
    url: {page}/post
    request: {{body: {{a: 1}}, headers: {{X-A: b}}}}
    probe: {{contains: POST b a}}
  none: {{type: http, url: {page}/, probe: {{not_matches: 'o+k'}}}}
  key: {{type: http, url: {page}/, request: {{headers: {{X-Key: env:KEY}}}}}}
  mine:
    type: http
    url: https://shop.test/
    request: {{auth: {{token: file:/run/token}}, redirects: 0, tls: {{ca: /etc/ca.pem, name: a.test}}}}
  mail:
    type: other
    address: 127.0.0.1:{port}
    talk: {{speaks: smtp, starttls: true, tls: {{ca: "{ca}"}}}}
  ssh: {{type: other, address: "127.0.0.1:{port}", talk: ssh}}
  db: {{type: postgresql, address: "db.test:5432", talk: postgresql}}
  live: {{type: other, websocket: "wss://shop.test/live"}}
  cart: {{type: grpc, grpc: {{address: "127.0.0.1:50051", service: shop.Cart, tls: true}}, probe_timeout: 3s}}
"""
    )


def test_each_expectation_is_a_module_that_the_exporter_takes(page, tmp_path: Path, texts) -> None:
    found = texts(system(page))
    modules = yaml.safe_load(found[BLACKBOX])["modules"]
    jobs = yaml.safe_load(found["ops/generated/prometheus/scrape.yml"])["scrape_configs"]
    asked = {
        static["labels"]["component"]: (*static["targets"], job["params"]["module"][0])
        for job in jobs
        if job["job_name"].startswith("blackbox/")
        for static in job["static_configs"]
    }

    assert asked["name"] == ("192.0.2.53", "dns-name")
    assert asked["host"] == ("127.0.0.1", "icmp")
    assert "own" not in asked  # of the machine's own servers the exporter knows nothing
    assert asked["db"] == ("db.test:5432", "tcp")
    assert asked["cart"] == ("127.0.0.1:50051", "grpc-cart")
    assert not asked.keys() & {"key", "live"}  # told of neither, it would answer wrongly
    assert set(modules) == {module for _, module in asked.values()}
    assert modules["grpc-cart"]["timeout"] == "3s"
    assert modules["http-mine"]["http"] == {
        "method": "GET",
        "follow_redirects": False,
        "authorization": {"credentials_file": "/run/token"},
        "tls_config": {"ca_file": "/etc/ca.pem", "server_name": "a.test"},
        "fail_if_not_ssl": True,
    }
    noted = [line for line in found[BLACKBOX].splitlines() if "cannot be told" in line]
    assert [line.split()[1] for line in noted] == ["good:", "good:", "own:", "key:", "db:", "live:"]
    assert "KEY" not in found[BLACKBOX].replace("X-Key", "")
    folder = laid(tmp_path, found)
    file = folder / "blackbox" / "blackbox.yml"
    run(folder, "prometheus-blackbox-exporter", f"--config.file={file}", "--config.check")
    run(folder / "prometheus", "promtool", "check", "config", "scrape.yml")


def test_the_real_exporter_judges_as_standfast_does(page, mail, tmp_path: Path, texts) -> None:
    at, ca = mail
    folder, port = laid(tmp_path, texts(system(page, at, ca))), free_port()
    process = subprocess.Popen(
        [
            "prometheus-blackbox-exporter",
            f"--config.file={folder / 'blackbox' / 'blackbox.yml'}",
            f"--web.listen-address=127.0.0.1:{port}",
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        judged = {
            name: _probe(port, f"http-{name}", f"{page}/{'old' if name == 'old' else ''}")
            for name in ("good", "old", "code", "body", "bad", "head", "none")
        }
        judged["post"] = _probe(port, "http-post", f"{page}/post")
        judged |= {name: _probe(port, f"tcp-{name}", f"localhost:{at}") for name in ("mail", "ssh")}
    finally:
        process.terminate()
        process.wait(timeout=60)

    assert judged == {
        "good": True, "old": True, "code": False, "body": False, "bad": False, "head": False,
        "none": False, "post": True, "mail": True, "ssh": False,
    }  # fmt: skip


def _probe(port: int, module: str, target: str) -> bool:
    address = f"http://127.0.0.1:{port}/probe?module={module}&target={quote(target)}"
    for attempt in range(200):
        try:
            with urllib.request.urlopen(address, timeout=60) as answer:
                return "\nprobe_success 1" in answer.read().decode()
        except OSError:
            if attempt == 199:
                raise
            threading.Event().wait(0.1)
    raise AssertionError("the exporter never answered")
