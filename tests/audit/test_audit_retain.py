"""The daily tick that applies retention to the log: by rule, in steps that verify, and told in the log."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from audit_log import DEE, sign_in

from standfast.audit.query import Query
from standfast.engine import record as record_module
from standfast.engine.retain import APPLIED, CHORE, Retain
from standfast.spec import read_text
from standfast.spec.system import Compliance, Retention

DAY = timedelta(days=1)
YEAR = 365 * DAY
FILE = read_text("system: {name: blog}\ncomponents: {web: {type: http}}\n")


def file_with(*regimes: str, **more):
    rules = {
        "regimes": regimes, "retention": {}, "events": (), "patterns": (), "readers": (), "mask": (),
    }  # fmt: skip
    return replace(FILE, compliance=Compliance(**{**rules, **more}))


def told(audited):
    page = audited.record.search(Query(stream="system", action=APPLIED), DEE)
    return [found.event for found in page.entries]


def payloads(audited) -> int:
    with audited.database.engine.connect() as connection:
        return connection.exec_driver_sql("SELECT count(*) FROM audit_payloads").scalar_one()


def test_once_a_day_what_is_past_its_term_goes_and_the_log_says_so_and_verifies(
    audited, clock
) -> None:
    system = file_with("soc2")  # two years
    audited.write(5)
    audited.record.ingest("application", "shop-1", [sign_in(1)])
    retain = Retain(audited.database, audited.record)
    assert retain.tick(system, clock.now) == 0
    clock.pass_by(days=729)
    assert retain.tick(system, clock.now) == 0
    clock.pass_by(days=2)
    assert retain.tick(system, clock.now) == 7  # five, the first day's event, and the application's
    assert retain.tick(system, clock.now) == 0  # not again today

    assert audited.record.verify().clean
    last = told(audited)[0]
    assert last.context["payloads"] == {"system": 6, "application": 1}
    assert last.context["erase_personal_days"] == 730
    assert "what is personal goes after 730 days, the records stay; 7 payloads" in last.description
    assert len(told(audited)) == 3
    chore = audited.database.read(lambda tx: tx.chores.chore(CHORE))
    assert chore.done_at == clock.now
    assert chore.said.endswith("7 payloads went")


def test_a_legal_hold_or_an_undecided_conflict_removes_nothing_and_says_why(audited, clock) -> None:
    audited.write(3)
    clock.pass_by(days=4000)
    retain = Retain(audited.database, audited.record)
    retain.tick(file_with("gdpr", legal_hold=("case 7",)), clock.now)
    clock.pass_by(days=2)
    torn = file_with("hipaa", "gdpr", retention={"gdpr": Retention(hot=YEAR)})
    retain.tick(torn, clock.now)

    undecided, held = told(audited)
    assert "a legal hold stands" in held.description
    assert "until somebody decides" in undecided.description
    assert payloads(audited) == 3 + 2 + 1  # the events, what retention said, one look at it


def test_many_payloads_go_in_steps_between_which_the_log_verifies(
    small, clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(record_module, "PRUNED_AT_ONCE", 40)
    small.write(100)
    clock.pass_by(days=400)
    own, seen = small.database.write, []

    def step(work):
        answer = own(work)
        seen.append((payloads(small), small.record.verify().clean))
        return answer

    monkeypatch.setattr(small.database, "write", step)
    assert small.record.prune("system", clock.now, because="kept a year") == 100
    assert [clean for _, clean in seen] == [True] * 3
    assert [count for count, _ in seen] == [61, 22, 3]  # each step adds its own event
    assert small.record.prune("system", clock.now, because="again") == 0


def test_payloads_that_were_erased_already_hold_up_no_pruning(small, clock) -> None:
    small.write(4)
    small.record.erase("system", DEE.id, request="R-1", by=replace(DEE, id="boss"))
    clock.pass_by(days=400)
    assert small.record.prune("system", clock.now, because="kept a year") == 1  # what erasing said
    assert small.record.verify().clean


def test_two_servers_apply_it_once(audited, clock) -> None:
    system = file_with("soc2")
    for _ in range(2):
        Retain(audited.database, audited.record).tick(system, clock.now)
    assert len(told(audited)) == 1
