"""Slices of time in the file, and what is wrong with some."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction

import pytest

from standfast import spec
from standfast.errors import FileError

FILE = """system: {name: shop, criticality: high}
components:
  api: {type: http, url: https://api.example.com, probe_every: 2m}
service_levels:
  up:
    of: api
    sli: probe
    slo: 99%
    window: 1d
    slices: SLICES
"""


def test_a_level_counts_slices() -> None:
    system = spec.read_text(FILE.replace("SLICES", "{of: 5m, good: 99.5%}"))
    slices = system.service_levels["up"].slices
    assert slices is not None
    assert (slices.of, slices.good) == (timedelta(minutes=5), Fraction(995, 1000))


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("{of: 7m, good: 99%}", "do not fill an hour"),
        ("{of: 30s, good: 99%}", "do not fill an hour"),
        ("{of: 2h, good: 99%}", "do not fill an hour"),
        ("{of: 5m, good: 0%}", "never bad"),
        ("{of: 5m}", "'good' is missing"),
        ("{of: 5m, good: 0.99}", "percentage with its sign"),
        ("{of: 1m, good: 99%}", "looked at every 2m"),
    ],
)
def test_slices_that_cannot_be_are_refused_at_their_place(written: str, said: str) -> None:
    with pytest.raises(FileError) as error:
        spec.read_text(FILE.replace("SLICES", written))
    assert said in str(error.value)
    assert "10:" in str(error.value)


def test_a_window_of_few_slices_is_refused() -> None:
    text = FILE.replace("SLICES", "{of: 1h, good: 99%}").replace("1d", "6h")
    with pytest.raises(FileError, match="fewer than 20 slices"):
        spec.read_text(text)
