"""Contracts with customers, judged by what was really counted and kept."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction
from typing import TYPE_CHECKING

import pytest
from hand_built import api, level, shop_system
from test_evaluate_tick import FakeShop, Watch

from standfast.app import agreeing
from standfast.audit.event import Actor
from standfast.engine.exclude import Exclude
from standfast.slo.agreement import AgreementState, agreements, window_of
from standfast.slo.exclusion import Kind
from standfast.spec.calling import Team
from standfast.spec.contract import Contract, Credit
from standfast.spec.values import Promise

if TYPE_CHECKING:
    from collections.abc import Iterator

    from standfast.slo.agreement import Judgement
    from standfast.store.database import Database

NAME = "api-availability"


@pytest.fixture
def watch(database: Database, clock) -> Iterator[Watch]:
    acme = Contract(
        name="acme",
        of=(NAME,),
        sla=Promise(text="99%", target=Fraction(99, 100)),
        credits=(
            Credit(below=Fraction(95, 100), share=Fraction(1, 2), text="< 95%"),
            Credit(below=Fraction(99, 100), share=Fraction(1, 10), text="< 99%"),
        ),
        excludes=("maintenance",),
    )
    system = shop_system(
        components={"api": api("http://shop.test", health={}, needs={})},
        service_levels={NAME: level(NAME, "api")},
        agreements={"acme": acme},
        journeys={},
        alerts={},
        teams={"web": Team(name="web", members=("ada",))},
    )
    watch = Watch(database, clock, FakeShop(), system)
    yield watch
    watch.observe.close()


def judged(watch: Watch) -> Judgement:
    (one,) = agreements(watch.system)
    now = watch.clock.now
    return watch.database.read(lambda tx: agreeing.judged(tx, one, window_of(one, now), now))


def test_a_contract_is_judged_by_the_counts_that_are_kept_without_what_it_leaves_out(
    watch: Watch,
) -> None:
    watch.run(minutes=5, good=100)
    assert judged(watch).state is AgreementState.KEPT

    watch.run(minutes=2, good=90, bad=10)
    watch.run(minutes=1, good=100)
    one = judged(watch)
    assert (one.state, one.owed) == (AgreementState.BROKEN, Fraction(1, 10))

    now, minute = watch.clock.now, timedelta(minutes=1)
    exclude = Exclude(watch.database, lambda: watch.system, watch.clock).exclude
    ada = Actor(type="user", id="ada")
    exclude("api", Kind.UPSTREAM, now - 4 * minute, now, "their fault", "web", ada)
    assert judged(watch).state is AgreementState.BROKEN, "this contract counts what others break"
    exclude("api", Kind.MAINTENANCE, now - 4 * minute, now, "we move", "web", ada)
    one = judged(watch)
    assert (one.state, one.owed, one.achieved) == (AgreementState.KEPT, 0, 1)
    assert "EX-1 counts: this contract counts upstream" in one.because
