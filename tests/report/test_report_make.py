"""Making, keeping, correcting and verifying reports: by the flow, on a real database."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from report_story import DAY, HOUR, KEYS, NOW, START, counted, excluded, shop, told

from standfast.app import reporting
from standfast.app.verifying import check
from standfast.audit.event import Actor
from standfast.audit.keys import Keys
from standfast.audit.manifest import FORMAT, BadManifest, manifest_of, signed, verified
from standfast.drivers.files import Tree
from standfast.drivers.typesetter import Typesetter
from standfast.engine.report import CHORE, MakeReport
from standfast.errors import NotFound, StandfastError

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import FakeClock, MemoryLog
    from standfast.engine.report import Edition
    from standfast.store.database import Database

ADA = Actor(type="user", id="ada")


@pytest.fixture
def maker(database: Database, clock: FakeClock) -> MakeReport:
    clock.now = NOW
    return _maker(database, clock)


def _maker(database: Database, clock: FakeClock) -> MakeReport:
    def read(period, of, now):
        return database.read(lambda tx: reporting.rows(tx, shop(), period, of, now))

    return MakeReport(database, read, Typesetter(), KEYS, shop, clock)


def _files(database: Database, one: Edition) -> dict[str, bytes]:
    return {
        name: database.read(lambda tx, n=name: tx.reports.file(one.id, n)) for name in one.files
    }


def test_a_report_is_kept_with_its_files_signed_and_audited(
    database: Database, maker: MakeReport, log: MemoryLog
) -> None:
    told(database)

    made, fresh = maker.make("2026-10", "", ADA)

    assert fresh
    assert (made.id, made.edition, made.provisional) == ("RPT-1", 1, False)
    assert made.files == tuple(
        f"2026-10.{kind}" for kind in ("csv", "html", "json", "pdf", "manifest")
    )
    files = _files(database, made)
    manifest = verified(files["2026-10.manifest"].decode(), KEYS.verifying)
    assert {*manifest.files} == {*made.files} - {"2026-10.manifest"}
    assert all(manifest.differs(name, files[name]) == "" for name in manifest.files)
    assert manifest.about["period"] == "2026-10"
    (event,) = log.events
    assert (event.type, event.actor.id) == ("report.made", "ada")
    digests = event.context["sha256"]
    assert digests == {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}


def test_what_would_say_the_same_is_not_made_again(
    database: Database, maker: MakeReport, clock: FakeClock
) -> None:
    told(database)
    first, _ = maker.make("2026-10", "", ADA)
    clock.pass_by(days=3)

    again, fresh = maker.make("2026-10", "", Actor(type="user", id="bo"))

    assert (again, fresh) == (first, False)


def test_an_exclusion_said_afterwards_makes_another_edition_and_the_first_stays(
    database: Database, maker: MakeReport, clock: FakeClock
) -> None:
    told(database)
    first, _ = maker.make("2026-10", "", ADA)
    before = _files(database, first)
    excluded(database, "web-probes", START + 5 * DAY, 2, at=NOW + HOUR)
    clock.pass_by(days=1)

    second, fresh = maker.make("2026-10", "", ADA)

    assert fresh
    assert second.edition == 2
    assert "2026-10.edition-2.pdf" in second.files
    assert "web-probes: met, not missed" in second.corrections
    said = "\n".join(second.corrections)
    assert "web-probes: exclusion EX-2 was added" in said
    assert "0 bad of 170,400, not 180 of 170,880 (100%, not 99.894%)" in said
    page = _files(database, second)["2026-10.edition-2.html"].decode()
    assert "Edition 2 says otherwise than the one before" in page
    assert _files(database, first) == before


def test_a_provisional_report_is_followed_by_the_final_one(
    database: Database, maker: MakeReport, clock: FakeClock
) -> None:
    told(database)
    clock.now = START + 20 * DAY
    first, _ = maker.make("2026-10", "", ADA)
    clock.now = NOW

    second, _ = maker.make("2026-10", "", ADA)

    assert (first.provisional, second.provisional) == (True, False)
    assert "the period is over: the figures are no longer provisional" in second.corrections


def test_a_month_is_made_by_itself_once_it_is_over_everywhere(
    database: Database, maker: MakeReport, clock: FakeClock
) -> None:
    told(database)

    def tick(now: datetime) -> list[str]:
        clock.now = now
        return [one.period for one in maker.tick(shop(), now)]

    # Midnight in New York, where a contract counts, is five hours after ours.
    assert tick(datetime(2026, 11, 1, 4, 10, tzinfo=UTC)) == ["2026-09", "2026-Q3"]
    assert tick(datetime(2026, 11, 1, 4, 16, tzinfo=UTC)) == []  # looked ten minutes ago at most
    assert tick(datetime(2026, 11, 1, 4, 21, tzinfo=UTC)) == ["2026-10"]
    assert tick(datetime(2026, 11, 1, 5, 0, tzinfo=UTC)) == []
    chore = database.read(lambda tx: tx.chores.chore(CHORE))
    assert chore is not None
    assert chore.said == "none was due"


def test_two_servers_make_one_report(database: Database, clock: FakeClock, log: MemoryLog) -> None:
    told(database)
    clock.now = NOW
    one, other = _maker(database, clock), _maker(database, clock)

    made = [*one.tick(shop(), NOW), *other.tick(shop(), NOW)]

    assert [each.period for each in made] == ["2026-09", "2026-Q3", "2026-10"]
    assert log.types.count("report.made") == 3


def test_an_edition_that_another_server_kept_meanwhile_is_not_kept_twice(
    database: Database, clock: FakeClock
) -> None:
    told(database)
    clock.now = NOW
    other = _maker(database, clock)

    class Slow(Typesetter):
        done = False

        def pdf(self, paper):
            if not self.done:
                self.done = True
                other.make("2026-10", "", ADA)
            return super().pdf(paper)

    maker = _maker(database, clock)
    maker._typeset = Slow()

    made, fresh = maker.make("2026-10", "", ADA)

    assert (made.edition, fresh) == (1, False)
    assert len(database.read(lambda tx: tx.reports.recent())) == 1


def test_a_period_ahead_or_without_a_count_is_refused(
    database: Database, maker: MakeReport
) -> None:
    told(database)

    with pytest.raises(StandfastError, match="2027-01 has not begun"):
        maker.make("2027-01", "", ADA)
    with pytest.raises(NotFound, match="nothing was measured in 2024-02"):
        maker.make("2024-02", "", ADA)
    with pytest.raises(StandfastError, match="is no period"):
        maker.make("October", "", ADA)


def test_where_the_paper_cannot_be_set_nothing_is_kept(
    database: Database, maker: MakeReport, log: MemoryLog
) -> None:
    told(database)

    class Broken:
        def pdf(self, paper):
            raise StandfastError("no ink")

    maker._typeset = Broken()
    with pytest.raises(StandfastError, match="no ink"):
        maker.make("2026-10", "", ADA)

    assert database.read(lambda tx: tx.reports.recent()) == ()
    assert log.events == []


def test_a_small_month_is_reported_though_only_one_thing_was_seen(
    database: Database, maker: MakeReport
) -> None:
    counted(database, "pay", START, 3)

    made, _ = maker.make("2026-10", "", ADA)

    assert made.summary == "Of 3 objectives: 3 unknown. Of 1 window of contracts: 1 unknown."


# ------------------------------------------------------------------ verifying, offline


@pytest.fixture
def folder(sqlite: Database, clock: FakeClock, tmp_path: Path) -> Path:
    told(sqlite)
    clock.now = NOW
    made, _ = _maker(sqlite, clock).make("2026-10", "", ADA)
    out = tmp_path / "out"
    for name, data in _files(sqlite, made).items():
        Tree(str(out)).write_bytes(name, data)
    return out


KEY = str(KEYS.verifying)


def test_a_report_verifies_by_its_manifest_or_by_one_of_its_files(folder: Path) -> None:
    whole = check(str(folder / "2026-10.manifest"), KEY)
    one = check(str(folder / "2026-10.pdf"), KEY)

    assert whole.clean
    assert len(whole.files) == 4
    assert one.files == (("2026-10.pdf", ""),)
    assert one.about["system"] == "shop"


@pytest.mark.parametrize("kind", ["html", "pdf", "csv", "json"])
@pytest.mark.parametrize("at", [0, 1000, -1])
def test_a_changed_byte_is_told(folder: Path, kind: str, at: int) -> None:
    file = folder / f"2026-10.{kind}"
    data = bytearray(file.read_bytes())
    data[at] ^= 1
    file.write_bytes(data)

    found = check(str(folder / "2026-10.manifest"), KEY)

    assert not found.clean
    assert [name for name, wrong in found.files if wrong] == [file.name]
    assert "was changed: its SHA-256 is" in check(str(file), KEY).files[0][1]


def test_a_changed_manifest_a_strange_key_and_a_missing_one_are_refused(folder: Path) -> None:
    note = folder / "2026-10.manifest"
    other = Keys(name=KEYS.name, seed=bytes(32), secret=bytes(32))

    with pytest.raises(StandfastError, match="no signature by the trusted key"):
        check(str(note), str(other.verifying))
    note.write_text(note.read_text().replace("edition: 1", "edition: 2"))
    with pytest.raises(StandfastError, match="the signature is wrong"):
        check(str(note), KEY)
    note.unlink()
    with pytest.raises(
        StandfastError, match=r"(?s)cannot be read.*2026-10.manifest is to lie beside"
    ):
        check(str(folder / "2026-10.pdf"), KEY)


def test_a_file_that_is_not_here_is_told_and_one_of_another_report_is_no_part(folder: Path) -> None:
    (folder / "2026-10.pdf").unlink()

    assert check(str(folder / "2026-10.manifest"), KEY).absent == ("2026-10.pdf",)
    stranger = folder / "2026-10.txt"
    stranger.write_text("x")
    assert check(str(stranger), KEY).files == (("2026-10.txt", "is no file of this report"),)


def test_a_signed_checkpoint_is_no_manifest() -> None:
    note = KEYS.sign_text(f"{KEYS.verifying.origin('sla-report')}\n1\nAAAA\n", "sla-report")

    with pytest.raises(BadManifest, match="not a manifest"):
        verified(note, KEYS.verifying)


def test_a_field_can_forge_no_line() -> None:
    evil = manifest_of({"system": f"x\nsha256 {'0' * 64} 1 evil.pdf"}, {"a.pdf": b"x"})

    found = verified(signed(evil, KEYS), KEYS.verifying)

    assert [*found.files] == ["a.pdf"]
    assert signed(evil, KEYS).startswith(FORMAT)
    assert replace(evil, files={}).differs("a.pdf", b"x") == "is no file of this report"


def test_time_is_only_what_was_handed_in(database: Database, maker: MakeReport) -> None:
    told(database)

    made, _ = maker.make("2026-10", "", ADA)

    assert made.made_at == NOW
    assert made.made_at - timedelta(days=2) < datetime(2026, 11, 1, tzinfo=UTC)
