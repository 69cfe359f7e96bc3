from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from standfast.cli.group import standfast

BLOG = """
system: {name: blog, criticality: medium, timezone: America/New_York}
components: {web: {type: http, owner: web}}
people:
  ada: {name: Ada Ito, email: ada@blog.test, phone: "+1 212 5550101"}
  bo: {name: Bo Lind, email: bo@blog.test}
  cy: {name: Cy Park, email: cy@blog.test}
teams: {web: {members: [ada, bo, cy], lead: cy}}
"""
ROTA = """
on_call:
  web:
    covers: [web]
    timezone: America/New_York
    shift: {length: 1w, handover: "Mon 09:00", order: [ada, bo, cy], start: 2026-11-16}
"""


@pytest.fixture
def blog(tmp_path: Path) -> str:
    file = tmp_path / "standfast.yaml"
    file.write_text(BLOG + ROTA)
    return str(file)


def run(*arguments: str):
    return CliRunner().invoke(standfast, ["on-call", *arguments], prog_name="standfast")


def test_it_names_who_answers_and_who_stands_behind_them(blog: str) -> None:
    one = json.loads(run(blog, "--at", "2026-11-23T13:59Z", "--json").output)[0]

    assert (one["primary"]["id"], one["secondary"]["id"]) == ("ada", "bo")
    assert one["until"] == "2026-11-23T09:00-05:00"  # in the rota's own zone
    assert one["watches"] == []


def test_the_next_one_answers_from_the_handover_on(blog: str) -> None:
    one = json.loads(run(blog, "--at", "2026-11-23T09:00-05:00", "--json").output)[0]

    assert one["primary"]["id"] == "bo"


def test_the_weeks_to_come_have_no_hole(blog: str) -> None:
    one = json.loads(run(blog, "--at", "2026-11-20T12:00Z", "--weeks", "5", "--json").output)[0]
    watches = one["watches"]

    assert watches[0]["begin"] == one["at"]
    assert [each["end"] for each in watches[:-1]] == [each["begin"] for each in watches[1:]]
    assert {each["primary"]["id"] for each in watches} == {"ada", "bo", "cy"}


def test_an_instant_without_an_offset_is_utc(blog: str) -> None:
    bare, said = (run(blog, "--at", f"2026-11-20T12:00{end}").output for end in ("", "Z"))

    assert bare == said
    assert "Ada Ito (+1 212 5550101, ada@blog.test)" in said


def test_a_file_without_a_rotation_says_how_to_get_one(tmp_path: Path) -> None:
    file = tmp_path / "standfast.yaml"
    file.write_text(BLOG)
    found = run(str(file))

    assert found.stdout == ""
    assert "add `on_call:`" in found.stderr


@pytest.mark.parametrize("at", ["yesterday", "0001-01-01T00:00+14:00"])
def test_what_is_no_instant_is_refused_in_words(blog: str, at: str) -> None:
    found = run(blog, "--at", at)

    assert found.exit_code == 2
    assert "is no instant; write 2026-11-20T12:00Z" in " ".join(found.stderr.split())
