"""The sieve leaves out minutes of the past, and never one that would have changed anything."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING
from unittest.mock import patch

from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from standfast import spec
from standfast.engine.backtest import keys_of, replay
from standfast.engine.past import Counts, Past
from standfast.engine.sieving import Sieve, Sieved
from standfast.slo.exclusion import Exclusion, Kind
from standfast.slo.slices import sliced

if TYPE_CHECKING:
    from standfast.engine.backtest import Firing
    from standfast.spec.system import System

FILE = """
system: {name: shop, criticality: high}
components:
  api: {type: http, owner: shop, scrape: "http://127.0.0.1:1/m", url: "http://127.0.0.1:1/"}
  pay: {type: http, owner: shop, scrape: "http://127.0.0.1:1/m"}
service_levels:
  availability: {of: api, sli: availability, slo: 99.9%, window: [30d, 1d]}
  paying: {of: pay, sli: availability, slo: 99.5%, window: 7d}
  minutes: {of: api, sli: availability, slo: 99.9%, slices: {of: 1m, good: 97%}}
  fives: {of: api, sli: availability, slo: 99%, window: 7d, slices: {of: 5m, good: 97%}}
  hour: {of: pay, sli: errors, slo: 99%, window: 12h}
journeys:
  buy: {path: [api, pay], slo: 99.5%, critical: true}
composites:
  felt: {weighted: {buy: 1, paying: 7, availability: 0.5}, slo: 99.5%}
alerts:
  many: {of: api, when: "error rate > 5% for 2m", severity: P2}
  dead: {of: api, when: "no successful probes for 3m", severity: P1}
  failing: {of: api, when: "probe failures > 20% for 5m", severity: P2}
  level: {of: api, when: "burn rate of availability", severity: P2}
people: {ada: {name: Ada, email: ada@shop.test}}
teams: {shop: {members: [ada], lead: ada}}
"""
MINUTE, DAY, US = timedelta(minutes=1), timedelta(days=1), timedelta(microseconds=1)
END = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
BEGIN = END - 12 * 60 * MINUTE
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@cache
def system() -> System:
    return spec.read_text(FILE)


def rows(shares: list[int | None], total: int, width: timedelta) -> list[tuple[int, int, int, int]]:
    """`shares` are percentages of each minute; None is one that nobody looked at."""
    at, step = (BEGIN - EPOCH) // US, width // US
    bad = every = covered = 0
    found = [(at - 1, 0, 0, 0)]
    each = width // MINUTE
    for number in range(len(shares) // each):
        some = shares[number * each : (number + 1) * each]
        seen = [one for one in some if one is not None]
        if not seen:
            continue
        if total == 1:
            bad, every = bad + (max(seen) > 3), every + 1
        else:
            bad, every = bad + sum(total * one // 100 for one in seen), every + total * len(seen)
        covered += step * len(seen) // each
        found.append((at + number * step, bad, every, covered))
    return found


outages = st.lists(
    st.tuples(
        st.integers(0, 719),
        st.sampled_from([1, 3, 12, 40, 90, 200]),
        st.sampled_from([None, 0, 1, 2, 4, 10, 60, 100]),
    ),
    max_size=6,
)


def shares_of(found: list[tuple[int, int, int | None]]) -> list[int | None]:
    shares: list[int | None] = [0] * 720
    for begin, lasts, share in found:
        shares[begin : min(720, begin + lasts)] = [share] * (min(720, begin + lasts) - begin)
    return shares


def maintenance(number: int, of: str, begin: int, lasts: int) -> Exclusion:
    starts = BEGIN + begin * MINUTE + timedelta(seconds=20)
    return Exclusion(
        id=f"EX-{number}", of=of, kind=Kind.MAINTENANCE, starts=starts,
        ends=starts + lasts * MINUTE, because="x", by="ada", made_at=BEGIN, made_by="ada",
    )  # fmt: skip


def everywhere(past: Past) -> tuple[Firing, ...]:
    """As if there were no sieve."""
    with patch.object(Sieve, "of", lambda *_: Sieved(candidates=range(past.minutes))):
        return replay(system(), past).firings


@hypothesis_settings(max_examples=8, deadline=None)
@given(
    api=outages,
    pay=outages,
    total=st.sampled_from([2, 30, 5_000]),
    young=st.booleans(),
    out=st.lists(
        st.tuples(
            st.sampled_from(["api", "pay", "fives"]), st.integers(0, 719), st.integers(1, 300)
        ),
        max_size=3,
    ),
)
def test_the_sieve_holds_back_nothing_of_any_rule(api, pay, total, young, out) -> None:
    of_slices = sliced(system())
    counted = {
        key: rows(
            shares_of(api if key.startswith("api") else pay),
            1 if key in of_slices else total,
            of_slices[key].slices.of if key in of_slices else MINUTE,
        )
        for key in keys_of(system())
    }
    seen = BEGIN if young else BEGIN - 40 * DAY
    past = Past(
        start=END - 5 * 60 * MINUTE,
        end=END,
        counts=Counts(counted.items(), dict.fromkeys(counted, seen)),
        exclusions=tuple(maintenance(number, *one) for number, one in enumerate(out)),
    )

    assert replay(system(), past).firings == everywhere(past)
