from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from standfast.app.watching import FileWatch
from standfast.drivers.file_stamp import FileStamps
from standfast.drivers.files import Files
from standfast.engine.accept import Accept
from standfast.errors import FileError, NotFound, StoreError

if TYPE_CHECKING:
    from conftest import FakeClock, MemoryLog
    from standfast.store.database import Database

GOOD = "system: {name: blog}\ncomponents:\n  web: {type: http}\n"
BETTER = GOOD + "  db: {type: postgresql}\n"
BROKEN = "system: {name: blog}\ncomponents:\n  web: {type: http, onwer: nobody}\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "standfast.yaml"
    file.write_text(GOOD)
    return file


@pytest.fixture
def accept(database: Database, clock: FakeClock) -> Accept:
    return Accept(database, Files(), clock)


def test_before_the_first_file_there_is_no_system(accept: Accept) -> None:
    with pytest.raises(NotFound, match="no reliability file"):
        accept.current()


def test_a_changed_file_becomes_the_next_version_and_the_change_is_told(
    accept: Accept, file: Path, log: MemoryLog
) -> None:
    accept.propose(str(file))
    file.write_text(BETTER)
    accept.propose(str(file))

    assert list(accept.current().components) == ["web", "db"]
    assert log.types == ["file.accepted", "file.accepted"]
    before, after = log.events
    assert after.changes[0].old_value == before.changes[0].new_value


def test_the_same_file_again_is_no_change(accept: Accept, file: Path, log: MemoryLog) -> None:
    accept.propose(str(file))
    accept.propose(str(file))

    assert log.types == ["file.accepted"]


def test_a_broken_file_changes_nothing_and_is_told_once(
    accept: Accept, file: Path, log: MemoryLog
) -> None:
    accept.propose(str(file))
    file.write_text(BROKEN)
    for _ in range(3):
        with pytest.raises(FileError, match="onwer"):
            accept.propose(str(file))

    assert list(accept.current().components) == ["web"]
    assert log.types == ["file.accepted", "file.rejected"]
    assert accept.rejected is not None
    file.write_text(BETTER)
    accept.propose(str(file))
    assert accept.rejected is None


def test_what_was_accepted_is_kept_whole_and_does_not_need_the_file_any_more(
    accept: Accept, file: Path, database: Database
) -> None:
    (file.parent / "more.yaml").write_text("components:\n  db: {type: postgresql}\n")
    file.write_text("include: [more.yaml]\n" + GOOD)
    accept.propose(str(file))
    file.unlink()
    (file.parent / "more.yaml").unlink()

    other = Accept(database, Files())
    assert set(other.current().components) == {"web", "db"}


def test_the_watch_sees_a_change_in_an_included_file(
    accept: Accept, file: Path, clock: FakeClock
) -> None:
    more = file.parent / "more.yaml"
    more.write_text("components:\n  db: {type: postgresql}\n")
    file.write_text("include: [more.yaml]\n" + GOOD)
    watch = FileWatch(accept, FileStamps(), str(file))
    watch.tick(clock())
    more.write_text("components:\n  db: {type: postgresql}\n  cache: {type: redis}\n")
    watch.tick(clock())

    assert set(accept.current().components) == {"web", "db", "cache"}


def test_a_rejected_file_is_shown_until_the_good_one_is_kept(
    accept: Accept, file: Path, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.write_text(BROKEN)
    with pytest.raises(FileError):
        accept.propose(str(file))
    file.write_text(GOOD)

    def full(_work: object) -> None:
        assert accept.rejected
        raise StoreError("the disk is full")

    with monkeypatch.context() as disk:
        disk.setattr(database, "write", full)
        with pytest.raises(StoreError):
            accept.propose(str(file))
    assert accept.rejected

    accept.propose(str(file))
    assert accept.rejected is None
