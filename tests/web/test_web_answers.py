"""Findings are answered on the page, by the API, from the command line and in the file: one history."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from standfast.cli.group import standfast as command

if TYPE_CHECKING:
    import httpx2
    from web_server import Standfast

REVIEW, ANSWERS = "/api/v1/review", "/api/v1/review/answers"


def one_of(api: httpx2.Client, rule: str) -> dict[str, object]:
    found = api.get(ANSWERS).json()["findings"]
    line: dict[str, object] = next(one for one in found if one["id"].startswith(rule))
    return line


def test_a_program_answers_for_the_role_that_is_asked(standfast: Standfast) -> None:
    with standfast.client("read", "respond") as api:
        before = one_of(api, "BAS-01")
        assert (before["status"], before["history"]) == ("submitted", [])
        body = {"finding": before["id"], "answer": "REJECT", "because": "too young", "by": "Quinn"}
        short = api.post(ANSWERS, json=body)
        assert short.status_code == 400
        assert "what is done instead" in short.text

        done = api.post(ANSWERS, json=body | {"instead": "a load test in May", "role": "qa"})
        assert (done.status_code, done.json()["role"]) == (201, "QA")
        after = one_of(api, "BAS-01")
        assert after["status"] == "rejected"
        assert "REJECT by Quinn (QA)" in str(after["said"])
        groups = api.get(REVIEW).json()["groups"]
        line = next(f for g in groups for f in g["findings"] if f["id"] == before["id"])
        assert line["status"]["word"] == "rejected"
        assert [one["by"] for one in line["history"]] == ["Quinn"]
    assert standfast.platform.verify() == ()


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"finding": "BAS-01@nowhere"}, 404),
        ({"answer": "MAYBE"}, 422),
        ({"role": "CFO"}, 400),
        ({"role": "Legal"}, 400),
        ({"because": ""}, 400),
        ({"because": "x" * 2001}, 422),
    ],
)
def test_an_answer_that_does_not_fit_is_a_problem(
    change: dict[str, str], code: int, standfast: Standfast
) -> None:
    with standfast.client("read", "respond") as api:
        name = one_of(api, "BAS-01")["id"]
        body = {"finding": name, "answer": "ACCEPT", "because": "so"} | change
        assert api.post(ANSWERS, json=body).status_code == code


def test_who_may_only_read_answers_nothing(standfast: Standfast) -> None:
    with standfast.client("read") as api:
        body = {"finding": one_of(api, "BAS-01")["id"], "answer": "ACCEPT", "because": "so"}
        assert api.post(ANSWERS, json=body).status_code == 403
        assert api.post("/review/answers", data=body | {"csrf": ""}).status_code == 403


def test_the_command_line_lists_answers_and_pulls(
    standfast: Standfast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = standfast.token("read", "respond")["authorization"].removeprefix("Bearer ")
    monkeypatch.setenv("STANDFAST_TOKEN", token)
    monkeypatch.chdir(tmp_path)
    Path("standfast.yaml").write_text(Path(standfast.platform.settings.file).read_text())
    with standfast.client("read") as api:
        name = str(one_of(api, "BKP-01")["id"])
    at = ("--server", standfast.address)
    said = ("--by", "Dora", "--because", "rebuilt", "--instead", "from source")

    done = CliRunner().invoke(command, ["feedback", "answer", name, "PARTIAL", *said, *at])
    assert done.exit_code == 0, done.output
    assert f"{name}: PARTIAL by Dora" in done.stdout
    listed = CliRunner().invoke(command, ["feedback", "list", *at, "--status", "workaround"])
    assert name in listed.stdout
    assert "PARTIAL by Dora" in listed.stdout

    for added in ("added", "0 added"):
        pulled = CliRunner().invoke(command, ["feedback", "pull", standfast.address])
        assert pulled.exit_code == 0, pulled.output
        assert added in pulled.stdout
    own = CliRunner().invoke(command, ["feedback", "list", "--status", "workaround"])
    assert "PARTIAL by Dora" in own.stdout


def test_what_the_file_says_arrives_with_the_next_look(standfast: Standfast) -> None:
    folder = Path(standfast.platform.settings.file).parent
    with standfast.client("read") as api:
        name = one_of(api, "MON-0")["id"]
        (folder / "standfast.feedback.yaml").write_text(
            f"answers:\n  - {{finding: '{name}', answer: ACCEPT, by: Bo, at: 2026-11-01, because: y}}\n"
        )
        platform = standfast.platform
        platform.examine.tick(platform.accept.current(), platform.now())
        assert one_of(api, "MON-0")["status"] == "acknowledged"

        (folder / "standfast.feedback.yaml").write_text("answers: {}\n")
        platform.examine.tick(platform.accept.current(), platform.now())
        assert "2:1" not in str(api.get(REVIEW).json()["refused"])
        assert "a list is expected here" in str(api.get(REVIEW).json()["refused"])
        (folder / "standfast.feedback.yaml").unlink()
        platform.examine.tick(platform.accept.current(), platform.now())
        assert api.get(REVIEW).json()["refused"] == []
