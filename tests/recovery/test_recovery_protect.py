from __future__ import annotations

import itertools
import json
import shutil
import tempfile
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from recovery_server import fill, kill, source_server, start

from standfast.drivers.postgres.keeper import PostgresKeeper, Settings
from standfast.engine.protect import Due, Protect
from standfast.recovery.catalogue import CopyState
from standfast.recovery.objective import Verdict
from standfast.spec.protection import Backup, CopyPlan, DataType

if TYPE_CHECKING:
    from collections.abc import Iterator

    from postgres_server import PostgresServer


@dataclass
class FakeSystem:
    """The part of a System that protecting reads."""

    backups: dict[str, Backup]
    data: dict[str, DataType]
    digest: str = "1"
    components: dict[str, object] = field(default_factory=dict)


SYSTEM = FakeSystem(
    backups={
        "db": Backup(
            store="db",
            copies={
                "full": CopyPlan(
                    kind="full", keep=timedelta(days=30), to=("local",), every=timedelta(days=1)
                ),
                "wal": CopyPlan(
                    kind="wal", keep=timedelta(days=7), to=("local",), continuous=True, streaming=True
                ),
            },
        )
    },
    data={
        "orders": DataType(
            name="orders", store="db", classification="critical",
            rpo=timedelta(minutes=5), rto=timedelta(hours=1),
        ),
        "ledger": DataType(
            name="ledger", store="db", classification="critical",
            rpo=timedelta(minutes=5), rto=timedelta(microseconds=1),
        ),
    },
)  # fmt: skip


@pytest.fixture
def source() -> Iterator[PostgresServer]:
    with source_server() as server:
        fill(server, 5_000)
        yield server


def _protect(store, source, root: Path, **how) -> Protect:
    ids = (f"{number:08x}" for number in itertools.count(1))

    def keeper(system: FakeSystem, name: str) -> PostgresKeeper:
        return PostgresKeeper(name, root, source.url(), settings=Settings(programs=source.programs))

    return Protect(store, keeper, lambda: SYSTEM, ids=lambda: next(ids), **how)


def test_the_tick_takes_a_copy_proves_it_and_judges_every_data_type(
    sqlite, log, clock, source, tmp_path: Path
) -> None:
    # Long work runs in the tick here; the clock of leases is the test's.
    protect = _protect(sqlite, source, tmp_path, spawn=lambda work: work())
    try:
        protect.tick(SYSTEM, clock.now)
        clock.pass_by(minutes=2)
        protect.tick(SYSTEM, clock.now)
        (proof,) = protect.proofs("db")
        judged = {row.data: row for row in protect.judgements(proof.at)}
        rows = sqlite.read(lambda tx: tx.recovery.copies())
    finally:
        protect.close()

    assert protect.problems == {}
    assert proof.passed, proof.reason
    assert proof.rows == 5_000
    assert [phase.name for phase in proof.phases] == [
        "fetch",
        "prepare",
        "start",
        "replay",
        "verify",
    ]
    assert [copy.state for copy in rows] == [CopyState.CONTENT_MATCHED]
    assert log.types == ["backup.taken", "backup.verified"]
    assert (judged["orders"].rpo, judged["orders"].rto) == (Verdict.MET, Verdict.MET)
    assert judged["ledger"].rto is Verdict.MISSED


def test_an_outage_of_the_store_is_no_loss_and_what_nobody_saw_is_unknown(
    sqlite, log, source, tmp_path: Path
) -> None:
    protect = _protect(sqlite, source, tmp_path)
    protect.run("db")
    up = protect.verify("db")
    beat = _keeper_of(protect).beat()
    kill(source)

    down = protect.verify("db")

    assert (up.passed, down.passed) == (True, True)
    for proof, last in ((up, up.newest_written), (down, beat.at)):
        assert proof.newest_restored
        assert proof.newest_written == last
        assert last
        assert proof.rpo == last - proof.newest_restored


def _keeper_of(protect: Protect) -> PostgresKeeper:
    return protect._keeper(SYSTEM, "db")


def test_a_failed_proof_marks_the_copy_and_is_told(sqlite, log, source, tmp_path: Path) -> None:
    protect = _protect(sqlite, source, tmp_path)
    copy = protect.run("db")
    (tmp_path / f"db/copies/{copy.id}/data/global/pg_control").write_bytes(b"x" * 8192)

    proof = protect.verify("db")

    assert not proof.passed
    assert protect.copies("db")[0].state is CopyState.FAILED
    assert log.events[-1].type == "backup.verification_failed"
    assert {row.rpo for row in protect.judgements(proof.at)} == {Verdict.UNPROVEN}


def test_copies_made_without_a_server_come_into_its_rows_and_its_log(
    sqlite, log, clock, source, tmp_path: Path
) -> None:
    from standfast.drivers.postgres.told import ToldStore

    offline = _protect(ToldStore(tmp_path / "db" / "told.jsonl"), source, tmp_path)
    copy = offline.run("db")
    assert offline.verify("db").passed
    told = [
        json.loads(line)["type"] for line in (tmp_path / "db/told.jsonl").read_text().splitlines()
    ]
    assert told == ["backup.taken", "backup.verified"]

    server = _protect(sqlite, source, tmp_path, spawn=lambda work: None)
    try:
        server.tick(SYSTEM, clock.now)
    finally:
        server.close()

    assert [row.id for row in sqlite.read(lambda tx: tx.recovery.copies())] == [copy.id]
    assert log.types == ["backup.catalogued", "backup.verified"]


def test_due_work_is_claimed_once_and_settled_only_by_its_holder(database, clock) -> None:
    due = Due(store="db", kind="full", next_due=clock.now)
    later = clock.now + timedelta(minutes=2)
    database.keep(lambda tx: tx.recovery.plan(due))
    database.keep(lambda tx: tx.recovery.plan(due))

    (first,) = database.keep(lambda tx: tx.recovery.claim(clock.now, later, 5))
    assert database.keep(lambda tx: tx.recovery.claim(clock.now, later, 5)) == ()

    (second,) = database.keep(lambda tx: tx.recovery.claim(later, later + timedelta(1), 5))
    assert not database.keep(lambda tx: tx.recovery.settle(first, later))
    assert database.keep(lambda tx: tx.recovery.settle(second, later + timedelta(days=1)))
    assert database.read(lambda tx: tx.recovery.dues())[0].next_due == later + timedelta(days=1)


def test_the_command_brings_a_deleted_server_back_from_the_file_and_the_folder(
    source, monkeypatch
) -> None:
    from click.testing import CliRunner

    from standfast.cli.backup import backup

    place = Path(tempfile.mkdtemp(prefix="sf-cli-", dir="/tmp"))
    place.chmod(0o755)
    file = place / "standfast.yaml"
    file.write_text(f"""apiVersion: standfast/v1
system: {{name: shop}}
components:
  db: {{type: postgresql, dsn: "env:SHOP_DSN"}}
data:
  orders: {{store: db, class: critical, rpo: 5m, rto: 1h}}
backups:
  db:
    full: {{at: "02:00 daily", keep: 30d, to: [local]}}
locations:
  local: {{path: {place}/copies}}
""")
    monkeypatch.setenv("SHOP_DSN", source.url())
    common = ["--file", str(file), "--programs", str(source.programs), "--json"]

    def call(*words: str) -> dict:
        result = CliRunner().invoke(backup, [*words, *common], catch_exceptions=False)
        assert result.exit_code == 0, result.output
        return json.loads(result.output)

    try:
        call("run", "db")
        assert call("verify", "db")["proof"]["passed"]
        kill(source)
        shutil.rmtree(source.data)
        monkeypatch.delenv("SHOP_DSN")
        assert call("restore", "db", "--into", str(source.data))["newest_restored"]
        start(source)
        import psycopg

        with psycopg.connect(source.url()) as db:
            assert db.execute("SELECT count(*) FROM orders").fetchone() == (5_000,)
        # Whoever owns the room owns what is restored into it: as root that is PostgreSQL's user.
        assert source.data.stat().st_uid == source.data.parent.stat().st_uid
    finally:
        shutil.rmtree(place)
