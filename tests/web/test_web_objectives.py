"""What is left of an objective, as a person asks for it: by command, API and page."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner
from web_server import Standfast, until

from standfast.cli.group import exit_code
from standfast.cli.group import standfast as command
from standfast.errors import NotFound

if TYPE_CHECKING:
    from collections.abc import Callable

    from click.testing import Result

NAME = "web-probes"


@pytest.fixture
def slo(standfast: Standfast) -> Callable[..., Result]:
    token = standfast.token("read")["authorization"].removeprefix("Bearer ")
    given = {"STANDFAST_SERVER": standfast.address, "STANDFAST_TOKEN": token}
    now = standfast.platform.now
    until(lambda: standfast.platform.read.objective(NAME, now()).policy_history, "a budget")
    return lambda *arguments: CliRunner().invoke(command, ["slo", *arguments], env=given)


def test_the_list_has_every_objective_with_its_state_and_its_budget(slo) -> None:
    lines = slo("list").output.splitlines()
    rows = json.loads(slo("list", "--json").output)

    assert len(lines) == len(rows)
    assert {one["name"] for one in rows} >= {NAME}
    (mine,) = (one for one in lines if f" {NAME}: " in one)
    assert "% left of" in mine


def test_one_objective_tells_percent_events_time_and_how_soon_each_alert_notices(
    slo, standfast: Standfast
) -> None:
    told = slo("show", NAME).output
    one = json.loads(slo("show", NAME, "--json").output)
    with standfast.client("read") as api:
        page = api.get(f"/objectives/{NAME}").text

    assert f"{NAME} is " in told
    assert "% left, " in told
    assert "of total outage" in told
    assert {"left", "left_events", "left_time", "pace", "runs_out"} <= set(one)
    assert one["burns"]
    for burn in one["burns"]:
        assert burn["detection"].startswith("fires when ")
        for share in ("100% of probes failing ", ", 10% ", ", 1% "):
            assert share in burn["detection"]
        assert burn["detection"] in told
        assert burn["detection"] in page
        assert burn["because"] in told
    assert f"policy since {one['policy_history'][0]['since']}" in told
    assert "continue feature work; the gate is open" in told
    assert one["left_words"] in page


def test_an_objective_that_nobody_promised_is_told_as_such(slo) -> None:
    asked = slo("show", "wbe")

    assert isinstance(asked.exception, NotFound)
    assert exit_code(asked.exception) == 1
