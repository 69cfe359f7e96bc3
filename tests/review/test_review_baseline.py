"""What was known before does not fail; what is new or worse does."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING

import pytest

from standfast.errors import FileError
from standfast.review import Measured, Review, Verdict, examine
from standfast.review.baseline import compare, read, verdicts, write
from standfast.review.report import report

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from standfast.spec.system import System

ID = "AVL-01@journeys.checkout.slo"


@pytest.fixture
def weak(sound: System, spoil: Callable[..., System], now: datetime) -> Review:
    return examine(spoil(sound, {"components/db/availability": Fraction("0.998")}), Measured(), now)


def test_what_is_known_does_not_count(weak: Review) -> None:
    told = report(weak, (), compare(weak, verdicts(weak), "the baseline b"))
    assert (told.verdict, told.worst, told.counted) == (Verdict.ACCEPT, Verdict.ACCEPT, ())
    assert {one.id for one in told.known} == {one.id for one in weak.findings}
    assert told.review.verdict is Verdict.BLOCK


def test_what_is_new_counts(weak: Review) -> None:
    before = verdicts(weak)
    del before[ID]
    told = report(weak, (), compare(weak, before, "b"))
    assert ([one.id for one in told.counted], told.verdict) == ([ID], Verdict.BLOCK)


def test_what_got_worse_counts_and_says_what_it_was(weak: Review) -> None:
    compared = compare(weak, {**verdicts(weak), ID: Verdict.CLARIFY}, "b")
    assert compared.worse == {ID: Verdict.CLARIFY}
    assert [one.id for one in report(weak, (), compared).counted] == [ID]


def test_what_got_milder_is_still_known(weak: Review) -> None:
    milder = replace(
        weak, findings=tuple(replace(one, verdict=Verdict.WARN) for one in weak.findings)
    )
    assert report(milder, (), compare(milder, verdicts(weak), "b")).counted == ()


def test_what_is_gone_is_told_but_not_what_is_waived(weak: Review) -> None:
    waived = replace(weak, findings=weak.findings[1:], waived=weak.findings[:1])
    compared = compare(waived, {**verdicts(weak), "DEP-01@x": Verdict.BLOCK}, "b")
    assert compared.gone == ("DEP-01@x",)


def test_a_baseline_reads_back_and_has_a_line_for_each_finding(weak: Review) -> None:
    odd = replace(
        weak, findings=(*weak.findings, replace(weak.findings[0], at="failover.a -> b: c"))
    )
    text = write(odd)
    assert read(text, "b.yaml") == verdicts(odd)
    assert f"  {ID}: BLOCK\n" in text


def test_a_baseline_of_nothing_reads_back(sound: System, now: datetime) -> None:
    assert read(write(examine(sound, Measured(), now)), "b.yaml") == {}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("findings: {}\n", "b.yaml:1:1: error: not a baseline of this version"),
        ("format: 1\nfindings:\n  X: BLOCK\n", "b.yaml:3:3: error: not the id of a finding: 'X'"),
        ("format: 1\nfindings:\n  AVL-01@a: bad\n", "b.yaml:3:13: error: write WARN, CLARIFY or"),
        ("format: 1\nfindings:\n  AVL-01@a: BLOCK\n  AVL-01@a: WARN\n", "is here twice"),
        ("{", "b.yaml:2:1: error"),
        ("", "the file is empty"),
    ],
)
def test_a_mistake_in_a_baseline_is_told_with_its_place(text: str, says: str) -> None:
    with pytest.raises(FileError) as told:
        read(text, "b.yaml")
    assert says in "\n".join(told.value.problems)
