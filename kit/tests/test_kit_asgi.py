"""The ASGI middleware around real applications and bare ones."""

import asyncio
import json

import pytest
from fastapi import FastAPI
from prometheus_client.parser import text_string_to_metric_families
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.routing import Mount, Route

from standfast_kit import Kit, value
from standfast_kit.asgi import Reliable


@pytest.fixture
def kit() -> Kit:
    return Kit("shop", "1.2.3")


class Answer:
    def __init__(self, messages: list[dict]) -> None:
        self.messages = messages
        self.status = messages[0]["status"] if messages else None
        self.headers = (
            {k.decode(): v.decode() for k, v in messages[0]["headers"]} if messages else {}
        )
        self.body = b"".join(m.get("body", b"") for m in messages[1:])


async def call(
    app, path: str, *, method: str = "GET", root: str = "", headers=(), leave=False, **more
) -> Answer:
    sent: list[dict] = []
    asked = 0

    async def receive() -> dict:
        nonlocal asked
        asked += 1
        if asked == 1 and not leave:
            return {"type": "http.request", "body": b"", "more_body": False}
        if not leave:
            await asyncio.sleep(60)
        return {"type": "http.disconnect"}

    async def send(message: dict) -> None:
        sent.append(message)

    scope = {
        "type": "http", "method": method, "path": path, "raw_path": path.encode(), "root_path": root,
        "headers": [(k.encode(), v.encode()) for k, v in headers], "query_string": b"", "scheme": "http",
        "http_version": "1.1", "server": ("shop", 80), "client": ("client", 1), **more,
    }  # fmt: skip
    await app(scope, receive, send)
    return Answer(sent)


def get(app, path: str, **more) -> Answer:
    return asyncio.run(call(app, path, **more))


def requests(kit: Kit) -> dict[tuple[str, str], float]:
    """Finished requests by route and class, zeros left out."""
    return {
        (sample.labels["route"], sample.labels["code_class"]): sample.value
        for family in text_string_to_metric_families(kit.registry.expose())
        for sample in family.samples
        if sample.name == "http_server_requests_total" and sample.value
    }


def test_fastapi_routes_are_counted_by_their_template(kit: Kit) -> None:
    app = FastAPI()

    @app.get("/orders/{order}")
    async def order(order: str) -> str:
        return order

    inner = FastAPI()

    @inner.get("/items/{item}")
    async def item(item: str) -> str:
        return item

    app.mount("/api", inner)
    reliable = Reliable(app, kit)
    assert get(reliable, "/orders/1").status == 200
    get(reliable, "/orders/2")
    get(reliable, "/api/items/7")
    get(reliable, "/wp-login.php")
    assert requests(kit) == {
        ("/orders/{order}", "2xx"): 2,
        ("/api/items/{item}", "2xx"): 1,
        ("other", "4xx"): 1,
    }


def test_starlette_routes_are_counted_by_their_template(kit: Kit) -> None:
    async def order(request) -> PlainTextResponse:
        return PlainTextResponse("fine")

    app = Starlette(routes=[Route("/orders/{order}", order), Mount("/sub", routes=[])])
    get(Reliable(app, kit), "/orders/1")
    assert requests(kit) == {("/orders/{order}", "2xx"): 1}


def test_a_bare_application_is_counted_by_the_name_it_gives_or_the_path(kit: Kit) -> None:
    async def app(scope, receive, send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body"})

    get(Reliable(app, kit), "/plain")
    get(Reliable(app, kit, route=lambda scope: "/named"), "/7")
    assert requests(kit) == {("/plain", "2xx"): 1, ("/named", "2xx"): 1}


def test_an_exception_is_a_500_and_passes_through(kit: Kit) -> None:
    async def app(scope, receive, send) -> None:
        raise RuntimeError("own words")

    with pytest.raises(RuntimeError, match="own words"):
        get(Reliable(app, kit), "/")
    assert requests(kit) == {("/", "5xx"): 1}
    assert kit.signals.active.value == 0


def test_an_exception_in_the_middle_of_a_stream_is_a_500(kit: Kit) -> None:
    async def app(scope, receive, send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"a", "more_body": True})
        raise RuntimeError

    with pytest.raises(RuntimeError):
        get(Reliable(app, kit), "/")
    assert requests(kit) == {("/", "5xx"): 1}


def test_an_exception_after_the_answer_does_not_change_it(kit: Kit) -> None:
    async def app(scope, receive, send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body"})
        raise RuntimeError("background task")

    with pytest.raises(RuntimeError):
        get(Reliable(app, kit), "/")
    assert requests(kit) == {("/", "2xx"): 1}


def test_a_client_that_leaves_is_no_error(kit: Kit) -> None:
    async def endless():
        while True:
            yield b"x"
            await asyncio.sleep(0.01)

    async def stream(request) -> StreamingResponse:
        return StreamingResponse(endless())

    app = Reliable(Starlette(routes=[Route("/stream", stream)]), kit)
    get(app, "/stream", leave=True)

    async def raises(scope, receive, send) -> None:
        await receive()
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        get(Reliable(raises, kit), "/raises", leave=True)
    assert requests(kit) == {("/stream", "499"): 1, ("/raises", "499"): 1}


def test_a_cancelled_request_is_no_error(kit: Kit) -> None:
    async def slow(scope, receive, send) -> None:
        await asyncio.sleep(60)

    async def story() -> None:
        task = asyncio.create_task(call(Reliable(slow, kit), "/slow"))
        await asyncio.sleep(0.01)
        assert kit.signals.active.value == 1
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(story())
    assert requests(kit) == {("/slow", "499"): 1}
    assert kit.signals.active.value == 0


def test_an_application_that_answers_nothing_is_a_500(kit: Kit) -> None:
    async def silent(scope, receive, send) -> None:
        return

    get(Reliable(silent, kit), "/silent")
    assert requests(kit) == {("/silent", "5xx"): 1}


def test_streams_pass_through_piece_by_piece(kit: Kit) -> None:
    gate = asyncio.Event()
    seen: list[bytes] = []

    async def app(scope, receive, send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"first", "more_body": True})
        await gate.wait()
        await send({"type": "http.response.body", "body": b"last"})

    async def story() -> None:
        async def send(message: dict) -> None:
            seen.append(message.get("body", b""))
            if message.get("body") == b"first":
                gate.set()

        scope = {"type": "http", "method": "GET", "path": "/", "headers": []}
        await asyncio.wait_for(Reliable(app, kit)(scope, None, send), 60)

    asyncio.run(story())
    assert seen == [b"", b"first", b"last"]


def test_its_own_endpoints_answer_and_do_not_count(kit: Kit) -> None:
    kit.check("database", lambda: True)
    app = Reliable(FastAPI(), kit)
    for path in ("/health/live", "/health/ready", "/health/deep", "/health"):
        answer = get(app, path)
        assert answer.status == 200
        assert answer.headers["content-type"] == "application/json"
        assert json.loads(answer.body)["status"] == "healthy"
    metrics = get(app, "/metrics")
    assert metrics.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert b"process_start_time_seconds" in metrics.body
    assert get(app, "/metrics", method="POST").status == 405
    assert get(app, "/health/live", method="HEAD").body == b""
    assert get(app, "/proxied/health/live", root="/proxied").status == 200
    assert requests(kit) == {}


def test_health_details_need_the_token(monkeypatch: pytest.MonkeyPatch) -> None:
    kit = Kit("shop", health_token="env:HEALTH_TOKEN")
    kit.check("database", lambda: 1 / 0)
    app = Reliable(FastAPI(), kit)
    right = [("authorization", "Bearer s3cret")]
    assert b"division" not in get(app, "/health/ready", headers=right).body
    monkeypatch.setenv("HEALTH_TOKEN", "s3cret")
    assert b"division" in get(app, "/health/ready", headers=right).body
    wrong = [("authorization", "Bearer wrong")]
    assert b"division" not in get(app, "/health/ready", headers=wrong).body


def test_health_speaks_the_ietf_dialect_when_asked(kit: Kit) -> None:
    kit.check("database", lambda: "degraded")
    answer = get(
        Reliable(FastAPI(), kit), "/health/ready", headers=[("accept", "application/health+json")]
    )
    assert answer.headers["content-type"] == "application/health+json"
    said = json.loads(answer.body)
    assert (said["status"], said["checks"]["database"][0]["status"]) == ("warn", "warn")


def test_degraded_answers_are_said_in_a_header_and_counted(kit: Kit) -> None:
    b = kit.breaker("search", open="50% in 5s", reset="10s")
    app = FastAPI()

    @b(fallback=value([]))
    def search() -> list[str]:
        raise OSError

    @app.get("/search")
    def page() -> list[str]:  # a synchronous endpoint: it runs in a thread
        return search()

    answer = get(Reliable(app, kit), "/search")
    assert (answer.status, answer.headers["standfast-degraded"]) == (200, "search;mode=value")
    text = kit.registry.expose()
    assert 'standfast_degraded_total{dependency="search",mode="value"} 1.0' in text
    assert 'http_server_degraded_requests_total{route="/search"} 1.0' in text


def test_users_are_counted(kit: Kit) -> None:
    app = Reliable(
        FastAPI(), kit, user=lambda scope: dict(scope["headers"]).get(b"user", b"").decode()
    )
    for name in ("ann", "bob", "ann", ""):
        get(app, "/", headers=[("user", name)])
    assert "http_server_concurrent_users 2.0" in kit.registry.expose()


def test_other_protocols_pass_untouched(kit: Kit) -> None:
    seen = []

    async def app(scope, receive, send) -> None:
        seen.append((scope, receive, send))

    asyncio.run(Reliable(app, kit)({"type": "lifespan"}, 1, 2))
    assert seen == [({"type": "lifespan"}, 1, 2)]
