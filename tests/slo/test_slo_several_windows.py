"""The same events judged over several windows, and counted once."""

from __future__ import annotations

from datetime import timedelta

import pytest

from standfast import spec
from standfast.engine.meters import meters_of
from standfast.errors import FileError
from standfast.slo.burn import burn_windows
from standfast.slo.objective import counts_kept, objectives

FILE = """system: {name: shop, criticality: high}
components:
  api: {type: http, url: https://api.example.com, scrape: "http://api:8000/metrics"}
service_levels:
  fast: {of: api, sli: latency, slo: [p95 < 200ms, p99 < 500ms], window: [7d, 30d]}
  up: {of: api, sli: availability, slo: 99.9%, window: WINDOW}
"""
DAY = timedelta(days=1)


def test_each_promise_holds_over_each_window() -> None:
    system = spec.read_text(FILE.replace("WINDOW", "[30d, 7d, 1h]"))
    found = {one.name: one.window // timedelta(hours=1) for one in objectives(system)}
    assert found == {
        "fast-p95-200ms-7d": 168,
        "fast-p95-200ms-30d": 720,
        "fast-p99-500ms-7d": 168,
        "fast-p99-500ms-30d": 720,
        "up-30d": 720,
        "up-7d": 168,
        "up-1h": 1,
    }
    assert counts_kept(system) >= 60 * DAY


def test_the_events_of_all_windows_are_counted_once() -> None:
    one, three = (
        {meter.key for meter in meters_of(spec.read_text(FILE.replace("WINDOW", window)))}
        for window in ("7d", "[7d, 30d, 90d]")
    )
    assert one == three


def test_each_window_has_factors_of_its_own() -> None:
    system = spec.read_text(FILE.replace("WINDOW", "[7d, 30d]"))
    factors = {
        one.name: float(burn_windows(one)[0].factor)
        for one in objectives(system)
        if one.level == "up"
    }
    assert factors == {"up-7d": 3.36, "up-30d": 14.4}


def test_one_window_names_nothing_after_itself() -> None:
    names = [one.name for one in objectives(spec.read_text(FILE.replace("WINDOW", "[7d]")))]
    assert "up" in names


@pytest.mark.parametrize(
    ("window", "said"),
    [
        ("[7d, 7d]", "here twice"),
        ("[7d, 10y]", "cannot be counted over"),
        ("[]", "at least one"),
        ("[7d, soon]", "not a duration"),
    ],
)
def test_windows_that_cannot_be_are_refused_at_their_place(window: str, said: str) -> None:
    with pytest.raises(FileError) as error:
        spec.read_text(FILE.replace("WINDOW", window))
    assert said in str(error.value)
    assert ":6:" in str(error.value)


def test_two_objectives_never_share_a_name() -> None:
    text = FILE.replace("WINDOW", "[7d, 30d]") + "  up-7d: {of: api, sli: probe, slo: 99%}\n"
    with pytest.raises(FileError, match="would be called up-7d"):
        spec.read_text(text)
