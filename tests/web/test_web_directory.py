"""Where one can go, and each page as data: what the API gives, and to whom."""

from __future__ import annotations

import re
import shlex
from html import unescape
from typing import TYPE_CHECKING

import httpx2
import pytest
from click.testing import CliRunner

from standfast.cli.group import standfast as command_line
from standfast.dashboards import directory
from standfast.web.as_data import as_data
from standfast.web.templating import NAVIGATION

if TYPE_CHECKING:
    from pathlib import Path

    from web_server import Standfast

AT = "http://127.0.0.1:8600"


def places(standfast: Standfast) -> list[dict[str, str]]:
    with standfast.client("read") as api:
        found: list[dict[str, str]] = (
            api.get("/api/v1/directory").raise_for_status().json()["places"]
        )
    return found


def test_everything_with_a_name_is_in_the_directory(standfast: Standfast) -> None:
    with standfast.client("respond", "read") as api:
        body = {"title": "search is slow", "sev": "SEV3", "component": "web"}
        number = api.post("/api/v1/incidents", json=body).raise_for_status().json()["id"]

    found = {(one["kind"], one["name"]): one for one in places(standfast)}

    assert {name for kind, name in found if kind == "service"} == {"web", "db"}
    assert {name for kind, name in found if kind == "objective"} == {
        "web-probes",
        "read",
        "reading",
    }
    assert found["journey", "read"]["path"] == "/experience#journey-read"
    assert found["incident", number]["words"] == "search is slow (SEV3, open)"
    assert found["runbook", "standfast-down"]["words"] == "standfast itself does not answer"
    assert {name for kind, name in found if kind == "page"} >= {words for _, words, _ in NAVIGATION}


def test_every_place_of_the_directory_is_there(standfast: Standfast) -> None:
    with standfast.client("read") as api:
        for one in places(standfast):
            answer = api.get(one["path"], follow_redirects=True)
            assert answer.status_code == 200, one
            _, _, anchor = one["path"].partition("#")
            assert not anchor or f'id="{anchor}"' in answer.text, one


def test_nobody_and_no_token_that_may_not_read_gets_the_directory(standfast: Standfast) -> None:
    assert httpx2.get(standfast.address + "/api/v1/directory").status_code == 401
    for scope in ("metrics", "alerts", "deploy", "audit"):
        with standfast.client(scope) as api:
            assert api.get("/api/v1/directory").status_code == 403, scope


def test_a_directory_has_an_end_and_says_what_it_left_out(
    standfast: Standfast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(directory, "MOST", 3)
    with standfast.client("read") as api:
        found = api.get("/api/v1/directory").json()

    assert sum(one["kind"] != "page" for one in found["places"]) == 3
    assert found["left_out"] > 0


def test_no_two_pages_have_the_same_letter() -> None:
    letters = [letter for _, _, letter in NAVIGATION]

    assert len(set(letters)) == len(letters)


PAGES = {
    "/": "standfast slo list",
    "/services": "",
    "/services/web": "standfast gate check web",
    "/infrastructure": "",
    "/experience": "",
    "/objectives/web-probes": "standfast slo show web-probes",
    "/incidents": "standfast incident list",
    "/on-call": "standfast page list",
    "/recovery": "",
    "/reports": "standfast report list",
    "/audit?actor=test&action=&since=2026-11-20T12:00Z": (
        "standfast audit search --actor test --since 2026-11-20T12:00Z"
    ),
    "/review": "standfast feedback list",
    "/exclusions": "standfast slo exclusions",
    "/docs/operations/SLOs.md": "",
}


@pytest.mark.parametrize("path", PAGES)
def test_every_page_says_where_it_is_data_and_which_command_asks_for_it(
    standfast: Standfast, path: str
) -> None:
    with standfast.client("read") as api:
        page = api.get(path).raise_for_status().text
        link = unescape(re.search(r'<dt>As JSON</dt><dd><a href="([^"]+)"', page)[1])
        assert api.get(link).status_code == 200
    lines = {
        name: unescape(line) for name, line in re.findall(r'<code id="as-(\w+)">(.*?)</code>', page)
    }

    assert shlex.split(lines["curl"])[-1] == standfast.address + link
    assert lines.get("command", "").removesuffix(f" --server {standfast.address}") == PAGES[path]
    assert "$STANDFAST_TOKEN" in lines["curl"]
    assert "sf_" not in page


@pytest.mark.parametrize("path", [path for path, command in PAGES.items() if command])
def test_the_command_of_a_page_runs_as_it_stands(
    standfast: Standfast, path: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with standfast.client("read") as api:
        page = api.get(path).text
        monkeypatch.setenv("STANDFAST_TOKEN", api.headers["authorization"].split()[1])
    monkeypatch.chdir(tmp_path)
    line = unescape(re.search(r'<code id="as-command">(.*?)</code>', page)[1])

    answer = CliRunner().invoke(command_line, shlex.split(line)[1:])

    # The gate says by its code what it knows: a server that has just started has seen little yet.
    well = {0, 3} if " gate " in line else {0}
    assert answer.exit_code in well, answer.output
    assert answer.output


def test_the_line_of_a_page_shows_what_the_page_shows(standfast: Standfast) -> None:
    with standfast.client("read") as api:
        page = api.get("/audit?target=incident:INC-1").text
        link = unescape(re.search(r'<dt>As JSON</dt><dd><a href="([^"]+)"', page)[1])

    assert link == "/api/v1/audit?target=incident%3AINC-1"


def test_what_stands_in_an_address_cannot_leave_its_quotes() -> None:
    lines = as_data("/api/v1/services/x%3B%20rm%20-rf%20~", "", AT)
    filtered = as_data("/api/v1/audit", "actor=%24%28reboot%29%27", AT)

    assert shlex.split(lines.command) == [
        "standfast", "gate", "check", "x; rm -rf ~", "--server", AT,
    ]  # fmt: skip
    assert shlex.split(filtered.command)[3:5] == ["--actor", "$(reboot)'"]
    assert shlex.split(filtered.curl)[-1] == f"{AT}/api/v1/audit?actor=%24%28reboot%29%27"


def test_the_keys_are_written_down_on_a_page_that_needs_no_script(standfast: Standfast) -> None:
    assert httpx2.get(standfast.address + "/keyboard").status_code == 303
    with standfast.client("read") as api:
        page = api.get("/keyboard").raise_for_status().text
        assert 'href="/keyboard"' in api.get("/").text

    for _, words, letter in NAVIGATION:
        assert f"<kbd>g</kbd> <kbd>{letter}</kbd></dt><dd>{words}</dd>" in page
