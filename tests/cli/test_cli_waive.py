"""`standfast waive`: one rule, one path, a name, a reason and an end; the rest of the file as it was."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from standfast.cli.group import standfast

BLOG = """\
# Our blog.
system: {name: blog}          # wide on purpose

components:
  web:   {type: http, url: https://blog.test, needs: {db: hard}}
  db: {type: postgresql}   # small

people: {dee: {name: Dee Roy, email: dee@blog.test}}
"""
DAY = ("--as-of", "2026-11-25")
SAID = ("--because", "rebuilt in 2 min", "--by", "dee", "--until", "2027-03-01")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "standfast.yaml").write_text(BLOG)
    return tmp_path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(standfast, list(arguments))


def waive(*arguments: str) -> Result:
    return run("waive", *arguments, *DAY)


def test_a_waiver_is_added_shown_and_holds(folder: Path) -> None:
    result = waive("DEP-07", "components.db", *SAID)
    assert result.exit_code == 0, result.output
    line = "  - {rule: DEP-07, at: components.db, because: rebuilt in 2 min, by: dee, until: 2027-03-01}"
    assert f"+{line}\n" in result.stdout
    assert [one for one in result.stdout.splitlines() if one.startswith("-")] == [
        "--- standfast.yaml"
    ]
    assert (folder / "standfast.yaml").read_text() == f"{BLOG}\nwaivers:\n{line}\n"
    value = json.loads(run("review", "--json", *DAY).stdout)
    assert [one["id"] for one in value["waived"]] == ["DEP-07@components.db"]
    assert "DEP-07@components.db" not in [one["id"] for one in value["findings"]]


def test_a_program_is_told_in_json(folder: Path) -> None:
    value = json.loads(waive("DEP-07", "components.db", *SAID, "--json").stdout)
    assert (value["file"], value["written"]) == ("standfast.yaml", True)
    assert value["waiver"]["at"] == "components.db"
    assert "+waivers:" in value["diff"]


def test_a_dry_run_shows_and_writes_nothing(folder: Path) -> None:
    assert "+waivers:" in waive("DEP-07", "components.db", *SAID, "--dry-run").stdout
    assert (folder / "standfast.yaml").read_text() == BLOG


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("DEP-77", "components.db", *SAID), "there is no rule 'DEP-77'; did you mean 'DEP-07'?"),
        (("DEP-07", "components.web", *SAID), "DEP-07 finds nothing there"),
        (("DEP-07", "components", *SAID), "it finds something at: components.db"),
        (("DEP-07", "components.*", *SAID), "DEP-07 finds nothing there"),
        (("WVR-01", "waivers.0", *SAID), "a waiver is not waived"),
        (("DEP-07", "components.db", *SAID[:4], "--until", "2026-11-24"), "ends between today"),
        (("DEP-07", "components.db", *SAID[:4], "--until", "2028-01-01"), "ends between today"),
        (("DEP-07", "components.db", "--because", "x", "--by", "eve", *SAID[4:]), "eve"),
        (("DEP-07", "components.db", "--because", " ", "--by", "dee", *SAID[4:]), "because"),
    ],
)
def test_what_cannot_be_waived_is_refused_and_nothing_is_written(
    arguments: tuple[str, ...], says: str, folder: Path
) -> None:
    result = waive(*arguments)
    assert result.exit_code != 0
    assert says in result.stderr + str(result.exception)
    assert (folder / "standfast.yaml").read_text() == BLOG


def test_every_part_of_a_waiver_is_needed(folder: Path) -> None:
    for left_out in (0, 2, 4):
        given = [*SAID[:left_out], *SAID[left_out + 2 :]]
        assert waive("DEP-07", "components.db", *given).exit_code == 2


def test_one_that_is_waived_is_not_waived_twice(folder: Path) -> None:
    waive("DEP-07", "components.db", *SAID)
    again = waive("DEP-07", "components.db", *SAID)
    assert "it is waived already, by dee" in str(again.exception)


def test_one_that_ran_out_is_renewed_in_its_place(folder: Path) -> None:
    file = folder / "standfast.yaml"
    file.write_text(
        BLOG + "waivers:\n"
        "  # reviewed each spring\n"
        "  - rule: DEP-07   # backups\n"
        "    at: components.db\n"
        "    because: old\n"
        "    by: dee\n"
        "    until: 2026-03-01\n"
        "  - {rule: MON-01, at: components.db, because: y, by: dee, until: 2027-01-01}  # keep\n"
    )
    before = json.loads(run("review", "--json", *DAY).stdout)
    (worse,) = [one for one in before["findings"] if one["rule"] == "DEP-07"]
    assert worse["verdict"] == "BLOCK"
    assert "WVR-01@waivers.0" in [one["id"] for one in before["findings"]]

    result = waive("DEP-07", "components.db", *SAID)
    assert result.exit_code == 0, result.output
    text = file.read_text()
    assert text.count("DEP-07") == 1
    assert "# reviewed each spring" in text
    assert text.endswith("until: 2027-01-01}  # keep\n")
    after = json.loads(run("review", "--json", *DAY).stdout)
    assert after["waived"][0]["id"] == "DEP-07@components.db"
    assert not [one for one in after["findings"] if one["rule"] == "WVR-01"]


def test_waivers_in_an_included_file_stay_there(folder: Path) -> None:
    (folder / "standfast.yaml").write_text("include: [risks.yaml]\n" + BLOG)
    risks = folder / "risks.yaml"
    risks.write_text(
        "waivers:\n- {rule: MON-01, at: components.db, because: y, by: dee, until: 2027-01-01}\n"
    )
    assert waive("DEP-07", "components.db", *SAID).exit_code == 0
    assert "DEP-07" in risks.read_text()
    assert "waivers" not in (folder / "standfast.yaml").read_text()
