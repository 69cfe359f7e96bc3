"""The first sentence of User Experience: whose promises do not last, before what is well."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from standfast.dashboards.experience import screen
from standfast.dashboards.mark import UNKNOWN, Mark, mark
from standfast.dashboards.objective import ObjectiveLine
from standfast.spec import read_text

SYSTEM = read_text("""
system: {name: shop}
components: {web: {type: http, url: https://shop.test}}
journeys: {buy: {path: [web], slo: 99%}, look: {path: [web], slo: 99%}}
""")


def line(name: str, one: Mark) -> ObjectiveLine:
    return ObjectiveLine(
        name=name, component="web", window=timedelta(days=30), promise="99%", mark=one, measured=None,
        left=None, runs_out=None, why_unknown="", joint=True, quiet=False, watched=None,
    )  # fmt: skip


def words(buy: Mark, look: Mark) -> str:
    lines = [line("buy", buy), line("look", look)]
    return screen(SYSTEM, lines, {}, (), {}, {}, datetime(2026, 11, 26, tzinfo=UTC)).words


@pytest.mark.parametrize(
    ("buy", "look", "said"),
    [
        (mark("healthy"), mark("healthy"), "No journey that is measured breaks its promise."),
        (mark("burning"), mark("healthy"), "Promises that do not last at this pace: buy."),
        (mark("exhausted"), mark("burning"),
         "Users feel it in: buy. Promises that do not last at this pace: look."),
        (mark("healthy"), UNKNOWN,
         "No journey that is measured breaks its promise. Nothing is known of look."),
        (UNKNOWN, UNKNOWN, "Nothing is known of buy, look."),
    ],
)  # fmt: skip
def test_what_does_not_last_is_never_called_kept(buy: Mark, look: Mark, said: str) -> None:
    assert words(buy, look) == said
