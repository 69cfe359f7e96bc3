from __future__ import annotations

import re
from typing import TYPE_CHECKING

import httpx2
import pytest

if TYPE_CHECKING:
    from web_server import Standfast

PAGES = ["/", "/services", "/services/web", "/objectives/web-probes", "/incidents", "/on-call", "/recovery",
         "/audit", "/review", "/docs/operations/disaster-recovery.md"]  # fmt: skip


@pytest.fixture
def signed_in(standfast: Standfast):
    with httpx2.Client(base_url=standfast.address, follow_redirects=True, timeout=60) as client:
        answer = client.post("/sign-in", data={"name": "admin", "password": standfast.password})
        assert answer.status_code == 200
        yield client


def csrf_of(page: str) -> str:
    found = re.search(r'name="csrf" value="([^"]+)"', page)
    assert found
    return found.group(1)


@pytest.mark.parametrize("path", PAGES)
def test_a_stranger_sees_no_page(standfast: Standfast, path: str) -> None:
    answer = httpx2.get(standfast.address + path)

    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/sign-in?next=")


@pytest.mark.parametrize("path", PAGES)
def test_every_page_answers_who_is_signed_in_with_a_strict_policy(signed_in, path: str) -> None:
    answer = signed_in.get(path)

    assert answer.status_code == 200
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["cache-control"] == "no-store"
    assert "<script>" not in answer.text
    assert " style=" not in answer.text
    assert " onclick=" not in answer.text


def test_a_wrong_password_says_so_and_sets_no_cookie(standfast: Standfast) -> None:
    answer = httpx2.post(
        standfast.address + "/sign-in", data={"name": "admin", "password": "guess"}
    )

    assert answer.status_code == 401
    assert "do not go together" in answer.text
    assert "set-cookie" not in answer.headers


def test_the_session_cookie_cannot_be_read_by_scripts(standfast: Standfast) -> None:
    answer = httpx2.post(
        standfast.address + "/sign-in", data={"name": "admin", "password": standfast.password}
    )

    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie


@pytest.mark.parametrize("elsewhere", ["//evil.test", "/\\evil.test", "https://evil.test/"])
def test_signing_in_leads_nowhere_else(standfast: Standfast, elsewhere: str) -> None:
    form = {"name": "admin", "password": standfast.password, "next": elsewhere}
    answer = httpx2.post(standfast.address + "/sign-in", data=form)

    assert answer.headers["location"] == "/"


def test_a_form_needs_the_sessions_own_token(signed_in) -> None:
    without = signed_in.post("/audit/verify")
    wrong = signed_in.post("/audit/verify", data={"csrf": "guess"})
    right = signed_in.post("/audit/verify", data={"csrf": csrf_of(signed_in.get("/audit").text)})

    assert (without.status_code, wrong.status_code, right.status_code) == (403, 403, 200)
    assert "whole" in right.text


@pytest.mark.parametrize(
    "headers",
    [{"origin": "https://evil.test"}, {"sec-fetch-site": "cross-site"}, {"origin": "null"}],
)
def test_a_change_sent_from_another_site_is_refused(signed_in, headers: dict[str, str]) -> None:
    token = csrf_of(signed_in.get("/audit").text)
    answer = signed_in.post("/audit/verify", data={"csrf": token}, headers=headers)

    assert answer.status_code == 403


def test_what_cannot_be_done_at_an_address_is_told_with_what_can(standfast: Standfast) -> None:
    answer = httpx2.get(standfast.address + "/api/v1/alerts")

    assert answer.status_code == 405
    assert answer.headers["allow"] == "POST"
    assert answer.json()["title"] == "GET cannot be done here"
    assert answer.json()["detail"] == "use POST"


def test_signing_out_ends_the_session(standfast: Standfast) -> None:
    with httpx2.Client(base_url=standfast.address, timeout=60) as client:
        client.post("/sign-in", data={"name": "admin", "password": standfast.password})
        page = client.get("/")
        assert page.status_code == 200
        kept = dict(client.cookies)
        client.post("/sign-out", data={"csrf": csrf_of(page.text)})

    assert httpx2.get(standfast.address + "/", cookies=kept).status_code == 303


def test_tokens_are_held_to_their_scopes(standfast: Standfast) -> None:
    with standfast.client("read") as reader, standfast.client("audit") as auditor:
        assert reader.get("/api/v1/overview").status_code == 200
        assert (
            reader.post("/api/v1/audit/events", json={"producer": "x", "events": []}).status_code
            == 403
        )
        assert (
            auditor.post("/api/v1/audit/events", json={"producer": "x", "events": []}).status_code
            == 200
        )
        assert auditor.get("/api/v1/overview").status_code == 403

    stranger = httpx2.get(
        standfast.address + "/api/v1/overview", headers={"authorization": "Bearer sf_a_b"}
    )
    assert stranger.status_code == 401
    assert stranger.headers["content-type"] == "application/problem+json"
    assert stranger.json()["status"] == 401


def test_a_body_over_the_limit_is_refused(standfast: Standfast) -> None:
    with standfast.client("audit") as client:
        answer = client.post("/api/v1/audit/events", content=b"x" * (5 << 20))

    assert answer.status_code == 413


def test_what_is_not_there_is_said_so_to_people_and_to_programs(
    standfast: Standfast, signed_in
) -> None:
    page = signed_in.get("/services/nothing")
    with standfast.client("read") as client:
        problem = client.get("/api/v1/services/nothing")

    assert page.status_code == problem.status_code == 404
    assert "nothing" in page.text
    assert "no component" in problem.json()["title"]


def test_names_of_the_file_are_text_and_never_markup(signed_in) -> None:
    answer = signed_in.get("/audit", params={"actor": "<script>alert(1)</script>"})

    assert "<script>alert" not in answer.text
    assert "&lt;script&gt;" in answer.text


# ------------------------------------------------------------------ HEAD


@pytest.mark.parametrize(
    "path", [*PAGES, "/sign-in", "/health/live", "/metrics", "/api/v1/overview", "/nowhere"]
)
def test_head_is_answered_as_get_without_the_body(signed_in, path: str) -> None:
    got, head = signed_in.get(path), signed_in.head(path)

    assert head.status_code == got.status_code
    assert head.content == b""
    assert head.headers["content-type"] == got.headers["content-type"]


def test_head_of_a_stream_and_of_a_file_ends_at_once(signed_in) -> None:
    style = re.search(r'href="(/static/[^"]+\.css[^"]*)"', signed_in.get("/").text)
    assert style

    assert signed_in.head(style[1]).headers["content-length"] == str(
        len(signed_in.get(style[1]).content)
    )
    stream = signed_in.head("/live")
    assert (stream.status_code, stream.content) == (200, b"")
    assert stream.headers["content-type"].startswith("text/event-stream")


def test_head_changes_nothing_where_only_post_is_known(signed_in) -> None:
    assert signed_in.head("/api/v1/alerts").status_code == 405


def test_a_token_that_is_not_known_is_told_apart_from_none(standfast: Standfast) -> None:
    unknown = {"authorization": "Bearer sf_no-such-token"}
    for headers, said in ((unknown, "the token is not known here"), ({}, "nobody is signed in")):
        answer = httpx2.get(f"{standfast.address}/api/v1/overview", headers=headers)
        assert answer.status_code == 401
        assert said in answer.text
        assert "no-such-token" not in answer.text
