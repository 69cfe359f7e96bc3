"""The past gone through again: what is fired then is what the live evaluation fires."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from standfast import spec
from standfast.app.backtesting import Asked, backtest
from standfast.app.files import Files
from standfast.cli.group import standfast
from standfast.engine.accept import Accept
from standfast.engine.backtest import (
    Outcome,
    about,
    difference,
    laid_over,
    replay,
)
from standfast.engine.evaluate import Evaluate
from standfast.engine.past import Counts, Past
from standfast.engine.slice import Slice
from standfast.errors import NotFound, StandfastError
from standfast.monitoring.count import Count
from standfast.slo.exclusion import Exclusion, Kind
from standfast.slo.objective import objectives
from standfast.spec.promises import promise
from standfast.store.database import Database
from standfast.store.migration import migrate

if TYPE_CHECKING:
    from standfast.spec.system import System
    from standfast.spec.values import Severity

FILE = """
system: {name: shop, criticality: high, timezone: Europe/Berlin}
components:
  api: {type: http, owner: shop, scrape: "http://127.0.0.1:1/metrics"}
  db: {type: postgresql, owner: shop}
service_levels:
  availability: {of: api, sli: availability, slo: 99.9%}
  latency: {of: api, sli: latency, slo: p95 < 200ms}
alerts:
  many-errors: {of: api, when: "error rate > 30% for 2m", severity: P2}
  disk: {of: db, when: "disk used > 90% for 10m", severity: P3}
people:
  ada: {name: Ada Ito, email: ada@shop.test, phone: "+49 30 5550101"}
  bo: {name: Bo Lind, email: bo@shop.test, phone: "+49 30 5550102"}
teams: {shop: {members: [ada, bo], lead: ada}}
on_call:
  shop:
    covers: [shop]
    timezone: Europe/Berlin
    shift: {length: 1w, handover: "Mon 09:00", order: [ada, bo], start: 2026-11-16}
    overrides: [{from: 2026-11-20, until: 2026-11-20, who: bo}]
"""
AVAILABILITY = "api/requests!5xx,timeout"
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
END = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
BEGIN = END - 4 * DAY
OUTAGES = {  # minutes before the end -> (how long, bad of 100)
    430: (12, 50),
    350: (3, 100),
    340: (6, 100),
    260: (30, 40),
    100: (90, 4),
}
MAINTENANCE = Exclusion(
    id="EX-1", of="api", kind=Kind.MAINTENANCE, starts=END - 265 * MINUTE, ends=END - 225 * MINUTE,
    because="move", by="ada", made_at=BEGIN, made_by="ada",
)  # fmt: skip


@cache
def system() -> System:
    return spec.read_text(FILE)


def bad_at(minutes_before: int, outages=OUTAGES) -> int:
    mine = [bad for at, (lasts, bad) in outages.items() if at - lasts < minutes_before <= at]
    return max(mine, default=0)


def counts(outages=OUTAGES, begin: datetime = BEGIN) -> list[Count]:
    found, at = [], begin
    while at < END:
        bad = bad_at((END - at) // MINUTE, outages)
        found += [
            Count(indicator=key, at=at, bad=bad, total=100, covered=MINUTE, seen_from=begin)
            for key in ("api/requests", AVAILABILITY)
        ]
        at += MINUTE
    return found


def micros(at: datetime) -> int:
    return (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def rows(bads: list[int], total: int, begin: datetime) -> list[tuple[int, int, int, int]]:
    at = micros(begin)
    minute, found, bad = 60_000_000, [(at - 1, 0, 0, 0)], 0
    for number, one in enumerate(bads):
        bad += one
        found.append((at + number * minute, bad, (number + 1) * total, (number + 1) * minute))
    return found


@pytest.fixture
def server(tmp_path: Path) -> Path:
    """The data folder of a server that accepted the file, and counted four days."""
    (tmp_path / "shop.yaml").write_text(FILE, encoding="utf-8")
    database = opened(tmp_path)
    migrate(database)
    Accept(database, Files(), lambda: END).propose(str(tmp_path / "shop.yaml"))
    database.keep(lambda tx: tx.levels.add(counts()))
    database.close()
    return tmp_path


def opened(folder: Path) -> Database:
    return Database(f"sqlite:///{folder / 'standfast.db'}", append=lambda _tx, _events: None)


def tried(server: Path, **asked: object):
    return backtest(Asked(**{"days": 1, **asked}), "", server, clock=lambda: END)


# ------------------------------------------------------------------ against the live evaluation


@pytest.mark.parametrize("excluded", [(), (MAINTENANCE,)], ids=["as it was", "with maintenance"])
def test_it_fires_as_the_live_evaluation_does_over_the_same_minutes(
    server: Path, excluded: tuple[Exclusion, ...]
) -> None:
    database = opened(server)
    for one in excluded:
        database.keep(lambda tx, one=one: tx.exclusions.add(one))
    live: dict[tuple[str, int], tuple[datetime, Severity]] = {}
    now = END - 440 * MINUTE + timedelta(seconds=20)  # all was well before
    evaluate, mine = Evaluate(database), system()
    while now < END:
        for alert in evaluate.tick(mine, now):
            if alert.firing and alert.fired_at:
                # What comes back within the same episode is no new page.
                live.setdefault((alert.rule, alert.episode), (alert.fired_at, alert.severity))
        now += MINUTE
    database.close()

    found = tried(server).present.firings

    assert {rule for rule, _ in live} >= {"availability-burn", "many-errors"}
    expected = sorted((rule, at, severity) for (rule, _), (at, severity) in live.items())
    replayed = sorted((one.rule, one.at, one.severity) for one in found)
    assert [(rule, grave) for rule, _, grave in replayed] == [(r, g) for r, _, g in expected]
    for (_, here, _), (_, there, _) in zip(replayed, expected, strict=True):
        assert abs(here - there) < MINUTE
    if excluded:
        assert not [one for one in found if one.rule == "availability-burn"
                    and MAINTENANCE.starts <= one.at < MAINTENANCE.ends]  # fmt: skip


@pytest.mark.parametrize("of", ["1m", "5m", "15m"])
def test_a_slice_is_known_no_sooner_than_the_live_evaluation_knows_it(
    tmp_path: Path, of: str
) -> None:
    text = FILE.replace("slo: 99.9%}", f"slo: 99.9%, window: 7d, slices: {{of: {of}, good: 97%}}}}")
    (tmp_path / "shop.yaml").write_text(text, encoding="utf-8")
    mine, live = spec.read_text(text), {}
    database = opened(tmp_path)
    migrate(database)
    Accept(database, Files(), lambda: END).propose(str(tmp_path / "shop.yaml"))
    every = {430: (60, 50), 200: (45, 20)}
    found = counts(every, END - 2 * DAY)
    evaluate, slices, begun = Evaluate(database), Slice(database), END - 500 * MINUTE
    database.keep(lambda tx: tx.levels.add(one for one in found if one.at < begun))
    for minute in range(500):
        at = begun + minute * MINUTE
        database.keep(lambda tx, at=at: tx.levels.add(one for one in found if one.at == at))
        while slices.tick(mine, at):
            pass
        for alert in evaluate.tick(mine, at + timedelta(seconds=59)):
            if alert.firing and alert.fired_at and alert.rule.startswith("availability"):
                live.setdefault((alert.rule, alert.episode), alert.fired_at)
    database.close()

    replayed = [(one.rule, one.at) for one in tried(tmp_path).present.firings
                if one.rule.startswith("availability")]  # fmt: skip

    assert "availability-burn" in {rule for rule, _ in live}
    assert sorted(replayed) == sorted((rule, at) for (rule, _), at in live.items())


# ------------------------------------------------------------------ what is told


def test_each_firing_says_whom_when_how_long_and_what_it_cost(server: Path) -> None:
    first = next(one for one in tried(server).present.firings if one.rule == "availability-burn")

    assert first.who == ("bo",)  # stands in for ada on that day
    assert first.local.utcoffset() == timedelta(hours=1)
    assert first.until
    assert first.until > first.at
    assert first.spent
    assert first.spent > 0
    assert first.wakes


def test_what_counts_cannot_tell_is_listed_with_the_reason(server: Path) -> None:
    found = {one.rule: one.because for one in tried(server).present.unreplayed}

    assert found["disk"] == "disk used is a measured value, not a count of events"
    assert "nothing was ever counted as api/latency<0.2" in found["latency-burn"]


def test_a_looser_objective_pages_less_and_the_difference_says_so(server: Path) -> None:
    found = tried(server, objective="availability", target="95%", window="30d")

    assert len(found.changed.firings) < len(found.present.firings)
    assert "fewer" in found.difference


def test_a_changed_file_is_tried_beside_the_accepted_one(server: Path) -> None:
    changed = server / "changed.yaml"
    changed.write_text(FILE.replace("> 30% for 2m", "> 99% for 2m"), encoding="utf-8")
    found = tried(server, file=str(changed))

    fired = [sum(one.rule == "many-errors" for one in side.firings)
             for side in (found.changed, found.present)]  # fmt: skip
    assert fired[0] < fired[1]


def test_time_in_which_nobody_looked_is_told(server: Path) -> None:
    found = tried(server, days=10)

    said = "availability: api/requests!5xx,timeout is counted since 2026-11-16 12:00 UTC, so that of the"
    assert f"{said} first 6d nothing is known" in found.present.unseen


def test_time_in_which_nobody_looked_is_told_apart_from_time_before_the_first_look() -> None:
    seen = [0, *range(60, 120)]  # of two hours the minutes that were looked at
    counted = [(one - 1, 0, 0, 0) for one in [micros(END - 120 * MINUTE)]]
    counted += [
        (micros(END - (120 - minute) * MINUTE), 0, number * 100, number * 60_000_000)
        for number, minute in enumerate(seen, 1)
    ]
    past = Past(
        start=END - 180 * MINUTE,
        end=END,
        counts=Counts([(AVAILABILITY, counted)], {AVAILABILITY: END - 120 * MINUTE}),
        coarse={AVAILABILITY: END - 90 * MINUTE},
    )

    found = replay(system(), past).unseen

    assert found == (
        (
            f"availability: {AVAILABILITY} is counted since 2026-11-20 10:00 UTC, so that of the first 1h"
            " nothing is known"
        ),
        f"availability: nobody looked at {AVAILABILITY} for 59m of it",
        (
            f"availability: before 2026-11-20 10:30 UTC {AVAILABILITY} is kept by the quarter-hour, so that"
            " windows which reach back there are that much coarser"
        ),
    )


# ------------------------------------------------------------------ errors and the command


def test_what_cannot_be_gone_through_is_said_with_how_to_mend_it(server: Path) -> None:
    with pytest.raises(NotFound, match="no objective 'nope'"):
        tried(server, objective="nope")
    with pytest.raises(StandfastError, match="1 to 100 can be gone through"):
        tried(server, days=101)
    with pytest.raises(StandfastError):
        tried(server, objective="availability", target="often")
    with pytest.raises(NotFound, match="nothing was counted"):
        backtest(Asked(days=1), "", server, clock=lambda: END + 40 * DAY)
    with pytest.raises(StandfastError, match="no database here"):
        backtest(Asked(), "", server / "elsewhere")


def test_the_command_needs_an_objective_for_a_target(server: Path) -> None:
    done = CliRunner().invoke(standfast, ["slo", "backtest", "--target", "99%"])

    assert done.exit_code == 2
    assert "name it" in done.output


def test_the_command_answers_in_words_and_as_json(
    server: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "standfast.app.backtesting.backtest.__defaults__", (lambda *_: None, lambda: END)
    )
    asked = ["slo", "backtest", "--data", str(server), "--days", "1", "--objective", "availability",
             "--target", "99.5%"]  # fmt: skip
    said = CliRunner().invoke(standfast, asked)
    told = json.loads(CliRunner().invoke(standfast, [*asked, "--json"]).stdout)

    assert "Changed:" in said.stdout
    assert "UTC)" in said.stdout
    assert told["difference"] in said.stdout
    assert told["present"]["firings"][0]["who"] == ["bo"]
    assert said.stderr == ""


# ------------------------------------------------------------------ arithmetic


def test_a_quiet_day_of_both_is_exactly_the_same() -> None:
    none = Outcome(firings=(), unreplayed=(), unseen=())

    assert "exactly as often" in difference(none, none)


def test_a_bare_share_keeps_the_threshold_of_a_latency() -> None:
    changed = laid_over(system(), "latency", promise("99%").promise, None)
    one = next(one for one in objectives(changed) if one.level == "latency")

    assert (one.target, one.promise.threshold) == (Fraction(99, 100), timedelta(milliseconds=200))


@hypothesis_settings(max_examples=15)
@given(
    outages=st.dictionaries(
        st.integers(5, 700), st.tuples(st.integers(1, 120), st.integers(1, 20_000)), max_size=4
    ),
    targets=st.lists(st.sampled_from(["99%", "99.5%", "99.9%", "99.95%"]), min_size=2, max_size=2),
)
def test_a_stricter_target_never_fires_later(outages, targets) -> None:
    """Of a busy service: a quiet one's windows are wider the stricter it is."""
    looser, stricter = sorted(targets, key=lambda one: promise(one).promise.target)
    bads = [bad_at(720 - number, outages) for number in range(720)]
    begin = END - 12 * 60 * MINUTE
    past = Past(
        start=END - 8 * 60 * MINUTE,
        end=END,
        counts=Counts(
            [(AVAILABILITY, rows(bads, 20_000, begin))], {AVAILABILITY: begin - 30 * DAY}
        ),
    )

    def first(target: str):
        mine = laid_over(system(), "availability", promise(target).promise, None)
        found = replay(mine, past, about(objectives(mine)[0])).firings
        return min((one.at for one in found), default=END)

    assert first(stricter) <= first(looser)


def test_the_sentence_tells_which_incidents_move_and_by_how_much(server: Path) -> None:
    found = tried(server, objective="availability", target="99.6%")

    first = [next(one for one in side.firings if one.rule == "availability-burn")
             for side in (found.changed, found.present)]  # fmt: skip
    later = (first[0].at - first[1].at) // MINUTE
    assert later > 0
    said = f"the incident of {first[1].local.day} Nov {first[1].local:%H:%M} on api would have been found"
    assert f"{said} {later}m later" in found.difference


def test_an_incident_that_nobody_would_be_woken_for_is_told(server: Path) -> None:
    found = tried(server, objective="availability", target="30%")

    assert found.present.woken
    assert not found.changed.woken
    assert "would have woken nobody" in found.difference


# ------------------------------------------------------------------ several windows


def test_of_several_windows_the_one_that_is_asked_for_changes() -> None:
    mine = spec.read_text(FILE.replace("slo: 99.9%}", "slo: 99.9%, window: [30d, 7d]}"))

    changed = laid_over(mine, "availability-7d", None, 14 * DAY)
    other = laid_over(mine, "availability-30d", None, 14 * DAY)

    assert [one.name for one in objectives(changed)][:2] == ["availability-30d", "availability-14d"]
    assert [one.name for one in objectives(other)][:2] == ["availability-14d", "availability-7d"]
    with pytest.raises(ValueError, match="has an objective over that window already"):
        laid_over(mine, "availability-7d", None, 30 * DAY)


def test_a_composite_is_tried_at_another_target_and_over_another_window() -> None:
    more = "composites:\n  felt: {weighted: {availability: 1, latency: 3}, slo: 99%, window: [7d, 30d]}\n"
    mine = spec.read_text(FILE + more)

    looser = laid_over(mine, "felt-7d", promise("95%").promise, 14 * DAY)

    changed = {one.name: one.target for one in objectives(looser) if one.group == "composites"}
    assert changed == {"felt-14d": Fraction(95, 100), "felt-30d": Fraction(95, 100)}
    with pytest.raises(ValueError, match="has an objective over that window already"):
        laid_over(mine, "felt-7d", None, 30 * DAY)
