"""Page loads from anybody's browser: from declared origins only, bounded, and without anything of a person."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import httpx2
import pytest
from web_server import FILE, Standfast, running, until

from standfast.web.api import beacon
from standfast.web.limiting import Limit

if TYPE_CHECKING:
    from collections.abc import Iterator

ORIGIN = "https://blog.test"
TEXT = (
    FILE + 'experience: {{of: web, origins: ["https://blog.test"], pages: {{posts: /posts/*}}}}\n'
)
GOOD = {"path": "/posts/7?token=secret", "vitals": {"LCP": 1830, "CLS": 0.02}}


@pytest.fixture(scope="module")
def blog(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Standfast]:
    with running(tmp_path_factory.mktemp("beacon"), text=TEXT) as found:
        yield found


@pytest.fixture
def unlimited(monkeypatch: pytest.MonkeyPatch) -> None:
    free = Limit(rate=1e6, burst=1e6, rate_of_all=1e6, burst_of_all=1e6)
    monkeypatch.setattr(beacon, "_limit", free)


def send(blog: Standfast, body: object, origin: str = ORIGIN, **headers: str) -> httpx2.Response:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    given = {
        "origin": origin,
        "content-type": "text/plain",
        "sec-fetch-site": "cross-site",
        **headers,
    }
    return httpx2.post(f"{blog.address}/api/v1/beacon", content=content, headers=given)


@pytest.mark.usefixtures("unlimited")
def test_a_load_is_counted_in_its_group_and_nothing_of_it_is_kept(blog: Standfast) -> None:
    answer = send(blog, GOOD, **{"x-forwarded-for": "203.0.113.9", "cookie": "who=ada"})
    assert answer.status_code == 204
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    assert "set-cookie" not in answer.headers
    assert "access-control-allow-credentials" not in answer.headers
    read = blog.platform.read.experience
    until(lambda: read(blog.platform.now()).pages[0].vitals[0].samples, "the count to be kept")
    lcp = read(blog.platform.now()).pages[0].vitals[0]
    assert (lcp.name, lcp.mark.word, lcp.few) == ("LCP", "too few", True)
    file = Path(blog.platform.settings.database.removeprefix("sqlite:///"))
    with closing(sqlite3.connect(file)) as db:
        dump = "\n".join(db.iterdump())
    for private in ("203.0.113.9", "secret", "/posts/7", "ada@x"):
        assert private not in dump


@pytest.mark.usefixtures("unlimited")
@pytest.mark.parametrize("origin", ["https://evil.test", "", "null", "https://blog.test.evil.test"])
def test_other_origins_are_refused(blog: Standfast, origin: str) -> None:
    assert send(blog, GOOD, origin).status_code == 403
    asked = httpx2.options(f"{blog.address}/api/v1/beacon", headers={"origin": origin})
    assert asked.status_code == 403
    assert "access-control-allow-origin" not in asked.headers


@pytest.mark.usefixtures("unlimited")
@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"[" * 1500, b"x" * 5000, [], {"path": "/"}, {"path": 1, "vitals": {"LCP": 1}},
        {"path": "/", "vitals": {}}, {"path": "/", "vitals": {"LCP": "1"}},
        {"path": "/", "vitals": {"LCP": True}}, {"path": "/", "vitals": {"LCP": -1}},
        {"path": "/", "vitals": {"LCP": 1e8}}, {"path": "/", "vitals": {"XYZ": 1}},
        b'{"path": "/", "vitals": {"LCP": NaN}}', b'{"path": "/", "vitals": {"LCP": 1e999}}',
        {"path": "/", "vitals": {"LCP": 1}, "user": "ada"},
    ],
)  # fmt: skip
def test_what_is_no_page_load_is_refused_and_counts_nothing(blog: Standfast, body: object) -> None:
    before = blog.platform.feel.counted()
    answer = send(blog, body)
    assert answer.status_code == 400, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert blog.platform.feel.counted() == before


def test_one_address_may_not_send_without_end(
    blog: Standfast, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = Limit(rate=0.001, burst=3, rate_of_all=1e6, burst_of_all=1e6)
    monkeypatch.setattr(beacon, "_limit", few)
    codes = [send(blog, GOOD).status_code for _ in range(5)]
    assert codes == [204, 204, 204, 429, 429]
    assert not few.passes("127.0.0.1")
    assert few.passes("127.0.0.2")


def test_the_address_is_that_which_our_own_proxies_tell() -> None:
    told = {"x-forwarded-for": "198.51.100.7, 203.0.113.9, 10.0.0.2"}
    assert beacon.sender("10.0.0.1", told, ("10.0.0.0/8",)) == "203.0.113.9"
    assert beacon.sender("10.0.0.1", told, ()) == "10.0.0.1"
    assert beacon.sender("192.0.2.1", told, ("10.0.0.0/8",)) == "192.0.2.1"


def test_the_script_is_there_only_where_the_file_asks_for_it(
    blog: Standfast, standfast: Standfast
) -> None:
    answer = httpx2.get(f"{blog.address}/beacon.js")
    assert answer.status_code == 200
    assert "webVitals" in answer.text
    assert "/api/v1/beacon" in answer.text
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
    assert httpx2.get(f"{standfast.address}/beacon.js").status_code == 404
    assert send(standfast, GOOD).status_code == 404


def test_what_came_in_just_before_the_end_is_kept(tmp_path: Path) -> None:
    """It was answered for, so it is not lost with the memory that it waits in."""
    with running(tmp_path, text=TEXT) as found:
        found.platform.ticking.stop(60)
        found.platform.feel.take("/posts/7", {"LCP": 1830.0}, found.platform.now())
    with closing(sqlite3.connect(tmp_path / "s.db")) as db:
        assert db.execute("SELECT sum(loads) FROM web_vitals").fetchone() == (1,)
