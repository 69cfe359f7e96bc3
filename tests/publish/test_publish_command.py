from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from standfast import spec
from standfast.cli.feedback import feedback
from standfast.cli.publish import publish
from standfast.drivers.files import Files, Tree
from standfast.errors import StandfastError
from standfast.spec import system as s


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, shop: s.System, tmp_path: Path):
    """The command on a file that means the shop; reading it is the spec room's own matter."""
    monkeypatch.setattr(spec, "read", lambda _path, _load: shop, raising=False)

    def call(*arguments: str) -> Result:
        return CliRunner().invoke(publish, ["shop.yaml", "--out", str(tmp_path), *arguments])

    return call


DAY = ("--as-of", "2026-11-24")


def test_publishing_writes_and_a_check_afterwards_finds_nothing(run, tmp_path: Path) -> None:
    first = run(*DAY)
    assert first.exit_code == 0, first.output
    assert "created docs/operations/SLOs.md" in first.output
    assert (tmp_path / "docs/operations/SLOs.md").is_file()
    assert not list(tmp_path.rglob(".*"))
    check = run("--check")
    assert check.exit_code == 0, check.output
    assert "0 changed" in check.output


def test_a_check_reuses_the_day_that_was_recorded(run, tmp_path: Path) -> None:
    run("--as-of", "2026-01-31")
    check = run("--check")
    assert check.exit_code == 0, check.output
    assert "over 30 days ago" in check.output


def test_drift_is_found_and_shown_and_nothing_is_written(run, tmp_path: Path) -> None:
    run(*DAY)
    rules = tmp_path / "ops/generated/prometheus/rules.yml"
    rules.write_text("groups: []\n")
    check = run("--check")
    assert check.exit_code == 1
    assert "would be updated ops/generated/prometheus/rules.yml" in check.output
    diff = run("--diff")
    assert diff.exit_code == 0
    assert "-groups: []" in diff.output
    assert rules.read_text() == "groups: []\n"


def test_hand_edits_are_kept_and_reported(run, tmp_path: Path) -> None:
    run(*DAY)
    page = tmp_path / "docs/operations/on-call.md"
    edited = page.read_text().replace("Send yourself a test page", "Ring each other")
    page.write_text(edited + "\nOur own section.\n")
    again = run(*DAY)
    assert "region handover: HAND-EDITED" in again.output
    assert page.read_text() == edited + "\nOur own section.\n"


def test_json_names_every_file_and_what_became_of_it(run, tmp_path: Path) -> None:
    (tmp_path / "docs/operations").mkdir(parents=True)
    (tmp_path / "docs/operations/SLOs.md").write_text("# Ours\n")
    report = json.loads(run(*DAY, "--json").output)
    deeds = {one["path"]: one["deed"] for one in report["files"]}
    assert deeds["docs/operations/SLOs.standfast.md"] == "beside"
    assert deeds["docs/operations/alerting.md"] == "create"
    assert (tmp_path / "docs/operations/SLOs.md").read_text() == "# Ours\n"


# ------------------------------------------------------------------ the disk


def test_a_link_out_of_the_folder_is_not_written_through(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (tmp_path / "in").mkdir()
    (tmp_path / "in/docs").symlink_to(outside)
    with pytest.raises(StandfastError, match="outside"):
        Tree(str(tmp_path / "in")).write("docs/a.md", "x")
    assert list(outside.iterdir()) == []


def test_a_write_that_fails_leaves_the_old_file_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree = Tree(str(tmp_path))
    tree.write("a.md", "old")

    def broken(_: int) -> None:
        raise OSError(28, "disk full")

    monkeypatch.setattr("os.fsync", broken)
    with pytest.raises(StandfastError, match="disk full"):
        tree.write("a.md", "new")
    assert [one.name for one in tmp_path.iterdir()] == ["a.md"]
    assert (tmp_path / "a.md").read_text() == "old"


def test_files_are_read_with_a_clear_word_on_what_is_wrong(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Files().read(str(tmp_path / "none.yaml"))
    (tmp_path / "latin.yaml").write_bytes(b"name: caf\xe9\n")
    with pytest.raises(UnicodeDecodeError):
        Files().read(str(tmp_path / "latin.yaml"))
    (tmp_path / "b.yaml").write_text("b")
    (tmp_path / "a.yaml").write_text("a")
    found = Files().glob(str(tmp_path / "?.yaml"))
    assert [Path(one).name for one in found] == ["a.yaml", "b.yaml"]


def test_what_the_roles_answered_stands_beside_their_findings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "standfast.yaml").write_text(
        "system: {name: blog}\ncomponents:\n  web: {type: http, url: https://blog.test}\n"
    )
    CliRunner().invoke(publish, [*DAY], catch_exceptions=False)
    page = tmp_path / "docs/operations/review.md"
    assert "**Answer**" not in page.read_text()

    answer = [
        "answer",
        "INP-02@components.web",
        "REJECT",
        "--by",
        "Ada Ito",
        "--because",
        "too early",
    ]
    answered = CliRunner().invoke(
        feedback, [*answer, "--instead", "the founder looks after it"], catch_exceptions=False
    )
    assert answered.exit_code == 0, answered.output

    drift = CliRunner().invoke(publish, ["--check"], catch_exceptions=False)
    assert drift.exit_code == 1, drift.output
    CliRunner().invoke(publish, [*DAY], catch_exceptions=False)
    told = next(line for line in page.read_text().splitlines() if "**Answer**" in line)
    assert "rejected" in told
    assert "REJECT by Ada Ito" in told
    assert "the founder looks after it" in told
    assert "it counts until the file has changed or a waiver sets it aside" in told
