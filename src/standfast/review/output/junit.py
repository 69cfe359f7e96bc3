"""JUnit XML, as pipelines draw it: a suite for each role, a case for each rule that it is asked.

A finding at or above the threshold fails; a milder one passes and is told; what is waived or known is skipped.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections import defaultdict
from typing import TYPE_CHECKING

from standfast.review.finding import Role, Verdict
from standfast.review.output import telling

if TYPE_CHECKING:
    from collections.abc import Iterable

    from standfast.review.finding import Finding, Rule
    from standfast.review.report import Report


def as_junit(report: Report, rules: Iterable[Rule], threshold: Verdict) -> str:
    root = ET.Element("testsuites", name=f"standfast review of {_clean(report.review.system)}")
    found = _by_rule(report)
    own: dict[Role, list[Rule]] = defaultdict(list)
    for rule in rules:
        own[rule.to[0]].append(rule)
    for role in Role:
        if own[role]:
            _suite(root, report, role, own[role], found, threshold)
    for name in ("tests", "failures", "skipped"):
        root.set(name, str(sum(int(suite.get(name, "0")) for suite in root)))
    root.set("errors", "0")
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _by_rule(report: Report) -> dict[str, list[tuple[Finding, str]]]:
    """Every finding with why it is skipped, "" where it is not."""
    found: dict[str, list[tuple[Finding, str]]] = defaultdict(list)
    for one in report.counted:
        found[one.rule].append((one, ""))
    for one in report.shown_known:
        found[one.rule].append((one, f"known in {report.comparison_name}"))
    for one in report.review.waived:
        found[one.rule].append((one, f"waived by {one.waived_by}"))
    return found


def _suite(
    root: ET.Element,
    report: Report,
    role: Role,
    rules: list[Rule],
    found: dict[str, list[tuple[Finding, str]]],
    threshold: Verdict,
) -> None:
    stamp = report.review.as_of.isoformat(timespec="seconds")
    suite = ET.SubElement(root, "testsuite", name=telling.addressed(role), timestamp=stamp)
    _properties(suite, report)
    for rule in rules:
        if not found[rule.id]:
            _case(suite, rule, rule.condition)
        for finding, skipped in found[rule.id]:
            case = _case(suite, rule, finding.at, finding)
            _outcome(case, report, finding, skipped, threshold)
    cases = suite.findall("testcase")
    suite.set("tests", str(len(cases)))
    for name, tag in (("failures", "failure"), ("skipped", "skipped")):
        suite.set(name, str(sum(case.find(tag) is not None for case in cases)))
    suite.set("errors", "0")


def _case(suite: ET.Element, rule: Rule, about: str, finding: Finding | None = None) -> ET.Element:
    case = ET.SubElement(
        suite, "testcase", classname=f"standfast.{rule.family}", name=_clean(f"{rule.id} {about}")
    )
    if finding and finding.where:
        file, line, _ = finding.where.rsplit(":", 2)
        case.set("file", _clean(file))
        case.set("line", line)
    return case


def _outcome(
    case: ET.Element, report: Report, finding: Finding, skipped: str, threshold: Verdict
) -> None:
    if skipped:
        ET.SubElement(case, "skipped", message=_clean(f"{skipped}: {finding.problem}"))
        return
    track = report.track(finding)
    told = [
        f"{finding.verdict.name} {finding.id}, {track.status}",
        finding.where,
        finding.problem,
        telling.worsened(report, finding.id),
        f"why: {finding.why}",
        f"do: {finding.suggestion}",
        f"else: {finding.if_rejected}",
        f"asked: {', '.join(finding.to)}",
        telling.answer(track),
        track.note,
    ]
    text = _clean("\n".join(filter(None, told)))
    if finding.verdict >= threshold:
        failure = ET.SubElement(
            case, "failure", type=finding.verdict.name, message=_clean(finding.problem)
        )
        failure.text = text
    else:
        ET.SubElement(case, "system-out").text = text


def _properties(suite: ET.Element, report: Report) -> None:
    properties = ET.SubElement(suite, "properties")
    told = [("verdict", report.verdict.name), ("counts", telling.figures(report))]
    told += [
        (f"check: {one.name}", f"{'yes' if one.passed else 'no'}: {one.detail}")
        for one in report.review.checks
    ]
    told += [
        (f"input: {one.role}", f"{one.what}: {telling.owed(one)}") for one in report.review.inputs
    ]
    told += [("compared", telling.compared(report)), ("gone", telling.gone(report))]
    for name, value in told:
        if value:
            ET.SubElement(properties, "property", name=name, value=_clean(value))


def _clean(text: str) -> str:
    """XML 1.0 has no place for most control characters, however they are written."""
    return "".join(sign if sign.isprintable() or sign in "\n\t" else "\ufffd" for sign in text)
