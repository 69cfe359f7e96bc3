"""The gate as a pipeline asks it, against a whole running server."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner
from web_server import Standfast, until

from standfast.audit.event import SYSTEM
from standfast.cli.group import exit_code
from standfast.cli.group import standfast as command
from standfast.errors import StandfastError
from standfast.incidents.incident import IncidentState
from standfast.spec.values import Sev

if TYPE_CHECKING:
    from collections.abc import Iterator

WHY = ("--because", "the fix", "--by", "ada", "--until", "4h")


@pytest.fixture
def run(standfast: Standfast):
    token = standfast.token("read", "respond")["authorization"].removeprefix("Bearer ")
    given = {"STANDFAST_SERVER": standfast.address, "STANDFAST_TOKEN": token}
    return lambda *arguments: CliRunner().invoke(command, ["gate", *arguments], env=given)


@pytest.fixture
def closed(standfast: Standfast) -> Iterator[str]:
    """The gate of `web`, closed by an incident."""
    now = standfast.platform.now
    until(lambda: standfast.platform.read.gate("web", now()).answer == "yes", "a budget")
    respond = standfast.platform.respond
    one = respond.declare("nobody can read", Sev.SEV2, "web", SYSTEM)
    yield one.id
    respond.turn(one.id, IncidentState.RESOLVED, SYSTEM)


def test_a_pipeline_is_told_yes_then_no_then_yes_by_exit_code(run, closed: str) -> None:
    refused = run("web")
    assert refused.exit_code == 1
    assert refused.output == f"web: no. {closed} (SEV2, open) goes on on web: nobody can read.\n"
    assert run("read").exit_code == 1, "the journey rests on it"

    made = json.loads(run("override", "web", *WHY, "--json").output)
    passed = run("--json", "web")
    assert passed.exit_code == 0
    told = json.loads(passed.output)
    assert (told["answer"], told["without_override"]) == ("yes", "no")
    assert told["override"]["id"] == made["id"]
    assert "ada answers for it until" in told["sentence"]
    assert f"{made['id']} holds web until" in run("overrides", "--holding").output

    again = run("override", "web", *WHY)
    assert isinstance(again.exception, StandfastError)
    assert exit_code(again.exception) == 6
    assert "holds again" in run("revoke", made["id"]).output
    assert run("web").exit_code == 1
    assert "no override holds" in run("overrides", "--holding").stderr


def test_the_service_page_says_who_answers_and_the_log_has_it_all(
    standfast: Standfast, run, closed: str
) -> None:
    made = json.loads(run("override", "web", *WHY, "--json").output)
    with standfast.client("read", "audit") as api:
        page = api.get("/services/web").text
        log = api.get("/api/v1/audit", params={"action": "gate.*"}).json()["entries"]
        bands = api.get("/api/v1/objectives/web-probes").json()
    run("revoke", made["id"])

    assert "overridden" in page
    assert "Without it no" in page
    assert log[0]["action"]["type"] == "gate.overridden"
    assert bands["policy_history"][0]["action"] == "continue feature work"
    assert bands["policy_since"] == bands["policy_history"][0]["since"]


def test_no_answer_is_never_taken_for_a_no(standfast: Standfast, run) -> None:
    assert run("db").exit_code == 3
    assert "nothing is promised of db" in run("db").output
    unknown = run("wbe")
    assert (unknown.exit_code, "no component, journey or objective" in unknown.stderr) == (2, True)
    assert run("web", "--server", "http://127.0.0.1:9").exit_code == 4
    assert run("web", "--server", f"{standfast.address}/elsewhere").exit_code in {2, 4}
    bare = CliRunner().invoke(command, ["gate", "web", "--server", standfast.address])
    assert isinstance(bare.exception, StandfastError)
    assert exit_code(bare.exception) == 5


def test_an_override_needs_a_reason_an_owner_of_the_file_and_an_end_that_is_near(
    standfast: Standfast, run
) -> None:
    assert run("override", "web", "--because", "x", "--by", "ada").exit_code == 2
    for wrong in (
        ("--because", " ", "--by", "ada", "--until", "4h"),
        ("--because", "x", "--by", "eve", "--until", "4h"),
        ("--because", "x", "--by", "ada", "--until", "8d"),
        ("--because", "x", "--by", "ada", "--until", "2020-01-01"),
        ("--because", "x", "--by", "ada", "--until", "soon"),
    ):
        assert isinstance(run("override", "web", *wrong).exception, StandfastError), wrong
    with standfast.client("read") as api:
        body = {"because": "x", "by": "ada", "until": "2026-11-26T00:00Z"}
        assert api.post("/api/v1/gate/web/override", json=body).status_code == 403
    kept = standfast.platform.read.gate_overrides(standfast.platform.now())
    assert {one.because for one in kept} <= {"the fix"}
