"""What a person reads, what a machine reads, and the page of the rules."""

from __future__ import annotations

import json
from datetime import datetime
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from standfast import spec
from standfast.review import Measured, Review, examine
from standfast.review.catalogue import RULES
from standfast.review.output.text import as_text
from standfast.review.rendering import as_value, reference
from standfast.review.report import report

if TYPE_CHECKING:
    from collections.abc import Callable

    from standfast.spec.system import System

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "findings.md"


@pytest.fixture
def weak(sound: System, spoil: Callable[..., System], now: datetime) -> Review:
    system = spoil(sound, {"components/db/availability": Fraction("0.998")})
    return examine(system, Measured(), now)


def test_the_verdict_comes_first(weak: Review) -> None:
    first, *_ = as_text(report(weak)).splitlines()
    assert first == "BLOCK  shop, as of 2026-11-24: 1 block, 1 clarify, 0 warn, 0 waived"


def test_findings_stand_under_the_role_that_is_asked_with_their_arithmetic(weak: Review) -> None:
    text = as_text(report(weak))
    section = text[text.index("For the Business Analyst") :]
    assert "AVL-01  journeys.checkout.slo" in section
    assert "api 99.95% x db 99.8%" in section
    assert "also asked: Solution Architect" in section


def test_colour_is_only_for_those_who_ask(weak: Review) -> None:
    assert "\x1b" not in as_text(report(weak))
    assert as_text(report(weak), colour=True).startswith("\x1b[1;31mBLOCK\x1b[0m")


def test_assumptions_are_listed_on_request(weak: Review) -> None:
    assert "A-01 RTO 1 h" not in as_text(report(weak))
    assert "A-01 RTO 1 h because x; y" in as_text(report(weak), assumptions=True)


def test_json_says_all_that_the_text_says(weak: Review) -> None:
    value = json.loads(json.dumps(as_value(weak)))
    assert (value["format"], value["verdict"], value["counts"]["block"]) == (1, "BLOCK", 1)
    assert [finding["id"] for finding in value["findings"]] == [one.id for one in weak.findings]
    assert {check["name"] for check in value["checks"]} == {check.name for check in weak.checks}


def test_unticked_boxes_say_what_is_in_the_way(
    sound: System, spoil: Callable[..., System], now: datetime
) -> None:
    bare = spoil(sound, {"components/api/baseline": None, "compliance/regimes": None})
    review = examine(bare, Measured(), now)
    unticked = {check.name: check.detail for check in review.checks if not check.passed}
    assert set(unticked) == {"Performance baselines defined", "Compliance requirements known"}
    assert "api serves requests and has no baseline" in unticked["Performance baselines defined"]
    missing = {one.role: one.missing for one in review.inputs if one.missing}
    assert missing == {"Business Analyst": ("compliance",), "QA": ("baselines",)}


def test_the_reference_page_is_the_rules_themselves() -> None:
    assert PAGE.read_text(encoding="utf-8") == reference(RULES)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_rule_says_what_why_whom_and_what_if_not(rule: object) -> None:
    for text in (rule.condition, rule.why, rule.if_rejected):  # type: ignore[attr-defined]
        assert text
        assert not text.endswith(".")
    assert rule.to  # type: ignore[attr-defined]


def test_many_findings_of_one_rule_share_their_advice(now: datetime) -> None:
    parts = "".join(f"  s{number}: {{type: http}}\n" for number in range(6))
    system = spec.read_text(f"system: {{name: blog}}\ncomponents:\n{parts}")
    told = report(examine(system, Measured(), now))
    short, whole = as_text(told), as_text(told, full=True)
    owners = [one for one in told.counted if one.rule == "INP-02"]
    assert len(owners) == 6
    assert "INP-02 5 times more; --full gives each its own advice:" in short
    assert all(f"{one.at}  " in short and one.problem in short for one in told.counted)
    assert all(one.suggestion in whole for one in told.counted)
    assert (short.count(owners[0].why), whole.count(owners[0].why)) == (1, 6)
