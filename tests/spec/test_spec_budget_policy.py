"""What a band of the budget policy means: where it begins, and whether it closes the gate."""

from __future__ import annotations

from fractions import Fraction

import pytest

from standfast import spec
from standfast.slo.policy import band_of

FILE = """
apiVersion: standfast/v1
system: {{name: s}}
components: {{web: {{type: http}}}}
budget_policy: {policy}
"""


def bands(policy: str):
    return spec.read_text(FILE.format(policy=policy)).budget_policy.bands


def test_the_bands_that_are_understood_freeze_the_last_quarter_and_what_is_spent() -> None:
    found = bands("{}")

    assert [(one.text, one.freezes) for one in found] == [
        ("> 50%", False), ("25-50%", False), ("< 25%", True), ("0%", True),
    ]  # fmt: skip


def test_what_a_fuller_budget_forbids_an_emptier_one_does_not_allow_again() -> None:
    found = bands('{"> 50%": go, "10-50%": {do: repairs, freezes: true}, "< 10%": call the owner}')

    assert [one.freezes for one in found] == [False, True, True]


def test_with_nothing_left_the_gate_is_closed_whatever_is_written() -> None:
    found = bands('{"> 0%": go, exhausted: {do: have a look, freezes: false}}')

    assert [one.freezes for one in found] == [False, True]


@pytest.mark.parametrize(
    ("left", "text"),
    [("1/2", "25-50%"), ("1/4", "25-50%"), ("249/1000", "0-25%"), ("0", "exhausted")],
)
def test_a_border_belongs_to_the_band_that_names_it(left: str, text: str) -> None:
    found = bands('{"> 50%": a, "25-50%": b, "0-25%": c, exhausted: d}')

    band = band_of(found, Fraction(left))
    assert band is not None
    assert band.text == text
