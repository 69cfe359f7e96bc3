"""The WSGI middleware behind the standard library's own server checks."""

import json
from wsgiref.util import setup_testing_defaults
from wsgiref.validate import validator

import pytest

from standfast_kit import Kit, degraded, value
from standfast_kit.wsgi import Reliable


@pytest.fixture
def kit() -> Kit:
    return Kit("shop", "1.2.3")


def get(app, path: str, *, read: bool = True, **more: str) -> tuple[str, dict[str, str], bytes]:
    environ = {"PATH_INFO": path, "SCRIPT_NAME": "", "QUERY_STRING": "", **more}
    setup_testing_defaults(environ)
    said = {}

    def start(status, headers, exc_info=None):
        said.update(status=status, headers=dict(headers))
        return lambda data: None

    body = validator(app)(environ, start)
    try:
        data = b"".join(body) if read else next(iter(body))
    finally:
        body.close()
    return said["status"], said["headers"], data


def plain(status: str = "200 OK", body=(b"fine",)):
    def app(environ, start_response):
        start_response(status, [("Content-Type", "text/plain")])
        return iter(body)

    return app


def count(kit: Kit, route: str, kind: str) -> float:
    (line,) = (
        line
        for line in kit.registry.expose().splitlines()
        if line.startswith(f'http_server_requests_total{{route="{route}",code_class="{kind}"')
    )
    return float(line.split()[-1])


def test_requests_are_counted_by_path_or_by_the_name_given(kit: Kit) -> None:
    assert get(Reliable(plain(), kit), "/a")[2] == b"fine"
    get(Reliable(plain(), kit, route=lambda environ: "/orders/{id}"), "/orders/1")
    get(Reliable(plain("404 Not Found"), kit), "/wp-login.php")
    get(Reliable(plain("503 Service Unavailable"), kit), "/a")
    assert [
        count(kit, *one)
        for one in (("/a", "2xx"), ("/orders/{id}", "2xx"), ("other", "4xx"), ("/a", "5xx"))
    ] == [1, 1, 1, 1]
    assert kit.signals.active.value == 0


def test_exceptions_are_500s_wherever_they_happen(kit: Kit) -> None:
    def at_once(environ, start_response):
        raise RuntimeError

    def late(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain")])
        yield b"some"
        raise RuntimeError

    for app in (at_once, late):
        with pytest.raises(RuntimeError):
            get(Reliable(app, kit), "/")
    assert count(kit, "/", "5xx") == 2
    assert kit.signals.active.value == 0


def test_a_client_that_leaves_is_no_error(kit: Kit) -> None:
    get(Reliable(plain(body=(b"a", b"b", b"c")), kit), "/", read=False)
    assert (count(kit, "/", "499"), count(kit, "/", "5xx")) == (1, 0)


def test_the_endpoints_answer(kit: Kit) -> None:
    kit.check("database", lambda: False)
    app = Reliable(plain(), kit)
    assert get(app, "/health/live")[0] == "200 OK"
    status, headers, body = get(app, "/health/ready")
    assert (status, headers["content-type"]) == ("503 Service Unavailable", "application/json")
    assert json.loads(body)["checks"]["database"]["status"] == "unhealthy"
    assert b"http_server_requests_total" in get(app, "/metrics")[2]
    assert get(app, "/metrics", REQUEST_METHOD="POST")[0].startswith("405")


def test_degraded_answers_are_counted(kit: Kit) -> None:
    @kit.breaker("search", open="50% in 5s")(fallback=value(b"popular"))
    def search() -> bytes:
        raise OSError

    def app(environ, start_response):
        found = search()
        assert len(degraded()) == 1
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [found]

    get(Reliable(app, kit), "/search")
    assert 'http_server_degraded_requests_total{route="/search"} 1.0' in kit.registry.expose()
