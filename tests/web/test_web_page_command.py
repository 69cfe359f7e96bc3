"""`standfast page` against a whole running server."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import httpx2
import pytest
from click.testing import CliRunner
from web_server import Standfast, running, until

from standfast.audit.event import SYSTEM
from standfast.cli.group import exit_code, standfast
from standfast.errors import NotAllowed, NotFound, StandfastError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ALERT = {"name": "queue-long", "severity": "P1", "component": "web", "summary": "9000\x1b[31m wait"}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Standfast]:
    with running(tmp_path) as found:
        yield found


@pytest.fixture
def run(server: Standfast):
    token = server.token("read", "respond")["authorization"].removeprefix("Bearer ")
    given = {"STANDFAST_SERVER": server.address, "STANDFAST_TOKEN": token}
    return lambda *arguments: CliRunner().invoke(standfast, ["page", *arguments], env=given)


def tell(server: Standfast, status: str) -> None:
    with server.client("alerts") as api:
        api.post(
            "/api/v1/alerts", json={"alerts": [{**ALERT, "status": status}]}
        ).raise_for_status()


def test_a_page_is_listed_acknowledged_and_listed_no_more(server: Standfast, run) -> None:
    assert "no page waits" in run("list", "--open").stderr
    tell(server, "firing")

    (page,) = json.loads(run("list", "--open", "--json").output)
    shown = run("list").output
    assert f"{page['id']}  OPEN" in shown
    assert "\x1b" not in shown

    answered = json.loads(run("acknowledge", page["id"], "--json").output)
    assert (answered["state"], answered["acknowledged_by"]) == ("acknowledged", "test")
    assert json.loads(run("list", "--open", "--json").output) == []
    assert "acknowledged by test" in run("acknowledge", page["id"]).output


def test_a_program_says_who_has_answered_and_the_log_names_both(server: Standfast, run) -> None:
    tell(server, "firing")
    (page,) = json.loads(run("list", "--json").output)
    wrong = run("acknowledge", page["id"], "--by", "ade")
    assert isinstance(wrong.exception, NotFound)
    assert wrong.exception.problem == "no person is called 'ade'"
    assert wrong.exception.fix == "did you mean 'ada'?"

    answered = json.loads(run("acknowledge", page["id"], "--by", "ada", "--json").output)
    assert answered["acknowledged_by"] == "ada"
    late = run("acknowledge", page["id"], "--by", "bo")
    assert "ada has answered it before" in late.stderr

    with server.client("audit") as api:
        found = api.get("/api/v1/audit", params={"action": "page.acknowledged"}).json()["entries"]
    (told,) = found
    assert "ada acknowledged P1 web" in json.dumps(told)
    assert "as test says" in json.dumps(told)
    with server.client("read") as api:
        (incident,) = api.get("/api/v1/incidents").json()["incidents"]
    assert incident["commander"] == "Ada Ito"


def test_a_token_of_a_person_answers_for_nobody_else(server: Standfast) -> None:
    tell(server, "firing")
    made = server.platform.sign_in.make_token("bo", ("read", "respond"), SYSTEM)
    given = {"STANDFAST_SERVER": server.address, "STANDFAST_TOKEN": made}
    with server.client("read") as api:
        (page,) = api.get("/api/v1/pages").json()

    def say(*arguments: str):
        return CliRunner().invoke(standfast, ["page", "acknowledge", *arguments], env=given)

    refused = say(page["id"], "--by", "ada")
    assert isinstance(refused.exception, NotAllowed)
    assert refused.exception.problem == "bo may not answer for ada"
    assert server.platform.pages.active()[0].unanswered
    assert "acknowledged by bo" in say(page["id"], "--by", "bo").output


def test_what_is_not_in_the_file_is_refused_by_command_api_and_page_alike(
    server: Standfast,
) -> None:
    token = server.token("respond", "read")["authorization"].removeprefix("Bearer ")
    given = {"STANDFAST_SERVER": server.address, "STANDFAST_TOKEN": token}
    declare = ["incident", "declare", "x", "--sev", "SEV3", "--component", "wep"]
    said = CliRunner().invoke(standfast, declare, env=given).exception
    assert isinstance(said, NotFound)
    assert (said.problem, said.fix) == ("no component is called 'wep'", "did you mean 'web'?")
    with server.client("respond", "read") as api:
        body = {"title": "x", "sev": "SEV3", "component": "wep"}
        refused = api.post("/api/v1/incidents", json=body)
        assert refused.status_code == 404
        assert refused.json()["detail"] == "did you mean 'web'?"
        api.post("/api/v1/incidents", json={**body, "component": "web"}).raise_for_status()
        role = {"role": "scribe", "person": "Ada Ito"}
        refused = api.post("/api/v1/incidents/INC-1/roles", json=role)
        assert refused.json()["title"] == "no person is called 'Ada Ito'"
        assert len(api.get("/api/v1/incidents").json()["incidents"]) == 1


def test_a_closed_page_and_an_unknown_one_have_exit_codes_of_their_own(
    server: Standfast, run
) -> None:
    tell(server, "firing")
    (page,) = json.loads(run("list", "--json").output)
    tell(server, "resolved")

    closed, unknown = run("acknowledge", page["id"]), run("acknowledge", "P-none/../x")

    assert isinstance(closed.exception, StandfastError)
    assert exit_code(closed.exception) == 6
    assert isinstance(unknown.exception, StandfastError)
    assert exit_code(unknown.exception) == 1


def test_a_task_is_ticked_by_command_and_the_log_tells_of_it(server: Standfast) -> None:
    tell(server, "firing")
    token = server.token("read", "respond")["authorization"].removeprefix("Bearer ")
    given = {"STANDFAST_SERVER": server.address, "STANDFAST_TOKEN": token}

    def say(*arguments: str):
        return CliRunner().invoke(standfast, ["incident", *arguments], env=given)

    assert say("check", "INC-1", "preserve-evidence").exit_code == 0
    assert "[x] preserve-evidence     Preserve evidence (test)" in say("show", "INC-1").output
    assert say("check", "INC-1", "preserve-evidence", "--undo").exit_code == 0
    assert "[ ] preserve-evidence" in say("show", "INC-1").output
    refused = say("check", "INC-1", "alert-received", "--undo").exception
    assert isinstance(refused, StandfastError)
    assert exit_code(refused) == 6
    with server.client("audit") as api:
        found = api.get("/api/v1/audit", params={"action": "incident.*"}).json()["entries"]
    types = json.dumps(found)
    assert "incident.task-done" in types
    assert "incident.task-undone" in types


def test_action_items_are_worked_off_by_command_by_page_and_by_api(server: Standfast) -> None:
    tell(server, "firing")
    token = server.token("read", "respond")["authorization"].removeprefix("Bearer ")
    given = {"STANDFAST_SERVER": server.address, "STANDFAST_TOKEN": token}

    def say(*arguments: str):
        return CliRunner().invoke(standfast, ["incident", *arguments], env=given)

    wanted = ("--priority", "P2", "--owner", "ada", "--due")
    assert say("act", "INC-1", "probe the queue", *wanted, "2099-01-31").exit_code == 0
    assert "1. P2 probe the queue: " in say("show", "INC-1").output
    past = say("act", "INC-1", "too late", *wanted, "2020-01-31").exception
    assert "2020-01-31 is over" in str(past)

    with httpx2.Client(base_url=server.address, timeout=60) as browser:
        browser.post("/sign-in", data={"name": "admin", "password": server.password})
        page = browser.get("/incidents/INC-1").text
        csrf = re.search(r'name="csrf" value="([^"]+)"', page)
        assert csrf
        assert "due 2099-01-31" in page
        sent = {"csrf": csrf.group(1)}
        other = sent | {"text": "<b>page</b> sooner", "priority": "P1", "owner": "ada", "due": ""}
        back = browser.post("/incidents/INC-1/actions", data=other)
        assert back.status_code == 303, back.text
        browser.post("/incidents/INC-1/actions/2", data=sent | {"due": "2099-02-28"})
        browser.post("/incidents/INC-1/actions/1", data=sent | {"done": "yes"})
        assert (
            browser.post("/incidents/INC-1/actions/1", data=sent | {"due": "soon"}).status_code
            == 400
        )
        page = browser.get("/incidents/INC-1").text
        assert "&lt;b&gt;page&lt;/b&gt; sooner" in page
        assert "due 2099-02-28" in page
        assert browser.get("/").status_code == browser.get("/incidents").status_code == 200

    with server.client("read", "respond") as api:
        refused = api.post("/api/v1/incidents/INC-1/actions/1", json={"due": "2099-03-01"})
        assert refused.status_code == 409, "it is done"
        undone = api.post("/api/v1/incidents/INC-1/actions/1", json={"done": False})
        assert undone.status_code == 200
        assert api.post("/api/v1/incidents/INC-1/actions/9", json={"done": True}).status_code == 404
        items = api.get("/api/v1/incidents/INC-1").json()["actions"]
        assert api.get("/api/v1/overview").json()["overdue"] == []
    assert [(one["text"], one["mark"]["word"]) for one in items] == [
        ("probe the queue", "to do"), ("<b>page</b> sooner", "to do"),
    ]  # fmt: skip
    with server.client("read") as api:
        assert api.post("/api/v1/incidents/INC-1/actions/1", json={"done": True}).status_code == 403
    with server.client("audit") as api:
        found = api.get("/api/v1/audit", params={"action": "incident.action*"}).json()["entries"]
    assert re.findall(r"incident\.action-(\w+)", json.dumps(found)) == [
        "undone", "done", "changed", "added", "added",
    ]  # fmt: skip


def test_the_audit_page_says_when_retention_was_last_applied(server: Standfast) -> None:
    with server.client("audit", "read") as api:
        until(
            lambda: api.get("/api/v1/audit").json()["retention"]["applied_at"],
            "retention to be applied",
        )
        told = api.get("/api/v1/audit", params={"action": "audit.retention_applied"}).json()
        shown = api.get("/api/v1/audit").json()["retention"]
    assert len(told["entries"]) == 1
    assert shown["said"].endswith("none was due")
