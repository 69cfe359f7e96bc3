from __future__ import annotations

from datetime import timedelta
from fractions import Fraction

from standfast.slo.objective import bucket_of, objectives
from standfast.spec import read_text
from standfast.spec.steps import hard_steps

FILE = """
system: {name: shop, criticality: critical}
components:
  web: {type: web, url: https://www.shop.test, needs: {api: hard}}
  api: {type: http, url: https://api.shop.test, scrape: http://api:8000/metrics, needs: {db: hard}}
  db: {type: postgresql}
journeys:
  browse: {path: [web, api, db], slo: 99%, sla: 98%}
service_levels:
  api-availability: {of: api, sli: availability, slo: 99.9%, sla: 99.5%}
  api-latency: {of: api, sli: latency, slo: [p95 < 200ms, p99 < 400ms], sla: p99 < 500ms}
  web-availability: {of: web, sli: availability, slo: 99.5%}
"""


def found():
    return {one.name: one for one in objectives(read_text(FILE))}


def test_each_promise_is_an_objective_with_a_name_of_its_own() -> None:
    assert list(found()) == [
        "api-availability",
        "api-latency-p95-200ms",
        "api-latency-p99-400ms",
        "web-availability",
        "browse",
    ]


def test_an_sla_is_judged_by_the_same_count_only_where_the_threshold_is_the_same() -> None:
    assert found()["api-availability"].sla_comparable
    assert found()["api-latency-p95-200ms"].sla.text == "p99 < 500ms"
    assert not found()["api-latency-p95-200ms"].sla_comparable


def test_requests_are_counted_where_metrics_are_and_probes_elsewhere() -> None:
    assert found()["api-availability"].indicators[0].kind == "requests"
    assert found()["web-availability"].indicators[0].kind == "probe"
    latency = found()["api-latency-p99-400ms"].indicators[0]
    assert (latency.key, latency.threshold) == ("api/latency<0.4", timedelta(milliseconds=400))


def test_a_journey_is_measured_by_its_steps_and_names_those_that_nothing_measures() -> None:
    browse = found()["browse"]

    assert [one.component for one in browse.indicators] == ["web", "api"]
    assert browse.unmeasured == ("db",)
    assert browse.allowed == Fraction(1, 100)


def test_only_steps_that_it_cannot_do_without_decide_about_a_journey() -> None:
    file = FILE.replace("needs: {db: hard}", "needs: {db: hard, pay: {strength: soft}}").replace(
        "  db: {type: postgresql}",
        "  db: {type: postgresql}\n  pay: {type: http, url: https://pay.test, probe_every: 1s}",
    )
    text = file.replace("[web, api, db]", "[web, api, db, pay]")
    browse = {one.name: one for one in objectives(read_text(text))}["browse"]

    assert [one.component for one in browse.indicators] == ["web", "api"]
    assert browse.soft == ("pay",)
    assert browse.unmeasured == ("db",)

    harder = text.replace("needs: {api: hard}", "needs: {api: hard, pay: hard}")
    browse = {one.name: one for one in objectives(read_text(harder))}["browse"]
    assert [one.component for one in browse.indicators] == ["web", "api", "pay"]
    assert browse.soft == ()


def test_a_path_of_soft_needs_alone_is_taken_at_its_word() -> None:
    path = ("web", "api")
    system = read_text(FILE.replace("hard", "soft"))
    assert hard_steps(system, path) == ("web",)
    assert hard_steps(system, ("api",)) == ("api",)


def test_buckets_are_a_minute_but_for_windows_under_a_day() -> None:
    second, hour = timedelta(seconds=1), timedelta(hours=1)

    assert bucket_of(timedelta(days=30), second) == timedelta(minutes=1)
    assert bucket_of(hour, second) == second
    assert bucket_of(hour, 15 * second) == 15 * second
    assert bucket_of(12 * hour, second) == 12 * second
    assert bucket_of(12 * hour, timedelta(minutes=5)) == timedelta(minutes=1)


def test_a_quick_burn_of_what_a_journey_can_do_without_is_not_p1() -> None:
    system = read_text(
        """
system: {name: shop, criticality: critical}
components:
  web: {type: http, url: "http://web.test", needs: {api: hard, hints: {strength: soft, fallback: none}}}
  api: {type: http, url: "http://api.test"}
  hints: {type: http, url: "http://hints.test"}
journeys: {buy: {path: [web, hints, api]}}
service_levels:
  web-up: {of: web, sli: availability, slo: 99.5%}
  api-up: {of: api, sli: availability, slo: 99.5%}
  hints-up: {of: hints, sli: availability, slo: 99%}
"""
    )
    critical = {one.name: one.critical for one in objectives(system)}

    assert (critical["web-up"], critical["api-up"], critical["hints-up"]) == (True, True, False)
