"""`standfast feedback` as the role that is asked uses it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from standfast.cli.group import standfast
from standfast.errors import NotFound, StandfastError

BLOG = """\
system: {name: blog}
components:
  web: {type: http, url: https://blog.test, needs: {db: hard}}
  db: {type: postgresql}
journeys:
  read: {path: [web], slo: 99%, sla: 99.9%}
"""
ID = "SLO-02@journeys.read.sla"
SAID = ("--by", "Ada Ito", "--because", "the contract is: signed # really")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "standfast.yaml").write_text(BLOG)
    return tmp_path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(standfast, list(arguments))


def listed(*options: str) -> list[dict[str, object]]:
    result = run("feedback", "list", "--json", *options)
    assert result.exit_code == 0, result.output
    found: list[dict[str, object]] = json.loads(result.stdout)
    return found


def test_every_finding_is_submitted_until_somebody_answers(folder: Path) -> None:
    before = listed()
    assert {one["status"] for one in before} == {"submitted"}

    result = run("feedback", "answer", ID, "REJECT", *SAID, "--instead", "credits")
    assert result.exit_code == 0, result.output
    assert (
        result.stdout == f"{ID}: REJECT by Ada Ito (Business Analyst), in standfast.feedback.yaml\n"
    )
    (one,) = listed("--status", "rejected")
    assert one["id"] == ID
    answer = one["answer"]
    assert isinstance(answer, dict)
    assert (answer["by"], answer["because"]) == ("Ada Ito", "the contract is: signed # really")
    assert (answer["instead"], answer["verdict"]) == ("credits", "BLOCK")


def test_the_review_shows_the_answer_and_the_verdict_stays(folder: Path) -> None:
    before = run("review")
    run("feedback", "answer", ID, "reject", *SAID, "--instead", "credits")
    after = run("review")
    assert before.exit_code == after.exit_code == 1
    part = after.stdout[after.stdout.index(ID.replace("@", "  ")) :]
    assert "  rejected\n" in part.splitlines(keepends=True)[0]
    assert "answer: REJECT by Ada Ito (Business Analyst) on " in part
    assert "else: " in part.split("answer:")[0]
    assert "it counts until the file has changed or a waiver sets it aside" in part


def test_a_mended_finding_is_marked_changed_and_asked_again_when_it_comes_back(
    folder: Path,
) -> None:
    run("feedback", "answer", ID, "ACCEPT", *SAID)
    file = folder / "standfast.yaml"
    file.write_text(BLOG.replace("99.9%", "95%"))
    assert [one["id"] for one in listed("--status", "changed")] == [ID]
    assert f"  {ID}: ACCEPT by Ada Ito" in run("review").stdout.split("Changed (1)")[1]

    assert run("feedback", "settle").stdout == f"changed: {ID}\n"
    assert run("feedback", "settle").stdout == ""
    file.write_text(BLOG)
    (one,) = [each for each in listed() if each["id"] == ID]
    assert one["status"] == "submitted"
    assert "and is back" in str(one["note"])
    assert f"{ID}" in run("feedback", "list").stdout
    assert "asked again: it was gone on" in run("review").stdout


def test_a_role_sees_its_own(folder: Path) -> None:
    mine = listed("--role", "BA")
    assert ID in [one["id"] for one in mine]
    assert all("Business Analyst" in one["to"] for one in mine)  # type: ignore[operator]
    assert len(mine) < len(listed())


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((ID, "REJECT", *SAID), "says what is done instead"),
        ((ID, "ACCEPT", *SAID, "--role", "QA"), "it is addressed to Business Analyst"),
        (("SLO-02@journeys.rad.sla", "ACCEPT", *SAID), f"did you mean '{ID}'"),
    ],
)
def test_an_answer_that_does_not_fit_is_refused_and_nothing_is_written(
    arguments: tuple[str, ...], says: str, folder: Path
) -> None:
    result = run("feedback", "answer", *arguments)
    assert isinstance(result.exception, StandfastError | NotFound)
    assert says in str(result.exception)
    assert not (folder / "standfast.feedback.yaml").exists()


def test_an_unknown_role_is_told_which_there_are(folder: Path) -> None:
    result = run("feedback", "answer", ID, "ACCEPT", *SAID, "--role", "CFO")
    assert result.exit_code == 2
    assert "there is no role 'CFO'; write one of: Solution Architect (SA)" in " ".join(
        result.stderr.split()
    )


def test_a_broken_file_of_answers_stops_the_review_and_is_not_added_to(folder: Path) -> None:
    answers = folder / "standfast.feedback.yaml"
    answers.write_text("answers:\n  - {finding: SLO-02@x, anser: ACCEPT}\n")
    before = answers.read_text()
    for command in (("review",), ("feedback", "list"), ("feedback", "answer", ID, "ACCEPT", *SAID)):
        result = run(*command)
        assert result.exit_code == 2, command
        assert "standfast.feedback.yaml:2:25: error: unknown key 'anser'" in result.stderr
    assert answers.read_text() == before


def test_line_ends_mode_and_links_of_the_file_stay(folder: Path) -> None:
    real = folder / "kept.yaml"
    real.write_bytes(b"# ours\r\nanswers:\r\n")
    real.chmod(0o640)
    (folder / "standfast.feedback.yaml").symlink_to("kept.yaml")
    run("feedback", "answer", ID, "ACCEPT", *SAID)
    data = real.read_bytes()
    assert data.startswith(b"# ours\r\nanswers:\r\n  - finding: ")
    assert data.count(b"\r\n") == data.count(b"\n")
    assert real.stat().st_mode & 0o777 == 0o640
    assert (folder / "standfast.feedback.yaml").is_symlink()
    assert len(listed("--status", "acknowledged")) == 1


def test_two_writers_do_not_lose_each_others_answer(folder: Path) -> None:
    from standfast.app.files import Edited
    from standfast.errors import Conflict

    answers = folder / "standfast.feedback.yaml"
    mine = Edited(str(answers))
    run("feedback", "answer", ID, "ACCEPT", *SAID)
    with pytest.raises(Conflict, match="has changed meanwhile"):
        mine.save("answers: []\n")
    assert len(listed("--status", "acknowledged")) == 1
