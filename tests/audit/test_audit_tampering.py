"""Each attack by somebody who owns the database, and what verification says of it."""

from __future__ import annotations

import shutil
from dataclasses import replace

import msgspec
import pytest
from audit_log import DEE, KEYS, SEEN, Log, open_log
from sqlalchemy import text

from standfast.audit import leaf, tree
from standfast.audit.event import Event, Target
from standfast.audit.query import Query
from standfast.errors import StoreError

AT = 130


@pytest.fixture
def log(audited: Log) -> Log:
    audited.write(100)
    audited.checkpoint()
    audited.write(200)
    audited.checkpoint()
    assert audited.record.verify().clean
    return audited


def _core(log: Log, seq: int) -> bytes:
    with log.database.engine.connect() as connection:
        found = text("SELECT core FROM audit_records WHERE seq = :seq")
        core: bytes = connection.execute(found, {"seq": seq}).scalar_one()
        return bytes(core)


def _forged(log: Log, seq: int) -> bytes:
    core = leaf.decode(_core(log, seq))
    return leaf.encode(msgspec.structs.replace(core, outcome=leaf.Outcome(status="failure")))


def test_an_edited_record_is_named(log: Log) -> None:
    log.tamper(
        f"UPDATE audit_records SET core = :core, status = 'failure' WHERE seq = {AT}",
        core=_forged(log, AT),
    )

    assert ("edited", AT) in log.kinds()


def test_an_edited_record_with_a_fitting_checksum_is_found_by_the_tree(log: Log) -> None:
    core = _forged(log, AT)
    log.tamper(
        f"UPDATE audit_records SET core = :core, leaf = :leaf, status = 'failure' WHERE seq = {AT}",
        core=core, leaf=leaf.leaf_hash(core),
    )  # fmt: skip

    findings = log.record.verify().findings
    assert {found.kind for found in findings} == {"node", "head", "diverged"}
    assert any("seq 100 to 299" in found.said for found in findings)  # between two checkpoints
    assert any("seq 0 to 255" in found.said for found in findings)  # the tree's own node


def test_an_edited_record_is_found_after_the_whole_tree_was_computed_anew(log: Log) -> None:
    core = _forged(log, AT)
    with log.database.engine.connect() as connection:
        leaves = [
            bytes(row[0])
            for row in connection.execute(text("SELECT leaf FROM audit_records ORDER BY seq"))
        ]
    leaves[AT] = leaf.leaf_hash(core)
    frontier, runs = tree.extend(tree.Frontier(), leaves)
    log.tamper(
        f"UPDATE audit_records SET core = :core, leaf = :leaf, status = 'failure' WHERE seq = {AT}",
        "UPDATE audit_nodes SET hash = :node", "UPDATE audit_heads SET frontier = :frontier",
        core=core, leaf=leaves[AT], node=runs[8, 0][0], frontier=frontier.encode(),
    )  # fmt: skip

    assert {kind for kind, _ in log.kinds()} == {"diverged", "head"}


@pytest.mark.parametrize(
    "column", ["actor", "action", "target", "category", "timestamp", "id", "actor_type"]
)
def test_an_edited_column_that_would_hide_an_event_from_every_search_is_named(
    log: Log, column: str
) -> None:
    log.tamper(f"UPDATE audit_records SET {column} = 'other' WHERE seq = {AT}")

    assert log.kinds() == {("column", AT)}
    assert column in log.record.verify().findings[0].said


def test_a_record_deleted_in_the_middle_is_named(log: Log) -> None:
    log.tamper(f"DELETE FROM audit_records WHERE seq = {AT}")

    assert log.kinds() == {("missing", AT)}


def test_records_deleted_at_the_tail_are_named(log: Log) -> None:
    log.tamper("DELETE FROM audit_records WHERE seq >= 290")

    assert log.kinds() == {("missing", 290)}


def test_a_tail_cut_off_with_its_head_and_checkpoints_is_found_by_the_anchor(log: Log) -> None:
    with log.database.engine.connect() as connection:
        leaves = [
            bytes(row[0])
            for row in connection.execute(text("SELECT leaf FROM audit_records ORDER BY seq"))
        ]
    frontier, _ = tree.extend(tree.Frontier(), leaves[:290])
    log.tamper(
        "DELETE FROM audit_records WHERE seq >= 290", "DELETE FROM audit_payloads WHERE seq >= 290",
        "DELETE FROM audit_checkpoints WHERE size > 290",
        "UPDATE audit_heads SET size = 290, frontier = :frontier", frontier=frontier.encode(),
    )  # fmt: skip

    assert log.kinds() == {("truncated", 290), ("head", None)}


def test_two_swapped_records_are_both_named(log: Log) -> None:
    log.tamper(
        "UPDATE audit_records SET seq = -1 WHERE seq = 7",
        f"UPDATE audit_records SET seq = 7 WHERE seq = {AT}",
        f"UPDATE audit_records SET seq = {AT} WHERE seq = -1",
    )

    assert {("column", 7), ("column", AT)} <= log.kinds()


def test_a_record_forged_at_the_tail_is_named(log: Log) -> None:
    core = leaf.encode(msgspec.structs.replace(leaf.decode(_core(log, AT)), seq=300, id="forged"))
    log.tamper(
        "INSERT INTO audit_records SELECT stream, 300, 'forged', timestamp, actor_type, actor, category,"
        f" action, target_type, target, status, :core, :leaf FROM audit_records WHERE seq = {AT}",
        core=core, leaf=leaf.leaf_hash(core),
    )  # fmt: skip

    assert log.kinds() == {("forged", 300)}


def test_a_forged_record_with_a_head_that_fits_it_is_found_by_the_seal(log: Log) -> None:
    core = leaf.encode(msgspec.structs.replace(leaf.decode(_core(log, AT)), seq=300, id="forged"))
    with log.database.engine.connect() as connection:
        leaves = [
            bytes(row[0])
            for row in connection.execute(text("SELECT leaf FROM audit_records ORDER BY seq"))
        ]
    frontier, _ = tree.extend(tree.Frontier(), [*leaves, leaf.leaf_hash(core)])
    log.tamper(
        "INSERT INTO audit_records SELECT stream, 300, 'forged', timestamp, actor_type, actor, category,"
        f" action, target_type, target, status, :core, :leaf FROM audit_records WHERE seq = {AT}",
        f"INSERT INTO audit_payloads SELECT stream, 300, nonce, sealed FROM audit_payloads WHERE seq = {AT}",
        "UPDATE audit_heads SET size = 301, frontier = :frontier",
        core=core, leaf=leaf.leaf_hash(core), frontier=frontier.encode(),
    )  # fmt: skip

    assert log.kinds() == {("head", None)}
    with pytest.raises(StoreError, match="moved by something other"):
        log.checkpoint()  # standfast does not sign what it has not written


def test_a_payload_removed_without_an_erasure_is_named(log: Log) -> None:
    log.tamper(f"DELETE FROM audit_payloads WHERE seq = {AT}")

    assert log.kinds() == {("payload", AT)}


def test_an_edited_payload_is_named(log: Log) -> None:
    log.tamper(f"UPDATE audit_payloads SET sealed = nonce WHERE seq = {AT}")

    assert log.kinds() == {("payload", AT)}


def test_checkpoints_signed_by_another_key_are_found(log: Log) -> None:
    other = replace(KEYS, seed=b"other key " * 3 + b"..")
    with log.database.engine.connect() as connection:
        leaves = [
            bytes(row[0])
            for row in connection.execute(text("SELECT leaf FROM audit_records ORDER BY seq"))
        ]
    note = other.sign("system", tree.extend(tree.Frontier(), leaves)[0])
    log.tamper("UPDATE audit_checkpoints SET note = :note WHERE size = 300", note=note)

    assert log.kinds() == {("signature", None)}


def test_a_whole_stream_that_was_removed_is_found_by_the_anchor(log: Log) -> None:
    log.tamper(*(f"DELETE FROM {table}" for table in (
        "audit_records", "audit_payloads", "audit_nodes", "audit_checkpoints", "audit_heads")))  # fmt: skip

    assert log.kinds() == {("truncated", 0)}


def test_a_database_file_put_back_to_an_older_copy_is_found_by_the_anchor(
    small: Log, tmp_path, clock
) -> None:
    small.write(50)
    small.checkpoint()
    small.database.close()
    shutil.copy(tmp_path / "standfast.db", tmp_path / "old.db")
    log = open_log(small.url, tmp_path, clock)
    log.write(50)
    log.checkpoint()
    log.database.close()
    shutil.copy(tmp_path / "old.db", tmp_path / "standfast.db")

    log = open_log(small.url, tmp_path, clock)
    try:
        assert log.kinds() == {("truncated", 50)}
        with pytest.raises(StoreError, match="50 events, and 100 were anchored"):
            log.checkpoint()
        log.write(70)  # and on it goes, to a history that the anchor contradicts
        assert log.kinds() == {("diverged", None)}
    finally:
        log.database.close()


def test_a_clean_log_of_ten_thousand_events_gives_no_finding(audited: Log) -> None:
    for _ in range(10):
        audited.write(1000)
        audited.checkpoint()

    verdict = audited.record.verify()
    assert verdict.clean
    assert verdict.sizes == {"system": 10_000}
    assert verdict.checkpoints == 20  # ten in the database, ten anchored


def test_a_person_who_is_erased_is_forgotten_and_the_tree_still_verifies(audited: Log) -> None:
    audited.write(40)
    audited.write(3, replace(SEEN, actor=replace(DEE, id="sam")))
    audited.checkpoint()

    assert (
        audited.record.erase(
            "system", "dee@example.com", request="DSR-12", by=replace(DEE, id="sam")
        )
        == 40
    )

    page = audited.record.search(Query(), replace(DEE, id="sam"))
    assert "dee@example.com" not in repr(page)
    assert [entry.readable for entry in page.entries] == [True] * 4 + [False] * 40
    assert page.entries[0].event.context["request"] == "DSR-12"
    assert page.entries[0].event.target.type == "audit_subject"
    assert page.entries[0].event.actor.id == "sam"
    assert audited.record.verify().clean
    with audited.database.engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM audit_payloads")).scalar() == 3 + 1 + 1


def test_erasing_the_person_that_an_event_is_about_keeps_who_did_it(audited: Log) -> None:
    quill = Target(type="customer", id="Mx Quill")
    about = Event(type="data.exported", category="data", actor=DEE, target=quill,
                  description="Quill's orders")  # fmt: skip
    audited.write(1, about)
    audited.record.erase("system", "Mx Quill", request="DSR-13", by=DEE)

    entry = audited.record.search(Query(action="data.exported"), DEE).entries[0]
    assert not entry.readable
    assert entry.event.actor.id == "dee@example.com"
    assert "Quill" not in repr(entry)


def test_payloads_past_their_time_go_with_an_event_and_the_log_verifies(
    audited: Log, clock
) -> None:
    audited.write(30)
    clock.pass_by(days=400)
    audited.write(5)

    assert audited.record.prune("system", clock.now, because="kept a year") == 30

    assert audited.record.verify().clean
    audited.tamper("DELETE FROM audit_payloads WHERE seq = 31")
    assert audited.kinds() == {("payload", 31)}


def test_a_log_is_verified_without_its_secret_by_its_public_key_alone(log: Log) -> None:
    from standfast.engine.record import verify_log

    verdict = log.database.read(
        lambda tx: verify_log(tx.audit.history, KEYS.verifying, log.anchor.notes())
    )

    assert verdict.clean
    assert verdict.checkpoints == 4
