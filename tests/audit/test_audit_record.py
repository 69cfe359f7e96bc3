from __future__ import annotations

import json
import threading

import pytest
from audit_log import DEE, KEYS, SEEN, Log, sign_in

from standfast.audit import export
from standfast.audit.event import Actor, Event, Target
from standfast.audit.query import Query
from standfast.errors import NotFound, StandfastError

OTHER = Event(type="backup.taken", category="operations", target=Target(type="backup", id="b1"))


def types(page) -> list[str]:
    return [entry.event.type for entry in page.entries]


# ------------------------------------------------------------------ ingestion


def test_an_application_gets_back_what_it_told(audited: Log) -> None:
    taken = audited.record.ingest("shop", "shop-1", [sign_in(1, target={"type": "customer", "id": "Mx Quill"},
        changes=[{"field": "city", "old_value": None, "new_value": {"a": [1.5, "\u00e4"]}}])])  # fmt: skip

    entry = audited.record.search(Query(stream="shop"), DEE).entries[0].as_json()
    assert taken.accepted == 1
    assert entry["id"] == sign_in()["id"]
    assert entry["timestamp"] == "2026-11-20T11:59:00.000000Z"
    assert entry["actor"] == sign_in()["actor"]
    assert entry["action"] == sign_in()["action"]
    assert entry["target"] == {"type": "customer", "id": "Mx Quill"}
    assert entry["changes"][0]["new_value"] == {"a": [1.5, "\u00e4"]}
    assert entry["context"] == {"device": "phone"}
    assert len(entry["checksum"]) == 64


def test_a_batch_that_is_sent_again_adds_nothing_and_is_answered_as_known(audited: Log) -> None:
    batch = [sign_in(number) for number in (1, 2, 3)]
    first = audited.record.ingest("shop", "shop-1", batch)
    again = audited.record.ingest("shop", "shop-1", [*batch, sign_in(4), sign_in(4)])

    assert (first.accepted, first.duplicates) == (3, 0)
    assert (again.accepted, again.duplicates) == (1, 4)
    assert len(audited.record.search(Query(stream="shop"), DEE).entries) == 4
    assert audited.record.verify().clean


def test_the_same_batch_from_many_threads_at_once_is_kept_once(audited: Log) -> None:
    batch = [sign_in(number) for number in range(1, 21)]
    taken = []

    def send() -> None:
        taken.append(audited.record.ingest("shop", "shop-1", batch))

    threads = [threading.Thread(target=send) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(one.accepted for one in taken) == [0, 0, 0, 0, 0, 20]
    assert audited.record.verify().sizes["shop"] == 20


def test_events_of_a_producer_that_never_arrived_are_told_by_an_event(audited: Log) -> None:
    audited.record.ingest("shop", "shop-1", [sign_in(1)])
    audited.record.ingest("shop", "shop-1", [sign_in(4), sign_in(5)])
    audited.record.ingest("shop", "shop-2", [sign_in(6, counter=1)])

    gaps = audited.record.search(Query(stream="shop", action="audit.gap"), DEE).entries
    assert [dict(gap.event.context) for gap in gaps] == [{"producer": "shop-1", "from": 2, "to": 3}]


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ({"id": "7"}, "id"), ({"timestamp": "yesterday"}, "ISO 8601"),
        ({"timestamp": "2026-11-20T12:00:00"}, "zone"),
        ({"actor": {"type": "robot", "id": "x"}}, "actor.type"),
        ({"outcome": {"status": "maybe"}}, "outcome.status"),
        ({"surprise": 1}, "surprise"), ({"action": {"type": "audit.gap", "category": "x"}}, "own"),
        ({"actor": {"type": "user", "id": "a\x00b"}}, "printable"),
        ({"context": {"x": "y" * 300_000}}, "bytes"),
        ({"counter": 0}, "counter"), ({"action": {"category": "x"}}, "type"),
    ],
)  # fmt: skip
def test_what_is_not_an_event_is_refused_with_a_reason_and_the_rest_is_kept(
    small: Log, bad, reason
) -> None:
    taken = small.record.ingest(
        "shop", "shop-1", [sign_in(1), sign_in(2) | bad, sign_in(3, counter=2)]
    )

    assert taken.accepted == 2
    assert [one.index for one in taken.rejected] == [1]
    assert reason in taken.rejected[0].reason


def test_applications_may_not_write_to_the_platforms_own_stream(small: Log) -> None:
    for stream in ("system", "", "../x", "Shop", "x" * 64):
        with pytest.raises(StandfastError, match="stream"):
            small.record.ingest(stream, "shop-1", [sign_in()])
    with pytest.raises(StandfastError, match="1001 events"):
        small.record.ingest("shop", "shop-1", [sign_in()] * 1001)


# ------------------------------------------------------------------ search


def test_events_are_found_by_who_what_whom_and_when(audited: Log, clock) -> None:
    audited.write(2)
    moment = clock.pass_by(hours=1)
    audited.write(1, OTHER)
    search = audited.record.search

    assert (
        types(search(Query(actor="dee@example.com", action="page.*"), DEE))
        == ["page.acknowledged"] * 2
    )
    assert types(search(Query(actor="standfast"), DEE)) == ["backup.taken"]
    assert types(search(Query(target="b1"), DEE)) == ["backup.taken"]
    assert types(search(Query(target="page:p1"), DEE)) == ["page.acknowledged"] * 2
    assert types(search(Query(until=moment), DEE)) == ["page.acknowledged"] * 2
    assert types(search(Query(since=moment, category="operations"), DEE)) == ["backup.taken"]
    assert types(search(Query(actor="nobody"), DEE)) == []
    assert types(search(Query(action="backup"), DEE)) == []


def test_pages_follow_each_other_without_a_hole(audited: Log) -> None:
    audited.write(25)
    wanted, seqs = Query(action="page.acknowledged", limit=10), []
    while True:
        page = audited.record.search(wanted, DEE)
        seqs += [entry.seq for entry in page.entries]
        if page.next is None:
            break
        wanted = Query(action="page.acknowledged", limit=10, before=page.next)

    assert seqs == list(range(24, -1, -1))


def test_reading_the_log_is_written_to_the_log(audited: Log) -> None:
    audited.record.search(Query(actor="sam"), DEE)

    entry = audited.record.search(Query(action="audit.*"), DEE).entries[0].event
    assert (entry.type, entry.actor.id) == ("audit.searched", "dee@example.com")
    assert entry.context == {"query": {"actor": "sam"}, "returned": 0}


def test_who_is_unknown_cannot_be_erased(small: Log) -> None:
    with pytest.raises(NotFound):
        small.record.erase("system", "nobody", request="DSR-1", by=DEE)


# ------------------------------------------------------------------ export


@pytest.fixture
def exported(audited: Log) -> list[str]:
    audited.write(700)
    audited.write(1, OTHER)
    return list(audited.record.export(Query(action="page.acknowledged"), DEE))


def test_an_export_proves_itself_to_who_has_only_the_verifying_key(exported: list[str]) -> None:
    verdict = export.check(exported, KEYS.verifying)

    head = json.loads(exported[0])
    assert verdict.clean
    assert verdict.sizes == {"system": 700}
    assert (head["exported_by"], head["query"]) == (
        "dee@example.com",
        {"action": "page.acknowledged"},
    )
    assert json.loads(exported[1])["payload"]["content"]["description"] == "Dee took the page"


@pytest.mark.parametrize(
    ("attack", "kind"),
    [
        (lambda lines: lines[:5] + lines[6:], "missing"),
        (lambda lines: lines[:-1], "missing"),
        (lambda lines: [line.replace("Dee took", "Sam took") for line in lines], "edited"),
        (
            lambda lines: [line.replace("page.acknowledged", "page.opened") for line in lines],
            "edited",
        ),
        (lambda lines: [line.replace('"seq":5,', '"seq":6,') for line in lines], "edited"),
        (lambda lines: [lines[0].replace("log/system", "log/shop"), *lines[1:]], "signature"),
        (lambda lines: ["{}", *lines[1:]], "signature"),
        (lambda lines: [lines[0], "[]", *lines[1:]], "edited"),
    ],
)
def test_an_export_that_was_changed_is_found_out(exported: list[str], attack, kind: str) -> None:
    assert kind in {found.kind for found in export.check(attack(exported), KEYS.verifying).findings}


# ------------------------------------------------------------------ checkpoints


def test_a_checkpoint_is_signed_only_where_the_log_has_grown_and_is_anchored_once(
    audited: Log,
) -> None:
    audited.write(3)
    audited.record.ingest("shop", "shop-1", [sign_in()])

    assert [audited.checkpoint() for _ in range(3)] == [2, 0, 0]
    audited.write(1)
    assert audited.checkpoint() == 1
    assert len(audited.anchor.notes()) == 3


def test_an_anchor_that_was_away_catches_up(small: Log, tmp_path) -> None:
    small.write(3)
    folder = tmp_path / "anchor"
    folder.write_text("a file where the folder should be")
    with pytest.raises(StandfastError, match="the anchor c"):
        small.checkpoint()

    folder.unlink()
    assert small.checkpoint() == 0  # signed before, anchored now
    assert len(small.anchor.notes()) == 1


def test_an_anchor_that_a_power_cut_tore_is_read_and_continued(small: Log, tmp_path) -> None:
    small.write(3)
    small.checkpoint()
    with (tmp_path / "anchor" / "checkpoints").open("a") as file:
        file.write('{"note": "standf')
    small.write(1)
    small.checkpoint()

    assert len(small.anchor.notes()) == 2
    assert small.record.verify().clean


def test_another_log_s_anchor_is_a_finding(small: Log) -> None:
    small.write(1)
    small.checkpoint()
    small.anchor.keep(small.anchor.notes()[0].replace("standfast.test/log/", "standfast.other/"))

    assert {found.kind for found in small.record.verify().findings} == {"signature"}


def test_an_api_key_and_a_person_of_one_name_are_two(audited: Log) -> None:
    audited.write(1, Event(type="a.b", category="x", actor=Actor(type="api_key", id="sam")))
    audited.write(1, Event(type="a.b", category="x", actor=Actor(type="user", id="sam")))

    audited.record.erase("system", "sam", request="DSR-2", by=DEE)

    assert [
        entry.event.actor.type for entry in audited.record.search(Query(actor="sam"), DEE).entries
    ] == ["api_key"]
    assert SEEN.actor == DEE
