"""The middleware behind a real server, with clients that leave when they like."""

import asyncio
import http.client
import socket
import threading
import time

import pytest
import uvicorn
from fastapi import FastAPI
from fastapi.responses import StreamingResponse

from standfast_kit import Kit
from standfast_kit.asgi import Reliable


@pytest.fixture
def kit() -> Kit:
    return Kit("shop", "1.2.3", thresholds=[0.3])


@pytest.fixture
def port(kit: Kit):
    app = FastAPI()

    async def endless():
        while True:
            yield b"x" * 1000
            await asyncio.sleep(0.005)

    @app.get("/stream")
    async def stream() -> StreamingResponse:
        return StreamingResponse(endless())

    @app.get("/slow")
    def slow() -> str:
        time.sleep(0.05)
        return "done"

    @app.get("/broken")
    def broken() -> str:
        raise RuntimeError

    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(
        uvicorn.Config(Reliable(app, kit), log_level="critical", lifespan="off")
    )
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        yield listening.getsockname()[1]
    finally:
        server.should_exit = True
        thread.join()
        listening.close()


def get(port: int, path: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def comes(kit: Kit, line: str) -> bool:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        if line in kit.registry.expose():
            return True
        time.sleep(0.01)
    return False


def test_requests_errors_and_departures_are_counted_apart(kit: Kit, port: int) -> None:
    assert get(port, "/slow") == (200, b'"done"')
    assert get(port, "/broken")[0] == 500
    assert get(port, "/health/live")[0] == 200
    leaving = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    leaving.request("GET", "/stream")
    leaving.getresponse().read(10)
    assert "http_server_active_requests 1.0" in kit.registry.expose()
    leaving.sock and leaving.sock.close()
    leaving.close()
    assert comes(kit, 'http_server_requests_total{route="/stream",code_class="499"} 1.0')
    assert comes(kit, "http_server_active_requests 0.0")
    status, body = get(port, "/metrics")
    assert status == 200
    for line in (
        'http_server_requests_total{route="/slow",code_class="2xx"} 1.0',
        'http_server_requests_total{route="/broken",code_class="5xx"} 1.0',
        'http_server_requests_total{route="/stream",code_class="5xx"} 0.0',
    ):
        assert line in body.decode()
