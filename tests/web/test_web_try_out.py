"""Testing channels against a whole running server with a real mail server behind it."""

from __future__ import annotations

import json
import re
import sys
from email import message_from_string
from pathlib import Path
from typing import TYPE_CHECKING

import httpx2
import pytest
from click.testing import CliRunner
from web_server import Standfast, running, until

from standfast.cli.group import standfast

sys.path.insert(0, str(Path(__file__).parents[1] / "deliver"))
from receivers import Mailbox, mail_server

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with mail_server() as found:
        yield found


@pytest.fixture
def server(tmp_path: Path, mailbox: Mailbox) -> Iterator[Standfast]:
    with running(tmp_path, smtp=mailbox.port) as found:
        yield found


@pytest.fixture
def run(server: Standfast):
    token = server.token("read", "respond")["authorization"].removeprefix("Bearer ")
    given = {"STANDFAST_SERVER": server.address, "STANDFAST_TOKEN": token}
    return lambda *arguments: CliRunner().invoke(standfast, ["on-call", *arguments], env=given)


def arrived(mailbox: Mailbox, count: int = 1) -> list[str]:
    until(lambda: len(mailbox.mails) >= count, "the test page")
    return [
        message_from_string(mail).get_payload(decode=True).decode() for _, mail in mailbox.mails
    ]


def code_in(text: str) -> str:
    return re.search(r"on-call answer (\S+)", text)[1]


def states(server: Standfast) -> dict[str, str]:
    with server.client("read") as api:
        found = api.get("/api/v1/on-call/channels").json()
    return {one["person"]: one["mark"]["word"] for one in found}


def test_the_link_shows_and_only_the_button_verifies(
    server: Standfast, mailbox: Mailbox, run
) -> None:
    assert states(server) == {"ada": "declared", "bo": "declared"}
    sent = run("test", "ada", "--wait", "0")
    assert sent.exit_code == 0
    assert "Ada Ito by page (wakes): testing" in sent.output
    (text,) = arrived(mailbox)
    link = re.search(r"Answer: (\S+)", text)[1]

    shown = httpx2.get(link)
    assert (shown.status_code, "It reached me" in shown.text) == (200, True)
    assert states(server)["ada"] == "testing"
    answered = httpx2.post(link)
    assert "reaches you" in answered.text
    assert states(server) == {"ada": "verified", "bo": "declared"}
    assert "Answered" in httpx2.get(link).text
    assert httpx2.get(link + "x").status_code == 410


def test_the_command_answers_by_the_code_and_the_log_tells_it(
    server: Standfast, mailbox: Mailbox, run
) -> None:
    assert run("test", "--all", "--wait", "0").exit_code == 0
    codes = [code_in(text) for text in arrived(mailbox, 2)]
    for code in codes:
        assert "page reaches" in run("answer", code).output
    assert states(server) == {"ada": "verified", "bo": "verified"}
    shown = run("channels")
    assert re.search(
        r"Bo Lind by page \(wakes\): verified, until \d{4}-\d\d-\d\d, answered after", shown.output
    )

    with server.client("audit") as api:
        found = api.get("/api/v1/audit", params={"action": "channel.verified"}).json()["entries"]
    assert len(found) == 2
    log = json.dumps(found)
    assert not any(code in log for code in codes)
    with server.client("read") as api:
        screen = api.get("/api/v1/on-call").json()
        review = json.dumps(api.get("/api/v1/review").json())
        measured = api.get("/api/v1/measurements").json()
    (rota,) = screen["rotas"]
    assert rota["reached"][0] == (
        "P1: a verified channel wakes the first for 1344 of 1344 h, "
        "and somebody behind them for 1344 h"
    )
    assert "ONC-08" not in review
    assert {one["proof"] for one in measured["channels"]} == {"verified"}


def test_whom_nobody_tested_is_a_finding_and_a_refusal_is_a_graver_one(
    server: Standfast, mailbox: Mailbox, run
) -> None:
    mailbox.refuse["bo@blog.test"] = "550 no such user here"
    failed = run("test", "bo", "--wait", "20")
    assert failed.exit_code == 1
    assert "failed" in failed.output
    assert "no such user here" in failed.output

    review = server.platform.examine.review(server.platform.accept.current(), server.platform.now())
    found = {one.at: one.verdict.name for one in review.findings if one.rule == "ONC-08"}
    assert found == {"people.ada": "CLARIFY", "people.bo": "BLOCK"}
    assert review.declared == ()


def test_nobody_named_wakes_nobody(server: Standfast, mailbox: Mailbox, run) -> None:
    assert run("test").exit_code == 2
    assert run("test", "ada", "--all").exit_code == 2
    with server.client("respond") as api:
        assert api.post("/api/v1/on-call/tests", json={}).status_code == 400
        assert api.post("/api/v1/on-call/tests", json={"people": ["ade"]}).status_code == 404
    with server.client("read") as api:
        assert api.post("/api/v1/on-call/tests", json={"everybody": True}).status_code == 403
    assert mailbox.mails == []


def test_the_button_on_the_page_sends_a_test(server: Standfast, mailbox: Mailbox) -> None:
    with httpx2.Client(base_url=server.address, follow_redirects=True) as browser:
        browser.post("/sign-in", data={"name": "admin", "password": server.password})
        page = browser.get("/on-call").text
        assert "Send Ada Ito a test page by page" in page
        csrf = re.search(r'name="csrf" value="([^"]+)"', page)[1]
        stale = browser.post("/on-call/tests", data={"person": "ada", "csrf": "x"})
        assert stale.status_code == 403
        browser.post("/on-call/tests", data={"person": "ada", "channel": "page", "csrf": csrf})
    assert "nothing is wrong" in arrived(mailbox)[0]
    assert mailbox.mails[0][0] == "ada@blog.test"
