"""Heartbeats as jobs send them: by the command, by the kit and by curl, to a whole running server."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner
from web_server import FILE, Standfast, running, until

from standfast.cli.group import standfast as command
from standfast_kit import Heartbeat

if TYPE_CHECKING:
    from collections.abc import Iterator

JOBS = FILE.replace(
    "  db: {{type: postgresql, owner: web}}\n",
    "  db: {{type: postgresql, owner: web}}\n"
    "  jobs: {{type: cron, owner: web, heartbeats: {{invoices: 1h, mails: {{every: 1d, takes: 1h}}}}}}\n",
)


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Standfast]:
    with running(tmp_path_factory.mktemp("jobs"), text=JOBS) as found:
        yield found


@pytest.fixture
def run(office: Standfast):
    token = office.token("metrics")["authorization"].removeprefix("Bearer ")
    given = {"STANDFAST_SERVER": office.address, "STANDFAST_TOKEN": token}
    return lambda *arguments, **more: CliRunner().invoke(
        command, ["heartbeat", *arguments], env=given | more
    )


def pulse(office: Standfast, name: str):
    return office.platform.keeping.database.read(lambda tx: tx.monitoring.pulse(name))


def test_a_beat_shows_on_the_page_of_the_service(office: Standfast, run) -> None:
    assert run("invoices", "--seconds", "12.5").exit_code == 0

    def shown() -> str:
        with office.client("read") as client:
            found = client.get("/api/v1/services/jobs").json()
        return next((one["words"] for one in found["checks"] if one["name"] == "invoices"), "")

    until(lambda: "ran well at" in shown(), "the heartbeat to be looked at")
    assert pulse(office, "invoices").took.total_seconds() == 12.5


def test_a_command_is_run_and_its_end_is_told(office: Standfast, run) -> None:
    code = "import sys; sys.exit(3)"
    result = run("mails", "--", sys.executable, "-c", code)

    assert result.exit_code == 3
    assert (pulse(office, "mails").failed, pulse(office, "mails").because) == (
        True,
        "exit status 3",
    )
    assert pulse(office, "mails").took
    assert run("mails", "--", sys.executable, "-c", "").exit_code == 0
    assert not pulse(office, "mails").failed


def test_a_job_runs_although_nobody_can_be_told(run) -> None:
    away = {"STANDFAST_SERVER": "http://127.0.0.1:9"}
    result = run("mails", "--", sys.executable, "-c", "import sys; sys.exit(4)", **away)

    assert result.exit_code == 4
    assert "warning: standfast was not told" in result.stderr
    assert run("mails", **away).exit_code != 0


def test_a_command_that_is_none_fails_as_in_a_shell(office: Standfast, run) -> None:
    assert run("mails", "--", "no-such-command-at-all").exit_code == 127
    assert pulse(office, "mails").because == "exit status 127"


def test_start_fail_and_an_exit_status_are_told_in_words_of_the_job(office: Standfast, run) -> None:
    run("mails", "--start")
    assert pulse(office, "mails").running
    run("mails", "--fail", "--because", "no relay")
    assert pulse(office, "mails").because == "no relay"
    run("mails", "--exit-status", "0")
    assert not pulse(office, "mails").failed
    assert run("mails", "--start", "--", "true").exit_code == 2


def test_the_kit_tells_of_a_job_and_of_its_failure(office: Standfast, monkeypatch) -> None:
    token = office.token("metrics")["authorization"].removeprefix("Bearer ")
    monkeypatch.setenv("JOB_TOKEN", token)
    with Heartbeat("mails", office.address, "env:JOB_TOKEN"):
        assert pulse(office, "mails").running
    assert not pulse(office, "mails").failed
    with pytest.raises(KeyError), Heartbeat("mails", office.address, "env:JOB_TOKEN"):
        raise KeyError("secret")

    assert (pulse(office, "mails").failed, pulse(office, "mails").because) == (True, "KeyError")


def test_the_kit_never_breaks_the_job(monkeypatch, caplog) -> None:
    monkeypatch.setenv("JOB_TOKEN", "x")
    with Heartbeat("mails", "http://127.0.0.1:9", "env:JOB_TOKEN", timeout=0.2) as beat:
        pass

    assert beat.finish() is False
    assert "was not told" in caplog.text


def test_a_beat_needs_a_token_for_it_and_a_name_of_the_file(office: Standfast) -> None:
    with office.client("metrics") as client:
        assert client.post("/api/v1/heartbeats/invoices").status_code == 200
        unknown = client.post("/api/v1/heartbeats/nobody")
        nonsense = client.post("/api/v1/heartbeats/invoices", json={"seconds": -1})
    with office.client("read") as reader:
        refused = reader.post("/api/v1/heartbeats/invoices")

    assert unknown.status_code == 404
    assert "known are" in unknown.json()["title"]
    assert nonsense.status_code == 422
    assert refused.status_code == 403
