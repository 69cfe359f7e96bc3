"""`standfast import`, as a person runs it."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from standfast import spec
from standfast.app.files import Files
from standfast.cli.group import standfast
from standfast.errors import FileError, StandfastError

COMPOSE = """\
services:
  web:
    build: .
    ports: ["80:8000"]
    depends_on: [db]
    environment:
      DATABASE_URL: postgres://shop:hunter2@db/shop
  db:
    image: postgres:18
  adminer:
    image: adminer
"""


@pytest.fixture(autouse=True)
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "shop"
    folder.mkdir()
    monkeypatch.chdir(folder)
    (folder / "compose.yaml").write_text(COMPOSE, encoding="utf-8")
    return folder


def run(*arguments: str, code: int = 0, stdin: str | None = None) -> Result:
    result = CliRunner().invoke(standfast, ["import", *arguments], input=stdin)
    if result.exception and not isinstance(result.exception, SystemExit):
        assert isinstance(result.exception, StandfastError), result.exception
    assert (result.exit_code == 0) is (code == 0), result.output
    return result


def refused(*arguments: str) -> str:
    return str(run(*arguments, code=1).exception)


def test_a_folder_becomes_a_file_a_record_and_the_first_questions(shop: Path) -> None:
    said = run(".").output

    assert re.search(
        r"^imported 2 components, 1 edge from compose.yaml into standfast.yaml; \d+ questions open, ranked:$",
        said,
        re.MULTILINE,
    )
    assert "DATABASE_URL of web is written out" in said
    assert "adminer: adminer is a tool of developers" in said
    assert said.endswith("more questions: standfast review standfast.yaml\n")
    system = spec.read("standfast.yaml", Files())
    assert system.name == "shop"
    assert [*system.components] == ["web", "db"]
    assert "hunter2" not in said + "".join(one.read_text() for one in shop.glob("standfast*"))
    assert system.sources.keys() == {"compose.yaml"}


def test_the_most_weighty_question_comes_first_with_whom_it_asks_and_where() -> None:
    lines = run("compose.yaml").output.splitlines()
    first = next(index for index, line in enumerate(lines) if line.startswith("  1. "))

    assert lines[first].endswith("Solution Architect: db has no owner (and 1 more)")
    assert "answer at components.db  (standfast.yaml:" in lines[first + 1]
    assert any("Solution Architect: does web fail when db fails?" in line for line in lines[first:])


def test_json_has_all_of_it() -> None:
    value = json.loads(run(".", "--json").output)

    assert (value["format"], value["components"], value["edges"]) == (1, 2, 1)
    assert value["sources"] == ["compose.yaml"]
    assert {
        "at": ["components", "web", "needs", "db"],
        "is": None,
        "from": ["compose.yaml:5:18", "compose.yaml:7:7"],
    } in value["facts"]
    assert {one["kind"] for one in value["notes"]} == {"secret", "skipped"}
    assert value["questions"][0]["rule"] == "INP-02"
    assert {"DEP-02", "INP-03"} <= {one["rule"] for one in value["questions"]}
    assert value["questions"][0]["places"][0]["where"].startswith("standfast.yaml:")
    assert value["merge"] is None


def test_an_existing_file_is_never_overwritten(shop: Path) -> None:
    (shop / "standfast.yaml").write_text("mine", encoding="utf-8")
    said = refused(".")

    assert "standfast.yaml: exists and is left as it is" in said
    assert "`--merge`" in said
    assert "`--out FILE`" in said
    assert (shop / "standfast.yaml").read_text() == "mine"


def test_merging_again_changes_no_byte(shop: Path) -> None:
    run(".")
    before = {one.name: (one.read_bytes(), one.stat().st_mtime_ns) for one in shop.iterdir()}
    said = run(".", "--merge").output

    assert "nothing has changed in the sources" in said
    assert {
        one.name: (one.read_bytes(), one.stat().st_mtime_ns) for one in shop.iterdir()
    } == before


def test_what_standfast_has_published_itself_is_no_source(shop: Path) -> None:
    run(".")
    before = (shop / "standfast.yaml").read_text(encoding="utf-8")
    published = CliRunner().invoke(standfast, ["publish", "standfast.yaml"])
    assert published.exit_code == 0, published.output
    assert (shop / "ops/generated/compose.healthchecks.yaml").exists()

    run("--merge", ".")

    assert (shop / "standfast.yaml").read_text(encoding="utf-8") == before


def test_merging_keeps_the_hand_and_brings_what_is_new(shop: Path) -> None:
    run(".")
    file = shop / "standfast.yaml"
    edited = file.read_text().replace("db:  #", "db: hard  # decided by ada\n      #", 1)
    file.write_text(edited, encoding="utf-8")
    (shop / "compose.yaml").write_text(
        COMPOSE.replace("[db]", "[db, cache]") + "  cache: {image: redis}\n", encoding="utf-8"
    )
    said = run(".", "--merge").output
    text = file.read_text()

    assert "added (2): components.web.needs.cache, components.cache.type" in said
    assert "db: hard  # decided by ada" in text
    system = spec.read("standfast.yaml", Files())
    assert [*system.components["web"].needs] == ["db", "cache"]
    assert not [line for line in edited.splitlines() if line not in text.splitlines()]


def test_a_conflict_is_told_with_both_values(shop: Path) -> None:
    (shop / "compose.yaml").write_text(
        COMPOSE.replace("  db:\n", "    scale: 2\n  db:\n"), encoding="utf-8"
    )
    run(".")
    file = shop / "standfast.yaml"
    file.write_text(file.read_text().replace("replicas: 2", "replicas: 4"), encoding="utf-8")
    (shop / "compose.yaml").write_text(
        COMPOSE.replace("  db:\n", "    scale: 3\n  db:\n"), encoding="utf-8"
    )

    assert "(yours: 4; theirs: 3)" in run(".", "--merge").output
    assert "replicas: 4" in file.read_text()
    assert "theirs" not in run(".", "--merge").output


def test_a_file_with_mistakes_is_mended_before_it_is_merged(shop: Path) -> None:
    (shop / "standfast.yaml").write_text("system: {name: shop}\nonwer: x\n", encoding="utf-8")
    error = run(".", "--merge", code=2).exception

    assert isinstance(error, FileError)
    assert "standfast.yaml:2:1: error: unknown key 'onwer'" in str(error)


def test_windows_line_ends_and_a_byte_order_mark_stay(shop: Path) -> None:
    run(".")
    file = shop / "standfast.yaml"
    file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes().replace(b"\n", b"\r\n"))
    (shop / "compose.yaml").write_text(COMPOSE + "  cache: {image: redis}\n", encoding="utf-8")
    run(".", "--merge")
    data = file.read_bytes()

    assert data.startswith(b"\xef\xbb\xbf# yaml")
    assert data.count(b"\n") == data.count(b"\r\n")
    assert b"  cache: {type: redis}" in data


def test_standard_input_is_read_and_standard_output_written(shop: Path) -> None:
    result = run("-", "--out", "-", stdin=COMPOSE)

    assert spec.read_text(result.stdout).components.keys() == {"web", "db"}
    assert "imported 2 components" in result.stderr
    assert not (shop / "standfast.yaml").exists()


def test_an_unknown_file_is_one_clear_error_with_the_formats(shop: Path) -> None:
    (shop / "notes.yaml").write_text("a: 1\n", encoding="utf-8")

    said = refused("notes.yaml")
    assert said.startswith("notes.yaml: is of no format that can be imported\n  fix: known are ")
    assert "compose" in said
    assert "nowhere.yaml: cannot be read: No such file or directory" in refused("nowhere.yaml")
    assert "no format is called 'x'" in refused("notes.yaml", "--as", "x")


def test_a_folder_without_sources_says_what_was_looked_at(shop: Path) -> None:
    (shop / "compose.yaml").unlink()
    (shop / "a.yaml").write_text("a: 1\n", encoding="utf-8")

    assert (
        "nothing could be imported: 1 files were looked at, and none is of a known format"
        in refused(".")
    )


def test_sources_elsewhere_are_named_as_seen_from_the_file(shop: Path) -> None:
    other = shop.parent / "other"
    other.mkdir()
    run("compose.yaml", "--out", str(other / "shop.yaml"))

    assert "# from ../shop/compose.yaml:" in (other / "shop.yaml").read_text()
    assert (other / "shop.imported.yaml").exists()


def test_the_system_is_called_by_the_project_or_its_folder(shop: Path) -> None:
    deploy = shop / "deploy" / "docker"
    deploy.mkdir(parents=True)
    (deploy / "compose.yaml").write_text(COMPOSE, encoding="utf-8")
    run(str(deploy / "compose.yaml"), "--out", "a.yaml")
    (deploy / "compose.yaml").write_text("name: other\n" + COMPOSE, encoding="utf-8")
    run(str(deploy / "compose.yaml"), "--out", "b.yaml")

    assert [spec.read(one, Files()).name for one in ("a.yaml", "b.yaml")] == ["shop", "other"]


def test_a_repository_is_as_far_as_a_source_may_refer(shop: Path) -> None:
    (shop / ".git").mkdir()
    sub = shop / "sub"
    sub.mkdir()
    (sub / "compose.yaml").write_text(
        "services: {a: {image: x/a, env_file: [../a.env, ../../b.env]}, db: {image: redis}}\n"
    )
    (shop / "a.env").write_text("REDIS_HOST=db\n")
    (shop.parent / "b.env").write_text("REDIS_HOST=db\n")
    os.chdir(sub)
    said = run("compose.yaml").output

    assert "1 edge from compose.yaml, ../a.env" in said
    assert "the env_file ../../b.env is not there" in said


def test_a_review_tells_that_a_source_has_changed_and_what_is_imported(shop: Path) -> None:
    run(".")
    quiet = CliRunner().invoke(standfast, ["review", "standfast.yaml", "--assumptions"]).output
    (shop / "compose.yaml").write_text(COMPOSE + "# later\n", encoding="utf-8")
    loud = CliRunner().invoke(standfast, ["review", "standfast.yaml"]).output
    (shop / "compose.yaml").unlink()
    gone = CliRunner().invoke(standfast, ["review", "standfast.yaml"]).output

    assert "INP-07" not in quiet
    assert "Imported, and confirmed by nobody (" in quiet
    assert "  components.db.type\n" in quiet
    assert "compose.yaml is changed since it was imported" in loud
    assert "compose.yaml is gone since it was imported" in gone


def test_an_env_file_leaves_no_digest_by_which_its_secrets_could_be_guessed(shop: Path) -> None:
    (shop / ".env").write_text("REDIS_HOST=db\nPIN=1234\n", encoding="utf-8")
    (shop / "compose.yaml").write_text(
        "services: {a: {image: x/a, env_file: .env}, db: {image: redis}}\n"
    )
    run(".")
    record = (shop / "standfast.imported.yaml").read_text()

    assert '".env:1:1"' in record
    assert record.count('sources:\n  "compose.yaml": ') == 1
    assert '".env": ' not in record


def test_examples_beside_the_real_thing_are_left_and_told(shop: Path) -> None:
    for folder in ("examples/other", "docs"):
        (shop / folder).mkdir(parents=True)
        (shop / folder / "compose.yaml").write_text("services: {sample: {image: nginx}}\n")
    said = run(".").output
    assert [*spec.read("standfast.yaml", Files()).components] == ["web", "db"]
    assert "2 files lie in folders of examples and documentation" in said


def test_where_there_are_only_examples_they_are_what_is_meant(shop: Path) -> None:
    (shop / "compose.yaml").unlink()
    (shop / "examples").mkdir()
    (shop / "examples" / "compose.yaml").write_text("services: {sample: {image: shop/web}}\n")
    run(".")
    assert [*spec.read("standfast.yaml", Files()).components] == ["sample"]


def test_what_it_runs_on_is_read_from_the_kind_of_source() -> None:
    run("compose.yaml")
    assert spec.read("standfast.yaml", Files()).platform == "compose"


@pytest.mark.parametrize(
    ("text", "place", "said"),
    [
        ("services:\n  web: {image: [x\n", "broken.yaml:3:1", "cannot be read as YAML or JSON"),
        ("services:\n  a: &a {<<: *a}\n", "broken.yaml:2:", "cannot be read as YAML or JSON"),
    ],
)
def test_a_broken_file_is_told_by_its_fault_and_the_line(
    text: str, place: str, said: str, shop: Path
) -> None:
    (shop / "broken.yaml").write_text(text)
    error = refused("broken.yaml")
    assert place in error
    assert said in error
