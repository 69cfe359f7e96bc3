"""Excluding time by commands, against a whole running server."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from click.testing import CliRunner
from web_server import Standfast

from standfast.cli.group import exit_code
from standfast.cli.group import standfast as command
from standfast.errors import StandfastError
from standfast_kit.clock import utc_now

YESTERDAY = (utc_now() - timedelta(days=1)).replace(hour=10, minute=0, second=0, microsecond=0)
GIVEN = (
    "--from", YESTERDAY.strftime("%Y-%m-%dT%H:%M+01:00"),
    "--until", YESTERDAY.strftime("%Y-%m-%dT11:%M+01:00"),
    "--by", "ada", "--because",
)  # fmt: skip


@pytest.fixture
def run(standfast: Standfast):
    token = standfast.token("read", "respond")["authorization"].removeprefix("Bearer ")
    given = {"STANDFAST_SERVER": standfast.address, "STANDFAST_TOKEN": token}
    return lambda *arguments: CliRunner().invoke(command, ["slo", *arguments], env=given)


def test_time_is_excluded_shown_and_counted_again(standfast: Standfast, run) -> None:
    ahead = ("--from", "1h", "--until", "2h", "--because", "we <move>", "--by", "web")
    made = json.loads(run("exclude", "web-probes", *ahead, "--json").output)
    past = run("exclude", "web", *GIVEN, "their outage", "--kind", "upstream").output

    day = f"{YESTERDAY:%Y-%m-%d}"
    assert past.endswith(f"{day}T09:00:00Z to {day}T10:00:00Z does not count for web\n")
    listed = run("exclusions").output
    assert f"{made['id']} ahead maintenance of web-probes" in listed
    assert "over upstream of web" in listed
    assert "ada (said afterwards): their outage" in listed
    with standfast.client("read", "audit") as api:
        page = api.get("/objectives/web-probes").text
        (levels,) = [
            one
            for one in api.get("/api/v1/measurements").json()["levels"]
            if one["name"] == "web-probes"
        ]
        log = api.get("/api/v1/audit", params={"action": "slo.*"}).json()["entries"]
    assert "we &lt;move&gt;" in page
    assert levels["excluded"] == 3600
    assert {one["action"]["type"] for one in log} == {"slo.excluded"}

    assert "counts again for web-probes" in run("exclude", "--revoke", made["id"]).output
    again = run("exclude", "--revoke", made["id"])
    assert isinstance(again.exception, StandfastError)
    assert exit_code(again.exception) == 6
    states = {one["id"]: one["state"] for one in json.loads(run("exclusions", "--json").output)}
    assert states[made["id"]] == "revoked"


def test_what_is_missing_or_makes_no_sense_is_said_and_nothing_is_kept(run) -> None:
    before = json.loads(run("exclusions", "--json").output)

    missing = run("exclude", "web", "--from", "1h")
    assert missing.exit_code == 2
    assert "missing: --until, --because, --by" in missing.stderr
    assert "leave out OBJECTIVE|COMPONENT" in run("exclude", "web", "--revoke", "EX-1").stderr
    for of, *more in (
        ("wbe", *GIVEN, "x"),
        ("db", *GIVEN, "x"),
        ("web", *GIVEN, " "),
        ("web", "--from", "2h", "--until", "1h", "--because", "x", "--by", "ada"),
        ("web", "--from", "1h", "--until", "2h", "--because", "x", "--by", "eve"),
        (
            "web",
            "--from",
            "0001-01-01T00:00+14:00",
            "--until",
            "2h",
            "--because",
            "x",
            "--by",
            "ada",
        ),
    ):
        assert isinstance(run("exclude", of, *more).exception, StandfastError), (of, more)
    assert json.loads(run("exclusions", "--json").output) == before


def test_instants_at_the_edges_of_the_calendar_are_refused_in_words(standfast: Standfast) -> None:
    with standfast.client("read", "respond") as api:
        for starts, ends in (
            ("0001-01-01T00:00+14:00", "0001-01-02T00:00Z"),
            ("9999-12-30T00:00Z", "9999-12-31T00:00Z"),
            ("0001-01-01T00:00Z", "0001-01-02T00:00Z"),
        ):
            body = {"of": "web", "starts": starts, "ends": ends, "because": "x", "by": "ada"}
            answered = api.post("/api/v1/exclusions", json=body)
            assert answered.status_code == 400, answered.text
