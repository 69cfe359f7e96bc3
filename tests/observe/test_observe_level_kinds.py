"""Every kind of indicator, from a scrape to its two counts, and to the rules that Prometheus runs."""

from __future__ import annotations

import subprocess
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

import pytest
from test_evaluate_tick import EVERY

from standfast import spec
from standfast.engine.evaluate import Evaluate
from standfast.engine.observe import Observe
from standfast.errors import FileError
from standfast.monitoring.target import Outcome
from standfast.publish.edition import Edition
from standfast.publish.prometheus.rule_tests import tests as unit_tests
from standfast.publish.prometheus.rules import rules
from standfast.review import Measured, examine
from standfast.slo.budget import BudgetState
from standfast.slo.objective import objectives

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from standfast.store.database import Database

FILE = """
system: {name: shop}
components:
  api:
    type: worker
    scrape: http://api:80/metrics
    metrics: {orders: orders_newest_timestamp_seconds, freshness: copy_age_seconds, backlog: jobs_waiting}
  db: {type: postgresql, exporter: "http://db:80/metrics"}
service_levels:
  fresh: {of: api, sli: freshness, signal: orders, limit: 15m, slo: 99%}
  copied: {of: api, sli: freshness, limit: 1h, slo: 99%}
  room: {of: db, sli: saturation, signal: connections used, limit: 80%, slo: 99%}
  queue: {of: api, sli: saturation, signal: backlog, limit: 1000, slo: 99%}
  right: {of: api, sli: correctness, slo: 99%}
  sums: {of: api, sli: correctness, slo: 99%, events: {total: sums_total, good: sums_right_total}}
  late: {of: api, sli: errors, bad: [timeout], slo: 99%}
  ours: {of: api, sli: errors, bad: [5xx, timeout, 429], slo: 99%}
"""


class Targets:
    """What the two targets show; a metric that is None is left out."""

    def __init__(self) -> None:
        self.values: dict[str, float | None] = {}

    def __call__(self, address: str, timeout: timedelta) -> Outcome:
        mine = (
            "pg_"
            if "db" in address
            else ("orders_", "copy_", "jobs_", "standfast_", "sums_", "http_")
        )
        lines = ["process_start_time_seconds 1000"]
        lines += [
            f"{name} {value}"
            for name, value in self.values.items()
            if name.startswith(mine) and value is not None
        ]
        return Outcome(ok=True, text="\n".join(lines))


class Watch:
    def __init__(self, database: Database, clock) -> None:
        self.database, self.clock, self.targets = database, clock, Targets()
        self.system = spec.read_text(FILE)
        looks = {"scrape": self.targets, "exporter": self.targets}
        self.observe = Observe(database, looks, clock)
        self.evaluate = Evaluate(database)

    def look(self, times: int = 4, **values: float | None) -> None:
        for _ in range(times):
            now = self.clock.pass_by(seconds=EVERY.seconds)
            rising = {k: v for k, v in values.items() if k.endswith("_total")}
            self.targets.values |= {k: v for k, v in values.items() if k not in rising}
            for name, by in rising.items():
                self.targets.values[name] = (self.targets.values.get(name) or 0) + by
            self.observe.tick(self.system, now)
        self.evaluate.tick(self.system, self.clock.now)

    def tally(self, name: str) -> tuple[int, int]:
        one = self.database.read(lambda tx: tx.levels.status(name)).budget
        return one.tally.bad, one.tally.total


@pytest.fixture
def watch(database: Database, clock) -> Iterator[Watch]:
    watch = Watch(database, clock)
    yield watch
    watch.observe.close()


def test_freshness_counts_the_looks_at_which_the_newest_data_is_too_old(watch: Watch) -> None:
    born = watch.clock.now.timestamp() - 14 * 60
    watch.look(4, orders_newest_timestamp_seconds=born, copy_age_seconds=30)
    watch.look(4, orders_newest_timestamp_seconds=born, copy_age_seconds=3601)
    assert watch.tally("fresh") == (4, 8), "after a minute it is fifteen minutes old"
    assert watch.tally("copied") == (4, 8)

    watch.look(4, orders_newest_timestamp_seconds=None, copy_age_seconds=None)
    assert watch.tally("fresh") == (4, 8), "no data is no look, neither good nor bad"


def test_saturation_counts_the_looks_at_which_a_gauge_is_over_its_limit(watch: Watch) -> None:
    watch.look(2, pg_settings_max_connections=100, pg_stat_activity_count=80, jobs_waiting=1000)
    assert (watch.tally("room"), watch.tally("queue")) == ((0, 2), (0, 2)), "at the limit is within"
    watch.look(3, pg_stat_activity_count=81, jobs_waiting=1001)
    assert (watch.tally("room"), watch.tally("queue")) == ((3, 5), (3, 5))


def test_correctness_counts_checks_by_the_kits_counters_or_ones_own(watch: Watch) -> None:
    kit = {"standfast_checks_total": 10, "standfast_checks_failed_total": 1}
    watch.look(4, **kit, sums_total=10, sums_right_total=8)
    assert watch.tally("right") == (3, 30), "the first look is the baseline"
    assert watch.tally("sums") == (6, 30)


@pytest.mark.parametrize(
    ("label", "late", "ours"),
    [("504", 3, 3), ("408", 3, 3), ("5xx", 0, 3), ("429", 0, 3), ("4xx", 0, 0), ("499", 0, 0)],
)
def test_the_codes_that_are_ours_count_whichever_label_tells_them(
    watch: Watch, label, late, ours
) -> None:
    name = f'http_server_requests_total{{route="/",code_class="{label}"}}'
    watch.look(4, **{'http_server_requests_total{route="/",code_class="2xx"}': 0})
    for step in range(4):
        watch.look(
            1, **{name: step, 'http_server_requests_total{route="/",code_class="2xx"}': step}
        )
    assert watch.tally("late")[0] == late
    assert watch.tally("ours")[0] == ours


def test_a_quiet_metric_leaves_its_objective_unknown(watch: Watch) -> None:
    watch.look(8)
    state = watch.database.read(lambda tx: tx.levels.status("fresh")).budget.state
    assert state is BudgetState.UNKNOWN


def test_the_published_rules_of_every_kind_fire_and_stay_quiet_in_prometheus(
    tmp_path: Path,
) -> None:
    system = spec.read_text(FILE)
    day = date(2026, 11, 20)
    review = examine(system, Measured(), datetime.combine(day, time(12), UTC))
    edition = Edition(system=system, review=review, as_of=day, version="")
    made = [rules(edition), *unit_tests(edition)]
    for one in made:
        (tmp_path / one.path.rpartition("/")[2]).write_text(one.text)
    text = made[0].text
    for name in ("orders_newest_timestamp_seconds", "sums_right_total", "jobs_waiting", "408|504"):
        assert name in text
    recorded = {one.name for one in objectives(system)}
    assert all(f"objective: {name}" in text for name in recorded)
    for command in (
        ["check", "rules", "rules.yml"],
        ["test", "rules", *(one.path.rpartition("/")[2] for one in made[1:])],
    ):
        ran = subprocess.run(
            ["promtool", *command], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert ran.returncode == 0, ran.stdout + ran.stderr


@pytest.mark.parametrize(
    ("before", "after", "problem"),
    [
        ("limit: 15m", "limit: 15m, window: 0s", "a window of 0s cannot be counted over"),
        ("limit: 15m", "limit: 15m, window: 9y", "a window of 9y cannot be counted over"),
        ("limit: 15m", "limit: 15m, window: 7d, calendar: week", "either `calendar:` or `window:`"),
        ("name: shop", "name: shop, budget_window: 1s", "a window of 1s cannot be counted over"),
        ("signal: orders, ", "signal: order, ", "there is no signal of api for freshness 'order'"),
        ("limit: 15m", "limit: 80%", "not a duration: '80%'"),
        ("limit: 80%", "limit: 80", "write a percentage with its sign"),
        ("limit: 1000", "limit: lots", "not a duration: 'lots'"),
        (", limit: 1000", "", "`sli: saturation` needs `limit:`"),
        ("signal: backlog, ", "", "`sli: saturation` needs `signal:`"),
        ("good: sums_right_total", "good: a, bad: b", "write either `good:` or `bad:`"),
        ("bad: [timeout]", "bad: [timeout], limit: 5", "only freshness and saturation have one"),
        ("limit: 15m, slo: 99%", "limit: 15m, slo: p99 < 15m", "as a share of good events"),
    ],
)
def test_what_is_wrong_in_a_level_is_said_with_its_place(before, after, problem) -> None:
    assert before in FILE
    with pytest.raises(FileError) as caught:
        spec.read_text(FILE.replace(before, after))
    assert problem in str(caught.value)
    assert "standfast.yaml:" in str(caught.value)
