"""Reports of a whole running standfast: by the command, by the API and on their page."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import httpx2
import pytest
from click.testing import CliRunner

sys.path.insert(0, str(Path(__file__).parents[1] / "web"))

import web_server

from standfast.cli.group import exit_code
from standfast.cli.group import standfast as command
from standfast.errors import StandfastError
from standfast_kit.clock import utc_now

if TYPE_CHECKING:
    from collections.abc import Iterator

    from web_server import Standfast


@pytest.fixture(scope="module")
def standfast(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Standfast]:
    with web_server.running(tmp_path_factory.mktemp("reports")) as found:
        seen = lambda: found.platform.keeping.database.read(lambda tx: tx.levels.first_seen())  # noqa: E731 - a condition
        web_server.until(seen, "the first look")
        yield found


@pytest.fixture
def run(standfast: Standfast):
    token = standfast.token("read", "respond")["authorization"].removeprefix("Bearer ")
    given = {"STANDFAST_SERVER": standfast.address, "STANDFAST_TOKEN": token}
    return lambda *arguments: CliRunner().invoke(command, ["report", *arguments], env=given)


def _month() -> str:
    return f"{utc_now():%Y-%m}"


def test_a_report_is_made_written_listed_and_verified(
    standfast: Standfast, run, tmp_path: Path
) -> None:
    made = run("make", "--period", _month(), "--out", str(tmp_path))

    assert "provisional: the period is not over" in made.output
    assert "Of 3 objectives: 3 unknown." in made.output
    kinds = {one.suffix for one in tmp_path.iterdir()}
    assert kinds == {".html", ".pdf", ".csv", ".json", ".manifest"}
    assert json.loads(next(tmp_path.glob("*.json")).read_text())["provisional"] is True
    listed = run("list").output
    assert re.search(rf"RPT-\d+ {_month()}, edition \d+ \(provisional\)", listed)
    key = json.loads(run("list", "--json").output)["key"]
    (note,) = tmp_path.glob("*.manifest")
    good = run("verify", str(note), "--key", key)
    assert good.exit_code == 0, good.output
    assert good.output.count("is as it was signed") == 4
    pdf = next(tmp_path.glob("*.pdf"))
    pdf.write_bytes(pdf.read_bytes() + b"\n")
    bad = run("verify", str(note), "--key", key)
    assert bad.exit_code == 1
    assert f"CHANGED  {pdf.name} was changed" in bad.output


def test_only_the_formats_that_are_asked_for_are_written(run, tmp_path: Path) -> None:
    done = run("make", "--period", _month(), "--objective", "web-probes", "--format", "csv", "--out",
               str(tmp_path))  # fmt: skip

    assert done.exit_code == 0, done.output
    assert {one.suffix for one in tmp_path.iterdir()} == {".csv", ".manifest"}
    assert all(one.name.startswith(f"{_month()}-web-probes") for one in tmp_path.iterdir())


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--period", "October"], 1, "is no period"),
        (["--period", "2999-01"], 1, "has not begun"),
        (["--period", "2020-01"], 1, "nothing was measured in 2020-01"),
        (
            ["--period", "2020-01", "--objective", "nobody"],
            1,
            "no objective or agreement is called 'nobody'",
        ),
    ],
)
def test_what_cannot_be_reported_on_is_one_clear_error(
    run, tmp_path, arguments, code, said
) -> None:
    done = run("make", *arguments, "--out", str(tmp_path))

    assert isinstance(done.exception, StandfastError)
    assert exit_code(done.exception) == code
    assert said in str(done.exception)
    assert [*tmp_path.iterdir()] == []


def test_a_format_that_there_is_not_is_refused_before_anything_is_made(run, tmp_path: Path) -> None:
    done = run("make", "--period", "2026-10", "--format", "docx", "--out", str(tmp_path))

    assert done.exit_code == 2
    assert "no docx; there are html, pdf, csv, json" in done.output


def test_the_api_serves_files_as_downloads_to_readers_only(standfast: Standfast) -> None:
    body = {"period": _month(), "of": "web-probes"}
    with standfast.client("read", "respond", "audit") as client:
        made = client.post("/api/v1/reports", json=body)
        name = next(one for one in made.json()["files"] if one.endswith(".pdf"))
        found = client.get(f"/api/v1/reports/{made.json()['id']}/{name}")
        lost = client.get(f"/api/v1/reports/{made.json()['id']}/../x.pdf").status_code
        none = client.get("/api/v1/reports/RPT-999/x.pdf")
        log = client.get("/api/v1/audit", params={"action": "report.*"}).json()["entries"]
    with standfast.client("read") as client:
        refused = client.post("/api/v1/reports", json=body).status_code
    with standfast.client("alerts") as client:
        unread = client.get(f"/api/v1/reports/{made.json()['id']}/{name}").status_code

    assert made.status_code in {200, 201}
    assert found.headers["content-type"] == "application/pdf"
    assert found.headers["content-disposition"] == f'attachment; filename="{name}"'
    assert found.content.startswith(b"%PDF-")
    assert (lost, none.status_code) == (404, 404)
    assert (refused, unread) == (403, 403)
    assert log[0]["action"]["type"] == "report.made"


def test_the_page_makes_one_and_leads_to_its_files(standfast: Standfast) -> None:
    with httpx2.Client(base_url=standfast.address, follow_redirects=True, timeout=60) as client:
        form = {"name": "admin", "password": standfast.password}
        client.post("/sign-in", data=form, headers={"origin": standfast.address})
        page = client.get("/reports").text
        (csrf,) = {*re.findall(r'name="csrf" value="([^"]+)"', page)}
        made = client.post(
            "/reports",
            data={"csrf": csrf, "period": _month()},
            headers={"origin": standfast.address},
        )
        links = re.findall(r'href="(/reports/RPT-[^"]+\.html)"', made.text)
        file = client.get(links[0])

    assert made.status_code == 200
    assert f"<option>{_month()}</option>" in page
    assert "Service level report" in file.text
    assert "attachment" in file.headers["content-disposition"]


def test_the_chore_runs(standfast: Standfast) -> None:
    pulses = standfast.platform.ticking.pulses

    web_server.until(lambda: pulses["reports"].ticks, "the first look")
    assert pulses["reports"].last_error == ""
