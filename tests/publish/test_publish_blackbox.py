"""The real blackbox exporter asks for what the file expects, as far as it can be told."""

from __future__ import annotations

import subprocess
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import quote

import pytest
import yaml
from generated_files import laid, run

from free_ports import free_port
from standfast import spec
from standfast.spec.system import System

BLACKBOX = "ops/generated/blackbox/blackbox.yml"


class Page(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = b'{"status": "ok (1.5)"}'
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


def system(page: str) -> System:
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
    assert set(modules) == {module for _, module in asked.values()}
    folder = laid(tmp_path, found)
    file = folder / "blackbox" / "blackbox.yml"
    run(folder, "prometheus-blackbox-exporter", f"--config.file={file}", "--config.check")
    run(folder / "prometheus", "promtool", "check", "config", "scrape.yml")


def test_the_real_exporter_judges_as_standfast_does(page, tmp_path: Path, texts) -> None:
    folder, port = laid(tmp_path, texts(system(page))), free_port()
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
            for name in ("good", "old", "code", "body", "bad", "head")
        }
    finally:
        process.terminate()
        process.wait(timeout=60)

    assert judged == {
        "good": True, "old": True, "code": False, "body": False, "bad": False, "head": False,
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
