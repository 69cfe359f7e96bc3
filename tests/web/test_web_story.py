"""From the first failed request to the post-mortem, through real HTTP and real mail."""

from __future__ import annotations

import re
from email import message_from_bytes, policy
from typing import TYPE_CHECKING

import httpx2
import pytest
from aiosmtpd.controller import Controller
from web_server import Standfast, running, until

from free_ports import free_port
from standfast.paging.rotation import on_duty

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Mailbox:
    def __init__(self) -> None:
        self.mails: list[tuple[list[str], str, str]] = []

    async def handle_DATA(self, server, session, envelope) -> str:  # noqa: N802 - aiosmtpd's name
        mail = message_from_bytes(envelope.content, policy=policy.default)
        self.mails.append((envelope.rcpt_tos, str(mail["subject"]), mail.get_content()))
        return "250 kept"


@pytest.fixture
def mailbox() -> Iterator[tuple[Mailbox, int]]:
    box, port = Mailbox(), free_port()
    controller = Controller(box, hostname="127.0.0.1", port=port, ready_timeout=60)
    controller.start()
    yield box, port
    controller.stop()


@pytest.fixture
def standfast(tmp_path: Path, mailbox: tuple[Mailbox, int]) -> Iterator[Standfast]:
    with running(tmp_path, smtp=mailbox[1]) as found:
        yield found


def test_a_failure_becomes_a_page_an_answer_an_incident_and_a_post_mortem(
    standfast: Standfast, mailbox: tuple[Mailbox, int]
) -> None:
    box, _ = mailbox
    with standfast.client("read", "respond") as api:
        until(
            lambda: api.get("/api/v1/services/web").json()["mark"]["word"] == "healthy",
            "a first look",
        )

        standfast.site.status = 500
        until(lambda: box.mails, "a page by mail", 60)
        to, subject, text = box.mails[0]
        # Whose turn it is changes every Monday, and this clock is the real one.
        rota = standfast.platform.accept.current().on_call["web"]
        assert to == [f"{on_duty(rota, standfast.platform.now()).primary}@blog.test"]
        assert "web" in subject

        link = re.search(r"http://\S+/ack/\S+", text)
        assert link
        # A mail scanner opens every link; that must not stop the escalation.
        for _ in range(3):
            assert httpx2.get(link.group()).status_code == 200
        assert {one["mark"]["word"] for one in api.get("/api/v1/pages").json()} == {"open"}

        answered = httpx2.post(link.group())
        assert "Acknowledged" in answered.text
        pages = api.get("/api/v1/pages").json()
        answered_for = [one["title"] for one in pages if one["mark"]["word"] == "acknowledged"]
        assert len(answered_for) == 1
        assert answered_for[0] in subject

        incident = api.get("/api/v1/incidents").json()["incidents"][0]
        assert incident["sev"] in {"SEV1", "SEV2"}
        number = incident["id"]
        assert (
            api.post(f"/api/v1/incidents/{number}/notes", json={"text": "rolled back"}).status_code
            == 200
        )
        assert (
            api.post(
                f"/api/v1/incidents/{number}/roles", json={"role": "scribe", "person": "bo"}
            ).status_code
            == 200
        )

        standfast.site.status = 200
        answer = api.post(
            f"/api/v1/incidents/{number}/status", json={"state": "resolved", "text": "all well"}
        )
        assert answer.status_code == 200
        room = api.get(f"/api/v1/incidents/{number}").json()
        kinds = [entry["kind"] for entry in room["timeline"]]
        assert {"alert", "page", "note", "role", "status"} <= set(kinds)
        assert "rolled back" in room["post_mortem"]

        again = api.post(f"/api/v1/incidents/{number}/status", json={"state": "mitigated"})
        assert again.status_code == 409
    assert standfast.platform.verify() == ()


def test_a_link_that_was_never_given_out_does_nothing(standfast: Standfast) -> None:
    answer = httpx2.post(standfast.address + "/ack/" + "x" * 43)

    assert answer.status_code == 410
    assert "no longer works" in answer.text


def test_alerts_from_outside_are_kept_before_they_are_answered(
    standfast: Standfast, mailbox: tuple[Mailbox, int]
) -> None:
    with standfast.client("alerts", "read") as api:
        alert = {
            "name": "QueueFull",
            "severity": "P2",
            "component": "web",
            "summary": "queue is full",
            "status": "firing",
        }
        answer = api.post("/api/v1/alerts", json={"alerts": [alert]})
        assert answer.status_code == 200, answer.text
        assert answer.json()[0]["turn"] == "fired"
        assert api.post("/api/v1/alerts", json={"alerts": [alert]}).json()[0]["turn"] == "unchanged"
        until(
            lambda: any("queue is full" in subject for _, subject, _ in mailbox[0].mails),
            "its page",
            30,
        )

        wrong = api.post("/api/v1/alerts", json={"something": 1})
        assert wrong.status_code == 400
        assert wrong.json()["title"]
