"""`standfast review` against a revision of git, against a baseline, and in every form."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import pty
import re
import struct
import subprocess
import sys
import termios
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from standfast.cli.group import standfast

BLOG = """\
system: {name: blog}
components:
  web: {type: http, url: https://blog.test, needs: {db: hard}}
  db: {type: postgresql}
"""
BROKEN_PROMISE = "journeys:\n  read: {path: [web], slo: 99%, sla: 99.9%}\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "standfast.yaml").write_text(BLOG)
    return tmp_path


def git(*arguments: str) -> str:
    identity = ("-c", "user.name=t", "-c", "user.email=t@t.test", "-c", "commit.gpgsign=false")
    done = subprocess.run(
        ["git", *identity, *arguments], check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


def commit(message: str = "x") -> str:
    git("add", "-A")
    git("commit", "-qm", message)
    return git("rev-parse", "HEAD")


@pytest.fixture
def repository(folder: Path) -> Path:
    git("init", "-q", "-b", "main")
    commit()
    return folder


def run(*arguments: str) -> Result:
    return CliRunner().invoke(standfast, ["review", "--as-of", "2026-11-25", *arguments])


def ids(result: Result) -> list[str]:
    return [one["id"] for one in json.loads(result.stdout)["findings"]]


# ------------------------------------------------------------------ git


def test_an_unchanged_file_has_nothing_new(repository: Path) -> None:
    result = run("--changed-since", "HEAD")
    assert result.exit_code == 0
    first = result.stdout.splitlines()
    assert first[0].startswith("ACCEPT  blog")
    assert "Only what is new or worse than revision HEAD (" in first[1]
    assert first[1].endswith("of the whole file the verdict is CLARIFY.")


def test_only_what_the_change_brought_is_listed_and_fails(repository: Path) -> None:
    (repository / "standfast.yaml").write_text(BLOG + BROKEN_PROMISE)
    result = run("--changed-since", "main", "--json")
    assert result.exit_code == 1
    assert "SLO-02@journeys.read.sla" in ids(result)
    assert "DEP-07@components.db" not in ids(result)
    whole = run("--json")
    assert set(ids(result)) < set(ids(whole))
    assert json.loads(result.stdout)["counts"]["known"] == len(ids(whole)) - len(ids(result))


def test_includes_are_read_as_of_the_revision_too(repository: Path) -> None:
    (repository / "parts" / "deep").mkdir(parents=True)
    (repository / "parts" / "deep" / "more.yaml").write_text("components: {cache: {type: redis}}\n")
    (repository / "parts" / "one.yaml").write_text("components: {mail: {type: other}}\n")
    (repository / "standfast.yaml").write_text("include: ['parts/**/*.yaml']\n" + BLOG)
    before = commit()
    (repository / "parts" / "deep" / "more.yaml").write_text(
        "components: {cache: {type: redis}, queue: {type: redis}}\n"
    )
    commit()
    result = run("--changed-since", before, "--json")
    assert ids(result)
    assert all("queue" in one for one in ids(result))
    assert (
        run("--changed-since", before, str(repository / "standfast.yaml"), "--json").exit_code == 3
    )


def test_a_review_from_a_folder_below_finds_the_same(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (repository / "ops").mkdir()
    git("mv", "standfast.yaml", "ops/standfast.yaml")
    before = commit()
    monkeypatch.chdir(repository / "ops")
    assert run("--changed-since", before).exit_code == 0
    monkeypatch.chdir(repository / "ops" / "..")
    assert run("ops/standfast.yaml", "--changed-since", before).exit_code == 0


def test_a_file_that_was_not_there_is_all_new(repository: Path) -> None:
    (repository / "other.yaml").write_text(BLOG)
    result = run("other.yaml", "--changed-since", "HEAD", "--json")
    assert ids(result) == ids(run("other.yaml", "--json"))
    assert "was not there at revision HEAD" in result.stderr


def test_a_file_that_was_broken_is_all_new_and_says_so(repository: Path) -> None:
    (repository / "standfast.yaml").write_text("system: {nam: x}\n")
    before = commit()
    (repository / "standfast.yaml").write_text(BLOG)
    result = run("--changed-since", before, "--json")
    assert ids(result) == ids(run("--json"))
    assert "could not be read; all of it is new" in result.stderr
    assert "unknown key 'nam'" in result.stderr


def test_a_waiver_that_was_taken_out_makes_its_finding_new(repository: Path) -> None:
    people = "people: {dee: {name: Dee, email: dee@blog.test}}\n"
    waiver = (
        "waivers:\n  - {rule: DEP-07, at: components.db, because: x, by: dee, until: 2026-12-01}\n"
    )
    (repository / "standfast.yaml").write_text(BLOG + people + waiver)
    before = commit()
    (repository / "standfast.yaml").write_text(BLOG + people)
    result = run("--changed-since", before, "--json")
    assert ids(result) == ["DEP-07@components.db"]


@pytest.mark.parametrize("revision", ["nowhere", "--output=x", "HEAD:standfast.yaml", "", "a b"])
def test_an_unknown_revision_is_an_error_of_the_call(repository: Path, revision: str) -> None:
    result = run(f"--changed-since={revision}")
    assert result.exit_code == 2
    assert "git knows no such revision here" in result.stderr
    assert not (repository / "x").exists()


def test_a_folder_without_a_repository_is_said_so(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(folder.parent))
    result = run("--changed-since", "HEAD")
    assert result.exit_code == 2
    assert "no git repository is here" in result.stderr


def test_without_git_it_is_said_so(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(repository))
    result = run("--changed-since", "HEAD")
    assert result.exit_code == 2
    assert "git is not installed" in result.stderr


def test_a_repository_in_a_bare_environment_variable_does_not_lead_astray(
    repository: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path_factory.mktemp("other")
    subprocess.run(["git", "init", "-q", str(other)], check=True)
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(other))
    assert run("--changed-since", "HEAD").exit_code == 0


# ------------------------------------------------------------------ baseline


def test_a_baseline_is_written_then_nothing_fails_until_something_is_new(folder: Path) -> None:
    result = run("--baseline", "known.yaml", "--write-baseline")
    assert result.exit_code == 0
    assert "known.yaml: " in result.stderr
    assert " added, 0 taken out" in result.stderr
    text = run("--baseline", "known.yaml").stdout
    assert text.startswith("ACCEPT  blog")
    assert "Known (" in text
    assert "DEP-07  components.db" in text

    (folder / "standfast.yaml").write_text(BLOG + BROKEN_PROMISE)
    later = run("--baseline", "known.yaml", "--json")
    assert later.exit_code == 1
    assert "SLO-02@journeys.read.sla" in ids(later)
    assert "DEP-07@components.db" not in ids(later)
    assert "DEP-07@components.db" in [one["id"] for one in json.loads(later.stdout)["known"]]


def test_what_is_gone_is_told_and_taken_out_by_writing_again(folder: Path) -> None:
    run("--baseline", "known.yaml", "--write-baseline")
    known = folder / "known.yaml"
    known.write_text(known.read_text() + "  AVL-01@journeys.old.slo: BLOCK\n")
    assert "1 finding of the baseline known.yaml is gone" in run("--baseline", "known.yaml").stdout
    again = run("--baseline", "known.yaml", "--write-baseline")
    assert "0 added, 1 taken out" in again.stderr
    assert "old" not in known.read_text()


def test_a_known_finding_that_got_worse_fails(folder: Path) -> None:
    run("--baseline", "known.yaml", "--write-baseline")
    known = folder / "known.yaml"
    known.write_text(
        known.read_text().replace("DEP-07@components.db: CLARIFY", "DEP-07@components.db: WARN")
    )
    result = run("--baseline", "known.yaml")
    assert result.exit_code == 3
    assert "was WARN in the baseline known.yaml" in result.stdout


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--baseline", "nowhere.yaml"), "there is no baseline here"),
        (("--write-baseline",), "--write-baseline needs --baseline FILE"),
        (("--baseline", "x", "--changed-since", "HEAD"), "compare with different things"),
        (("--json", "--format", "sarif"), "ask for different things"),
        (("--baseline", "standfast.yaml", "--write-baseline"), "it is no baseline, and is left"),
        (("--out", "no/such/folder"), "cannot be written"),
    ],
)
def test_a_call_that_makes_no_sense_is_refused(
    options: tuple[str, ...], says: str, folder: Path
) -> None:
    result = run(*options)
    assert result.exit_code != 0
    assert says in (result.stderr + str(result.exception))
    assert (folder / "standfast.yaml").read_text() == BLOG


# ------------------------------------------------------------------ forms


@pytest.mark.parametrize("form", ["text", "json", "sarif", "markdown", "junit"])
def test_a_form_goes_into_a_file_whole_and_the_exit_code_stays(form: str, folder: Path) -> None:
    result = run("--format", form, "--out", "review.out")
    assert (result.exit_code, result.stdout) == (3, "")
    assert "wrote review.out" in result.stderr
    assert (folder / "review.out").read_text() == run("--format", form).stdout
    assert sorted(one.name for one in folder.iterdir()) == ["review.out", "standfast.yaml"]


def test_a_pipe_is_written_to_as_it_is(folder: Path) -> None:
    os.mkfifo("pipe")
    with subprocess.Popen(["cat", "pipe"], stdout=subprocess.PIPE, text=True) as reader:
        assert run("--json", "--out", "pipe").exit_code == 3
        assert json.loads(reader.communicate(timeout=90)[0])["system"] == "blog"
    assert Path("pipe").is_fifo()


def test_the_forms_of_machines_read(folder: Path) -> None:
    assert json.loads(run("--format", "sarif").stdout)["version"] == "2.1.0"
    assert json.loads(run("--format", "json").stdout) == json.loads(run("--json").stdout)
    assert ET.fromstring(run("--format", "junit").stdout).tag == "testsuites"


def test_code_scanning_finds_the_file_however_it_was_named(folder: Path) -> None:
    for named in ("standfast.yaml", "./standfast.yaml", str(folder / "standfast.yaml")):
        value = json.loads(run("--format", "sarif", named).stdout)
        places = [one["locations"][0]["physicalLocation"] for one in value["runs"][0]["results"]]
        told = {one["artifactLocation"]["uri"] for one in places}
        assert told == {"standfast.yaml"}, named


def test_a_threshold_decides_which_cases_fail(folder: Path) -> None:
    failures = [
        int(ET.fromstring(run("--format", "junit", "--fail-on", one).stdout).get("failures", ""))
        for one in ("block", "clarify", "warn")
    ]
    assert failures[0] == 0 < failures[1] < failures[2]


# ------------------------------------------------------------------ a terminal


def on_a_terminal(columns: int, **environment: str) -> str:
    """What a real terminal of that width is sent."""
    program = Path(sys.executable).with_name("standfast")
    inside, outside = pty.openpty()
    fcntl.ioctl(outside, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    wanted = {key: os.environ[key] for key in ("PATH", "HOME") if key in os.environ}
    process = subprocess.Popen(
        [str(program), "review", "--as-of", "2026-11-25"],
        stdout=outside,
        stdin=subprocess.DEVNULL,
        env=wanted | {"TERM": "xterm"} | environment,
    )
    os.close(outside)
    data = b""
    with contextlib.suppress(OSError):  # the far end is closed
        while part := os.read(inside, 65536):
            data += part
    os.close(inside)
    assert process.wait(90) == 3
    return data.decode().replace("\r\n", "\n")


def test_a_terminal_gets_colour_and_lines_that_fit(folder: Path) -> None:
    told = on_a_terminal(60)
    assert told.startswith("\x1b[1;36mCLARIFY\x1b[0m  blog")
    plain = re.sub(r"\x1b\[[0-9;]*m", "", told)
    assert max(len(line) for line in plain.splitlines()) <= 60
    assert sorted(plain.split()) == sorted(run().stdout.split())


def test_no_colour_where_it_is_not_wanted(folder: Path) -> None:
    assert "\x1b" not in on_a_terminal(60, NO_COLOR="1")
