"""How soon alerts of silence and of a share of errors notice, told as for burns."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction

import pytest

from standfast.alerting.explained import detection, explain
from standfast.spec.condition import Absence, Expiry, Threshold

MINUTE = timedelta(minutes=1)


def rate(limit: str, lasting: timedelta, **more) -> Threshold:
    given = {"signal": "error rate", "above": True, "unit": "%"} | more
    said = f"{given['signal']} > {limit} for {lasting // MINUTE}m"
    return Threshold(limit=Fraction(limit[:-1]) / 100, lasting=lasting, text=said, **given)


def test_silence_is_noticed_only_where_everything_fails() -> None:
    down = Absence(
        signal="successful requests", lasting=MINUTE, text="no successful requests for 1m"
    )

    assert explain(down) == (
        "fires after 1m without a successful request:"
        " 100% of requests failing after 1m, 10% never, 1% never"
    )


def test_a_share_of_errors_fills_its_window_and_then_has_to_last() -> None:
    assert explain(rate("5%", 5 * MINUTE)) == (
        "fires when error rate > 5% for 5m:"
        " 100% of requests failing after 5m3s, 10% after 5m30s, 1% never"
    )


def test_a_share_that_only_touches_the_limit_never_fires() -> None:
    assert detection(rate("10%", 5 * MINUTE), Fraction(1, 10)) is None


@pytest.mark.parametrize(
    "when",
    [
        Absence(signal="heartbeat", lasting=timedelta(0), text="heartbeat missing"),
        Absence(signal="metrics", lasting=MINUTE, text="no metrics for 1m"),
        Expiry(
            what="certificate", within=timedelta(days=14), text="certificate expires within 14d"
        ),
        rate("1%", MINUTE, signal="disk used"),
        rate("1%", MINUTE, above=False),
    ],
)
def test_where_errors_do_not_decide_nothing_is_said_of_them(when) -> None:
    assert explain(when) == ""
