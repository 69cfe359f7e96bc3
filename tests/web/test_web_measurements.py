"""Live figures in published documents, from a whole running server."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner
from web_server import Standfast, running, until

from standfast.cli.group import standfast
from standfast.errors import NotAllowed, StandfastError, Unreachable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Standfast]:
    folder = tmp_path / "server"
    folder.mkdir()
    with running(folder) as found:
        yield found


@pytest.fixture
def publish(server: Standfast, tmp_path: Path):
    token = server.token("read")["authorization"].removeprefix("Bearer ")
    given = {"STANDFAST_SERVER": server.address, "STANDFAST_TOKEN": token}
    file = str(tmp_path / "server/standfast.yaml")

    def run(*arguments: str, **more: str):
        command = ["publish", file, "--out", str(tmp_path / "out"), *arguments]
        return CliRunner().invoke(standfast, command, env=given | more)

    return run


def burn(server: Standfast) -> str:
    """An incident with a page that was answered and a note, then over."""
    alert = {
        "name": "web-down",
        "severity": "P1",
        "component": "web",
        "summary": "gone",
        "runbook": "api-down",
    }
    with server.client("read", "respond", "alerts") as api:
        api.post("/api/v1/alerts", json={"alerts": [{**alert, "status": "firing"}]})
        (page,) = [one for one in api.get("/api/v1/pages").json() if "gone" in one["title"]]
        api.post(f"/api/v1/pages/{page['id']}/acknowledge", json={}).raise_for_status()
        number: str = api.get("/api/v1/incidents").json()["incidents"][0]["id"]
        said = api.post(f"/api/v1/incidents/{number}/notes", json={"text": "rolled | back"})
        said.raise_for_status()
        api.post("/api/v1/alerts", json={"alerts": [{**alert, "status": "resolved"}]})
    return number


def test_each_document_gets_one_dated_region_and_a_check_does_not_look_at_it(
    server: Standfast, publish, tmp_path: Path
) -> None:
    with server.client("read") as api:
        until(
            lambda: api.get("/api/v1/services/web").json()["mark"]["word"] == "healthy",
            "a first look",
        )
    number = burn(server)
    told = publish("--with-measurements")
    assert told.exit_code == 0, told.output + repr(told.exception)

    docs = tmp_path / "out/docs"
    texts = {one.relative_to(docs).as_posix(): one.read_text() for one in docs.rglob("*.md")}
    dated = {
        name for name, text in texts.items()
        if re.search(r"^## Measured, \d{4}-\d\d-\d\d \d\d:\d\d UTC$", text, re.MULTILINE)
    }  # fmt: skip
    assert {"operations/SLOs.md", "operations/runbooks/api-down.md"} <= dated
    assert {"compliance/audit-access.md", "operations/backup-strategy.md"} <= dated
    assert "| web/http | `http://127.0.0.1:" in texts["operations/monitoring.md"]
    assert "| web-down | web | 1 | 1 | 0 |" in texts["operations/alerting.md"]
    assert "Half of the pages were answered within" in texts["operations/on-call.md"]
    assert f"| test | {number} | rolled \\| back |" in texts["operations/runbooks/api-down.md"]
    assert f"| {number} | SEV1 |" in texts["operations/incident-response.md"]
    assert "No copy was ever restored." in texts["operations/backup-strategy.md"]
    assert re.search(r"^- \d+ records,", texts["operations/audit-logging.md"], re.MULTILINE)
    assert re.search(r"^\| web-probes, 99% \| \w+ \|", texts["operations/SLOs.md"], re.MULTILINE)

    assert publish("--check").exit_code == 0
    assert publish().exit_code == 0
    assert texts == {
        one.relative_to(docs).as_posix(): one.read_text() for one in docs.rglob("*.md")
    }
    again = json.loads(publish("--with-measurements", "--json").output)
    assert {note["note"] for one in again["files"] for note in one["notes"]} == set()


def test_what_keeps_the_figures_from_us_is_an_error_and_nothing_is_written(
    publish, tmp_path: Path
) -> None:
    assert isinstance(publish("--with-measurements", STANDFAST_TOKEN="x").exception, NotAllowed)
    gone = publish("--with-measurements", STANDFAST_SERVER="http://127.0.0.1:9")
    assert isinstance(gone.exception, Unreachable)
    assert not (tmp_path / "out").exists()
    assert publish("--with-measurements", "--check").exit_code == 2


def test_figures_of_another_shape_are_refused(
    publish, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from standfast.cli.client import Client

    monkeypatch.setattr(Client, "get", lambda *_: {"at": "2026-11-20T14:00:00Z", "system": 7})
    told = publish("--with-measurements")
    assert isinstance(told.exception, StandfastError)
    assert "same version" in str(told.exception)
    assert not (tmp_path / "out").exists()
