"""The standing review on a real store: what is kept there opens findings, closes them, opens them again."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import pytest

from standfast.alerting.alert import Alert, AlertState
from standfast.app.evidence import measured
from standfast.engine.accept import Version
from standfast.engine.examine import Examine
from standfast.incidents.incident import ActionItem, IncidentState, declare, turn
from standfast.monitoring.count import Count
from standfast.monitoring.edges import calls
from standfast.monitoring.exposition import parse
from standfast.monitoring.flood import Flood
from standfast.paging.page import PageState, open_page
from standfast.recovery.catalogue import Copy, CopyState
from standfast.recovery.proof import Phase, Proof
from standfast.slo.objective import objectives
from standfast.spec.values import Sev, Severity

if TYPE_CHECKING:
    from collections.abc import Callable

    from standfast.review import Measured
    from standfast.spec import system as s
    from standfast.store.database import Database
    from standfast.store.tx import Tx

    Spoil = Callable[..., s.System]

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
GB = 10**9


class Live:
    """A store, the system it is about, and the review that looks again and again."""

    def __init__(self, database: Database, system: s.System) -> None:
        self.database, self.system = database, system
        self.examine = Examine(database, self.measured)

    def measured(self, now: datetime) -> Measured:
        return self.database.read(lambda tx: measured(tx, self.system, now))

    def keep(self, work: Callable[[Tx], object]) -> None:
        self.database.keep(work)

    def open(self, now: datetime = NOW) -> set[str]:
        self.examine.tick(self.system, now)
        kept = self.database.read(lambda tx: tx.review.findings())
        return {one.id for one in kept if one.closed_at is None}

    def times(self, name: str) -> int:
        kept = self.database.read(lambda tx: tx.review.findings())
        return next(one.times for one in kept if one.id == name)


@pytest.fixture
def live(sqlite: Database, sound: s.System) -> Live:
    return Live(sqlite, sound)


# ------------------------------------------------------------------ rows


def proof(name: str, at: datetime, took: timedelta, **more: Any) -> Proof:
    base = {
        "copy": "c1", "passed": True, "reason": "", "target": "m", "bytes_restored": 100 * GB,
        "wal_segments": 1, "rows": 1, "tables": 1, "uncounted": (), "rpo": timedelta(seconds=2),
        "synchronous": False, "newest_written": at, "newest_restored": at, "tools": "pg_ctl",
    }  # fmt: skip
    phases = (Phase(name="fetch", lasted=took),)
    return Proof(**{"id": name, "store": "db", "at": at, "phases": phases, **base, **more})


def counted(key: str, *, days: int, bad: int, total: int, until: datetime = NOW) -> list[Count]:
    """One bucket a day, each looked at for the whole day."""
    return [
        Count(
            indicator=key, at=until - n * DAY, bad=bad, total=total, covered=DAY,
            seen_from=until - (n + 1) * DAY,
        )
        for n in range(days, -1, -1)
    ]  # fmt: skip


def firing(system: s.System, rule: str, at: datetime, episode: int) -> Alert:
    about = system.alerts[rule]
    return Alert(
        fingerprint=f"{rule}/{about.of}", rule=rule, component=about.of, severity=about.severity,
        state=AlertState.FIRING, summary="", because="", since=at, fired_at=at, episode=episode,
    )  # fmt: skip


def page_rows(
    system: s.System,
    rule: str,
    number: int,
    wait: timedelta | None,
    begin: datetime = NOW - 9 * DAY,
) -> Callable[[Tx], None]:
    def work(tx: Tx) -> None:
        for n in range(number):
            at = begin + n * 6 * HOUR
            alert = firing(system, rule, at, n + 1)
            tx.alerting.save(alert)
            page = open_page(f"P-{rule}-{n}", alert, system, at)
            answered = at + wait if wait else None
            tx.paging.add(
                replace(page, state=PageState.CLOSED, acknowledged_at=answered, closed_at=at + HOUR)
            )

    return work


# ------------------------------------------------------------------ restores


def test_a_restore_that_became_too_slow_blocks_and_a_faster_one_heals_it_and_it_comes_back(
    live: Live,
) -> None:
    name = "RTO-01@data.accounts.rto"
    live.keep(lambda tx: tx.recovery.save_proof(proof("a", NOW - 2 * DAY, 40 * MINUTE)))
    assert name not in live.open()

    live.keep(lambda tx: tx.recovery.save_proof(proof("b", NOW - DAY, 70 * MINUTE)))
    assert name in live.open()
    (finding,) = [one for one in live.examine.review(live.system, NOW).findings if one.id == name]
    assert "takes 70 min (measured 2026-11-23, p95 of 2 restores)" in finding.problem
    assert finding.verdict.name == "BLOCK"

    relaxed = replace(live.system.data["accounts"], rto=2 * HOUR)
    live.system = replace(live.system, data={"accounts": relaxed})
    assert name not in live.open()
    live.system = replace(live.system, data={"accounts": replace(relaxed, rto=HOUR)})
    assert name in live.open()
    assert live.times(name) == 2


def test_restore_times_grow_with_the_store(live: Live) -> None:
    for n in range(4):
        at, size = NOW - (28 - 7 * n) * DAY, (100 + 10 * n) * GB
        took = timedelta(seconds=size // (50 * 10**6))
        live.keep(
            lambda tx, n=n, at=at, size=size, took=took: tx.recovery.save_proof(  # type: ignore[misc]
                proof(f"p{n}", at, took, bytes_restored=size)
            )
        )
    found = live.measured(NOW)

    assert found.restore["db"] == timedelta(seconds=2600)  # 130 GB at 50 MB a second
    assert round(found.restore_growth["db"].total_seconds(), 1) == 28.6  # 10 GB a week
    assert "RTO-01@data.accounts.rto" in live.open()  # an hour is over within 90 days


def test_a_store_never_proven_and_a_failed_proof_are_told(live: Live) -> None:
    assert not any(one.startswith("BKP-04") for one in live.open())  # it has only just begun
    copy = Copy(
        id="c1", store="db", kind="full", parent=None, state=CopyState.TAKEN,
        begun_at=NOW - 9 * DAY, finished_at=NOW - 9 * DAY, size=1, timeline=1, start_lsn=1,
        end_lsn=2, generation=1, major=18, system_identifier="1", manifest_sha256="",
        segment_size=1, location="near",
    )  # fmt: skip
    live.keep(lambda tx: tx.recovery.save_copy(copy))
    assert live.measured(NOW).last_restore == {"db": None}
    assert "BKP-04@backups.db.verify" in live.open()

    live.keep(lambda tx: tx.recovery.save_proof(proof("a", NOW - HOUR, 9 * MINUTE)))
    assert "BKP-04@backups.db.verify" not in live.open()
    failed = proof("b", NOW, 9 * MINUTE, passed=False, reason="table accounts is gone", rpo=None)
    live.keep(lambda tx: tx.recovery.save_proof(failed))
    assert "BKP-04@backups.db.verify" in live.open()
    assert "table accounts is gone" in live.measured(NOW).failed_restore["db"]


def test_data_that_would_be_lost_reopens_the_rpo(live: Live) -> None:
    late = proof("a", NOW - HOUR, 9 * MINUTE, rpo=6 * MINUTE)
    live.keep(lambda tx: tx.recovery.save_proof(late))
    assert "RPO-01@data.accounts.rpo" in live.open()


def test_archive_timeout_comes_from_the_databases_exporter_and_grows_stale(
    live: Live, spoil: Spoil
) -> None:
    live.system = spoil(live.system, {
        "backups/db/copies/wal/streaming": False, "backups/db/copies/wal/archive_timeout": MINUTE,
    })  # fmt: skip
    assert "RPO-05@backups.db.wal" not in live.open()
    live.keep(lambda tx: tx.monitoring.keep_gauges("db", NOW, {"archive timeout": 0.0}))
    assert "RPO-05@backups.db.wal" in live.open()
    assert "RPO-05@backups.db.wal" not in live.open(NOW + 2 * HOUR)


# ------------------------------------------------------------------ levels


def indicator(system: s.System, name: str) -> str:
    return next(one.indicators[0].key for one in objectives(system) if one.name == name)


def test_availability_is_judged_over_90_days_once_a_whole_window_was_seen(live: Live) -> None:
    key, name = (
        indicator(live.system, "api-availability"),
        "AVL-07@service_levels.api-availability.slo",
    )
    live.keep(lambda tx: tx.levels.add(counted(key, days=20, bad=1, total=1000)))
    assert name not in live.open()

    live.keep(
        lambda tx: tx.levels.add(counted(key, days=11, bad=1, total=1000, until=NOW + 12 * DAY))
    )
    later = NOW + 12 * DAY
    assert name in live.open(later)
    finding = next(
        one for one in live.examine.review(live.system, later).findings if one.id == name
    )
    assert "99.9% (measured 2026-12-06, over 33 d), promised 99.95%" in finding.problem


def test_latency_that_is_counted_reopens_the_baseline(live: Live) -> None:
    key = indicator(live.system, "api-latency-p95-250ms")
    live.keep(lambda tx: tx.levels.add(counted(key, days=40, bad=60, total=1000)))
    assert live.measured(NOW).availability["api-latency-p95-250ms"] == Fraction("0.94")
    assert "BAS-03@service_levels.api-latency.slo" in live.open()


def test_an_indicator_that_falls_silent_for_a_day_blocks(live: Live) -> None:
    name = "MON-03@service_levels.api-availability"
    for one in objectives(live.system):
        for part in one.indicators:
            live.keep(lambda tx, key=part.key: tx.levels.add(counted(key, days=3, bad=0, total=9)))  # type: ignore[misc]
    assert name not in live.open(NOW + 23 * HOUR)
    assert name in live.open(NOW + 25 * HOUR)


def test_an_indicator_that_was_never_seen_has_a_day_from_the_files_acceptance(live: Live) -> None:
    name = "MON-03@service_levels.api-latency"
    key = indicator(live.system, "api-availability")
    live.keep(lambda tx: tx.levels.add(counted(key, days=9, bad=0, total=9)))
    version = Version(
        number=1, digest="d", path="f", texts={}, accepted_at=NOW - 23 * HOUR, accepted_by="a"
    )
    live.keep(lambda tx: tx.files.add(version))
    assert name not in live.open()
    assert name in live.open(NOW + 2 * HOUR)


def test_a_flood_is_a_finding_while_it_goes_on(live: Live) -> None:
    name = "MON-08@components.api.scrape"
    said = "gives more than 20,000 series: 'user' of requests_total alone has 19,871 values"
    flood = Flood(source="api/scrape", component="api", at=NOW, because=said)
    assert name not in live.open()
    live.keep(lambda tx: tx.monitoring.keep_floods([flood]))
    assert name in live.open(NOW + MINUTE)
    finding = next(
        one for one in live.examine.review(live.system, NOW + MINUTE).findings if one.id == name
    )
    assert finding.problem == f"api {said}"
    assert "measured 2026-11-24" in finding.evidence[0]
    assert name not in live.open(NOW + 20 * MINUTE)
    live.keep(lambda tx: tx.monitoring.keep_floods([replace(flood, component="gone")]))
    assert name not in live.open()


def test_two_weeks_of_requests_are_a_baseline(live: Live, spoil: Spoil) -> None:
    live.system = spoil(live.system, {"components/api/baseline": None})
    assert "BAS-01@components.api.baseline" in live.open()
    live.keep(lambda tx: tx.levels.add(counted("api/requests", days=14, bad=0, total=9)))
    assert "BAS-01@components.api.baseline" not in live.open()


# ------------------------------------------------------------------ people


def test_slow_answers_reopen_the_response_promise(live: Live) -> None:
    name = "ONC-07@severities.P1.respond"
    live.keep(page_rows(live.system, "api-down", 4, 6 * MINUTE))
    assert name not in live.open()  # too few to say anything
    live.keep(lambda tx: _again(tx, live.system))
    assert name in live.open()
    assert live.measured(NOW).acknowledge_p90 == {Severity.P1: 6 * MINUTE}
    assert name not in live.open(NOW + 100 * DAY)  # nobody was paged since


def _again(tx: Tx, system: s.System) -> None:
    alert = firing(system, "api-down", NOW - DAY, 99)
    page = open_page("P-again", alert, system, NOW - DAY)
    answered = NOW - DAY + 6 * MINUTE
    tx.paging.add(replace(page, state=PageState.ACKNOWLEDGED, acknowledged_at=answered))


def test_too_many_pages_and_pages_that_nobody_wants_are_told(live: Live) -> None:
    key = indicator(live.system, "api-availability")
    live.keep(lambda tx: tx.levels.add(counted(key, days=3, bad=0, total=9)))
    live.keep(page_rows(live.system, "errors", 16, None, NOW - 4 * DAY))
    found = live.measured(NOW)
    assert found.pages_a_shift == {"shop": 2}  # 16 in the four days since anything is counted
    assert found.ignored == {"errors": 16}
    assert "ALR-12@alerts.errors" in live.open()
    live.keep(page_rows(live.system, "latency", 1, MINUTE, NOW - 4 * DAY))
    assert "ALR-12@on_call.shop" in live.open()


def test_an_overdue_post_mortem_and_action_item_are_told_until_they_are_done(live: Live) -> None:
    over = turn(
        declare("INC-1", "shop down", Sev.SEV1, "api", NOW - 4 * DAY, by="ada"),
        IncidentState.RESOLVED, NOW - 3 * DAY,
    )  # fmt: skip
    item = ActionItem(text="add a probe", priority=Severity.P2, owner="bo", due=NOW - HOUR)
    owed = replace(over, actions=(item, replace(item, due=NOW + HOUR), replace(item, done=True)))
    live.keep(lambda tx: tx.incidents.add(owed))
    names = {"INC-03@incidents.INC-1.post_mortem", "INC-03@incidents.INC-1.actions.0"}
    assert {one for one in live.open() if one.startswith("INC-03")} == names

    done = replace(turn(owed, IncidentState.CLOSED, NOW), actions=(replace(item, done=True),))
    live.keep(lambda tx: tx.incidents.save(done))
    assert not any(one.startswith("INC-03") for one in live.open())


# ------------------------------------------------------------------ calls between components


def scraped(ok: int, failed: int, answered: int, to: str = "payments") -> str:
    return (
        f'standfast_breaker_calls_total{{breaker="{to}",outcome="ok"}} {ok}\n'
        f'standfast_breaker_calls_total{{breaker="{to}",outcome="refused"}} {failed}\n'
        f'standfast_degraded_total{{dependency="{to}",mode="queue"}} {answered}\n'
    )


def looked(tx: Tx, component: str, before: str, after: str, at: datetime) -> None:
    old = {one.series: one.value for one in parse(before).samples}
    samples = parse(after).samples
    risen = {one.series: one.value - old[one.series] for one in samples if one.series in old}
    tx.monitoring.keep_calls(component, at, calls(samples, risen))


def test_a_fallback_counts_as_exercised_once_its_breaker_has_counted_it(
    live: Live, spoil: Spoil
) -> None:
    need = "components/api/needs/payments"
    live.system = spoil(live.system, {f"{need}/effectiveness": None})
    name = "DEG-04@components.api.needs.payments"
    live.keep(lambda tx: looked(tx, "api", "", scraped(10, 0, 0), NOW - HOUR))
    assert name in live.open()
    live.keep(lambda tx: looked(tx, "api", scraped(10, 0, 0), scraped(10, 40, 36), NOW))
    assert name not in live.open()
    assert live.measured(NOW).edges["api", "payments"].effectiveness == Fraction(9, 10)


def test_calls_that_no_need_declares_are_told(live: Live) -> None:
    live.keep(lambda tx: looked(tx, "db", "", scraped(10, 0, 0, "api"), NOW))
    assert "DEP-10@components.db.needs.api" in live.open()


def test_an_empty_store_measures_nothing(live: Live) -> None:
    assert live.open() == set()
