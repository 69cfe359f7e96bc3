"""`standfast review FILE` as a person or a pipeline runs it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from standfast.cli.review import review

SMALL = """\
system: {name: blog}
components:
  web: {type: http, url: https://blog.example.com, needs: {db: hard}}
  db: {type: postgresql}
"""
IMPOSSIBLE = SMALL + "journeys:\n  read: {path: [web], slo: 99%, sla: 99.9%}\n"


@pytest.fixture
def run(tmp_path: Path):
    def running(text: str, *options: str) -> Result:
        file = tmp_path / "standfast.yaml"
        file.write_text(text, encoding="utf-8")
        return CliRunner().invoke(review, [str(file), "--as-of", "2026-11-24", *options])

    return running


def test_open_questions_exit_with_3(run) -> None:
    result = run(SMALL)
    assert result.exit_code == 3
    assert result.stdout.startswith("CLARIFY  blog, as of 2026-11-24: 0 block,")


def test_the_impossible_exits_with_1(run) -> None:
    result = run(IMPOSSIBLE)
    assert result.exit_code == 1
    assert "SLA 99.9%, SLO 99%: no margin" in result.stdout


def test_a_file_that_cannot_be_read_exits_with_2_and_every_error(run) -> None:
    result = run(SMALL.replace("type: http", "typ: http") + "journeys: {read: {path: [wen]}}\n")
    assert result.exit_code == 2
    assert result.stdout == ""
    assert "standfast.yaml:3:" in result.stderr


def test_a_file_that_is_not_there_exits_with_2(tmp_path: Path) -> None:
    result = CliRunner().invoke(review, [str(tmp_path / "nowhere.yaml")])
    assert result.exit_code == 2
    assert "nowhere.yaml" in result.stderr


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (("--fail-on", "block"), 0),
        (("--fail-on", "clarify"), 3),
        (("--fail-on", "warn"), 3),
        (("--report-only",), 0),
    ],
)
def test_the_threshold_decides_the_exit_code(run, options: tuple[str, ...], code: int) -> None:
    assert run(SMALL, *options).exit_code == code


def test_block_fails_whatever_the_threshold(run) -> None:
    assert run(IMPOSSIBLE, "--fail-on", "block").exit_code == 1
    assert run(IMPOSSIBLE, "--report-only").exit_code == 0


def test_json_is_all_that_goes_to_stdout(run) -> None:
    result = run(SMALL, "--json")
    value = json.loads(result.stdout)
    assert (value["verdict"], result.exit_code) == ("CLARIFY", 3)
    assert any(finding["where"].endswith("standfast.yaml:3:3") for finding in value["findings"])


def test_assumptions_are_printed_with_what_to_write(run) -> None:
    result = run(SMALL, "--assumptions")
    assert "SLO for web assumed 99.5% over 30d because criticality is medium" in result.stdout


def test_included_files_are_reviewed_too(run, tmp_path: Path) -> None:
    (tmp_path / "more.yaml").write_text("components: {cache: {type: redis}}\n", encoding="utf-8")
    result = run("include: [more.yaml]\n" + SMALL)
    assert "components.cache" in result.stdout
    assert "more.yaml:1:" in result.stdout


def test_a_literal_secret_is_told_and_not_shown(run) -> None:
    file = SMALL.replace(
        "{type: postgresql}", "{type: postgresql, dsn: 'postgresql://u:hunter2@db/x'}"
    )
    result = run(file)
    assert result.exit_code == 1
    assert "INP-09  components.db.dsn" in result.stdout
    assert "hunter2" not in result.output


def test_text_to_a_pipe_has_no_colour(run) -> None:
    assert "\x1b" not in run(SMALL).output
