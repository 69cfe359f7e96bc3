"""`standfast page` against a whole running server."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner
from web_server import Standfast, running

from standfast.cli.group import exit_code, standfast
from standfast.errors import StandfastError

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
