"""Deployments as a pipeline marks them, by the command and by HTTP."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from standfast.cli.group import exit_code
from standfast.cli.group import standfast as command
from standfast.errors import StandfastError

if TYPE_CHECKING:
    from web_server import Standfast


@pytest.fixture
def run(standfast: Standfast):
    def go(*arguments: str, scopes: tuple[str, ...] = ("read", "deploy")):
        token = standfast.token(*scopes)["authorization"].removeprefix("Bearer ")
        given = {"STANDFAST_SERVER": standfast.address, "STANDFAST_TOKEN": token}
        return CliRunner().invoke(command, ["deploy", *arguments], env=given)

    return go


def test_a_mark_is_kept_once_listed_and_audited(standfast: Standfast, run) -> None:
    made = json.loads(run("mark", "web", "--version", "3.1", "--note", "a fix", "--json").output)
    again = json.loads(run("mark", "web", "--version", "3.1", "--json").output)
    assert again["id"] == made["id"]
    other = json.loads(run("mark", "web", "--version", "3.2", "--json").output)
    assert other["id"] != made["id"]
    assert f"{made['id']} {made['at']} web 3.1 by test: a fix" in run("list").output
    with standfast.client("read", "audit") as api:
        log = api.get("/api/v1/audit", params={"action": "deploy.*"}).json()["entries"]
    assert [one["action"]["type"] for one in log] == ["deploy.marked", "deploy.marked"]
    assert "web 3.1 deployed" in log[1]["action"]["description"]


def test_it_takes_a_token_that_may_and_a_component_that_there_is(standfast: Standfast, run) -> None:
    refused = run("mark", "web", "--version", "9", scopes=("read", "respond"))
    assert exit_code(refused.exception) == 5
    for wrong in (
        ("wbe", "--version", "1"), ("web", "--version", " "), ("web", "--version", "x" * 101),
        ("web", "--version", "1\x1b[2J"), ("web", "--version", "1", "--at", "2020-01-01"),
        ("web", "--version", "1", "--at", "4h"), ("web", "--version", "1", "--at", "soon"),
    ):  # fmt: skip
        assert isinstance(run("mark", *wrong).exception, StandfastError), wrong
    with standfast.client("deploy") as api:
        assert api.get("/api/v1/deploys").status_code == 403
        assert api.post("/api/v1/gate/web/override", json={}).status_code in {403, 422}
