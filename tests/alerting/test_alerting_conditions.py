from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest

from standfast.alerting.conditions import judge
from standfast.alerting.rules import Rule, rules
from standfast.monitoring.gauge import Reading
from standfast.slo.tally import NOTHING, Tally
from standfast.spec import read_text
from standfast.spec.condition import Absence, Age, Burn, Expiry, Expr, Threshold
from standfast.spec.values import Severity

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


@dataclass
class Seen:
    """Facts as a test says them."""

    answered: Tally = NOTHING
    probed: Tally = NOTHING
    since: timedelta = DAY
    gauges: dict[str, float] = field(default_factory=dict)
    down: tuple[timedelta, str] | None = None
    ends: datetime | None = None
    newest_made: datetime | None = None

    def requests(self, component, window):
        return self.answered

    def probes(self, component, window):
        return self.probed

    def watched(self, component, what):
        return self.since

    def newest(self, component, signal):
        value = self.gauges.get(signal)
        return None if value is None else Reading(at=NOW, value=value)

    def scrape_down(self, component):
        return self.down

    def expires(self, component, what):
        return self.ends

    def made(self, component, what):
        return self.newest_made

    def burns(self, objective):
        return ()


def verdict(when, seen: Seen):
    rule = Rule(name="r", component="api", when=when, severity=Severity.P2, summary="s")
    return judge(rule, seen, NOW)


def tally(bad: int, total: int) -> Tally:
    return Tally(bad=bad, total=total, covered=MINUTE)


ERRORS = Threshold(
    signal="error rate",
    above=True,
    limit=Fraction(5, 100),
    unit="%",
    lasting=5 * MINUTE,
    text="error rate > 5% for 5m",
)
SLOW = Threshold(
    signal="p95 latency",
    above=True,
    limit=Fraction(1),
    unit="s",
    lasting=MINUTE,
    text="p95 latency > 1s",
)
SILENT = Absence(signal="successful requests", lasting=MINUTE, text="no successful requests for 1m")
GUARDED = Absence(signal="successful requests", lasting=MINUTE, text="...", guarded=True)


@pytest.mark.parametrize(
    ("when", "seen", "holds", "because"),
    [
        (ERRORS, Seen(answered=tally(6, 100)), True, "error rate of api is 6% over 1m (6 of 100)"),
        (ERRORS, Seen(answered=tally(5, 100)), False, "is 5% over 1m"),
        (ERRORS, Seen(answered=tally(0, 0)), False, "had no traffic"),
        (ERRORS, Seen(), None, "nothing was seen of api"),
        (SLOW, Seen(gauges={"p95 latency": 1.5}), True, "p95 latency of api is 1.5s"),
        (SLOW, Seen(gauges={"p95 latency": 1.0}), False, "the alert is at over 1s for 1m"),
        (SLOW, Seen(), None, "no recent value"),
        (SILENT, Seen(answered=tally(0, 5)), False, "5 successful requests"),
        (SILENT, Seen(answered=tally(5, 5)), True, "no successful request of api for 1m, 5 failed"),
        (SILENT, Seen(answered=tally(0, 0)), True, "no successful request"),
        (GUARDED, Seen(answered=tally(0, 0)), False, "there was no traffic"),
        (GUARDED, Seen(answered=tally(0, 0), probed=tally(4, 4)), True, "all 4 probes failed"),
        (GUARDED, Seen(answered=tally(2, 2)), True, "2 failed"),
        (SILENT, Seen(), None, "were not looked at"),
        (SILENT, Seen(answered=tally(0, 0), since=MINUTE / 2), None, "were not looked at"),
        (SILENT, Seen(down=(MINUTE, "no connection: refused")), True, "shows no metrics for 1m"),
        (
            SILENT,
            Seen(down=(MINUTE, "refused"), probed=tally(0, 4)),
            None,
            "were not looked at",
        ),
        (
            Absence(signal="metrics", lasting=MINUTE, text=""),
            Seen(down=(MINUTE, "refused")),
            True,
            "have not answered for 1m: refused",
        ),
        (Absence(signal="metrics", lasting=MINUTE, text=""), Seen(), False, "answer"),
        (
            Expiry(what="certificate", within=14 * DAY, text=""),
            Seen(ends=NOW + 13 * DAY),
            True,
            "in 13d; wanted are 14d",
        ),
        (
            Expiry(what="certificate", within=14 * DAY, text=""),
            Seen(ends=NOW - DAY),
            True,
            "which is past",
        ),
        (Expiry(what="certificate", within=14 * DAY, text=""), Seen(), None, "never read"),
        (
            Age(what="backup", limit=timedelta(hours=26), text=""),
            Seen(newest_made=NOW - timedelta(hours=27)),
            True,
            "is 1d3h old; the limit is 1d2h",
        ),
        (Age(what="backup", limit=DAY, text=""), Seen(), None, "no backup of api is known"),
        (
            Age(what="queue", limit=MINUTE, text=""),
            Seen(gauges={"queue age": 90.0}),
            True,
            "waited 1m30s",
        ),
        (Age(what="queue", limit=MINUTE, text=""), Seen(), None, "does not tell"),
        (Burn(objective="x", text=""), Seen(), None, "no objective x is judged"),
        (Expr(promql="up == 0", lasting=MINUTE, text=""), Seen(), None, "judged by Prometheus"),
    ],
)
def test_each_form_says_yes_no_or_not_known_with_its_figures(when, seen, holds, because) -> None:
    found = verdict(when, seen)

    assert found.holds is holds
    assert because in found.because


def test_a_floor_widens_the_window_until_there_are_enough_events() -> None:
    when = Threshold(
        signal="error rate",
        above=True,
        limit=Fraction(5, 100),
        unit="%",
        lasting=MINUTE,
        floor=50,
        text="",
    )

    class Growing(Seen):
        def requests(self, component, window):
            minutes = window // MINUTE
            return Tally(bad=minutes, total=10 * minutes, covered=window)

    assert "over 8m (8 of 80)" in verdict(when, Growing()).because


FILE = """
system: {name: shop, criticality: critical}
components:
  api: {type: http, url: https://api.shop.test, scrape: http://api:8000/metrics}
service_levels:
  api-availability: {of: api, sli: availability, slo: 99.9%}
journeys:
  browse: {path: [api], slo: 99.9%}
alerts:
  burns: {of: api, when: burn rate of api-availability, severity: P2, runbook: api-down}
"""


def test_a_burn_that_the_file_watches_has_no_second_page_and_keeps_its_severity() -> None:
    found = {rule.name: rule for rule in rules(read_text(FILE))}

    assert "api-availability-burn" not in found
    assert found["burns"].windows == "page"
    assert found["burns"].severity is Severity.P2
    assert found["api-availability-burn-ticket"].severity is Severity.P3
    assert found["browse-burn"].severity is Severity.P1
    assert found["browse-burn"].runbook == "api-down"
