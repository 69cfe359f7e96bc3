"""SARIF 2.1.0 (OASIS), as code scanning services read it.

BLOCK is an error, CLARIFY a warning, WARN a note. A waiver in force is a suppression in the source, one that
ran out is a rejected one; what a baseline knows is suppressed from outside.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

from standfast.review.finding import Verdict
from standfast.review.output import telling
from standfast.review.output.plain import reply_value

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from standfast.review.baseline import Comparison
    from standfast.review.finding import Finding, Rule
    from standfast.review.report import Report
    from standfast.spec.system import Waiver

SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
_LEVELS = {Verdict.BLOCK: "error", Verdict.CLARIFY: "warning", Verdict.WARN: "note"}
_SEVERITIES = {
    Verdict.BLOCK: "error",
    Verdict.CLARIFY: "warning",
    Verdict.WARN: "recommendation",
}
_MOST_RESULTS = 5000  # a code scanning service takes no more of one run
Value = dict[str, object]


def as_sarif(
    report: Report, rules: Iterable[Rule], *, path: str, version: str, root: str = ""
) -> Value:
    """One run; `path` is the reliability file's, for findings that stand for nothing in it.

    Paths below the folder `root` are told from there, as services that know only the sources want them.
    """
    listed = tuple(rules)
    index = {rule.id: number for number, rule in enumerate(listed)}
    results = list(_results(report, index, _Paths(path, root)))
    run: Value = {
        "tool": {
            "driver": {
                "name": "standfast",
                "semanticVersion": version,
                "rules": [_rule(rule) for rule in listed],
            }
        },
        "automationDetails": {"id": "standfast/review/"},
        "columnKind": "unicodeCodePoints",
        "invocations": [
            {
                "executionSuccessful": True,
                "endTimeUtc": report.review.as_of.isoformat().replace("+00:00", "Z"),
            }
        ],
        "results": results[:_MOST_RESULTS],
        "properties": _properties(report, left_out=max(0, len(results) - _MOST_RESULTS)),
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(rule: Rule) -> Value:
    asked = ", ".join(rule.to)
    text = (
        f"{_sentence(rule.condition)} Why it matters: {rule.why}. If rejected: {rule.if_rejected}."
    )
    return {
        "id": rule.id,
        "shortDescription": {"text": _sentence(rule.condition)},
        "fullDescription": {"text": f"{_sentence(rule.why)} Asked: {asked}."},
        "help": {
            "text": text,
            "markdown": f"**{_sentence(rule.condition)}**\n\n- Asked: {asked}\n"
            f"- Why it matters: {rule.why}.\n- If rejected: {rule.if_rejected}.",
        },
        "defaultConfiguration": {"level": _LEVELS[rule.verdict]},
        "properties": {
            "tags": ["reliability", rule.family],
            "problem.severity": _SEVERITIES[rule.verdict],
            "asked": list(rule.to),
        },
    }


def _sentence(words: str) -> str:
    return f"{words[0].upper()}{words[1:]}."


def _results(report: Report, index: dict[str, int], paths: _Paths) -> Iterator[Value]:
    ran_out = {(one.rule, one.at): one for one in report.review.waivers}
    for finding in report.counted:
        late = ran_out.get((finding.rule, finding.at))
        yield _result(
            report, finding, index, paths, [_suppressed(late, "rejected")] if late else []
        )
    for finding in report.shown_known:
        suppression: Value = {
            "kind": "external",
            "status": "accepted",
            "justification": f"known in {report.comparison_name}",
        }
        yield _result(report, finding, index, paths, [suppression])
    for finding in report.review.waived:
        waiver = ran_out.get((finding.rule, finding.at))
        yield _result(
            report, finding, index, paths, [_suppressed(waiver, "accepted")] if waiver else []
        )


def _suppressed(waiver: Waiver, status: str) -> Value:
    return {
        "kind": "inSource",
        "status": status,
        "justification": waiver.because,
        "properties": {"by": waiver.by, "until": waiver.until.isoformat()},
    }


def _result(
    report: Report,
    finding: Finding,
    index: dict[str, int],
    paths: _Paths,
    suppressions: list[Value],
) -> Value:
    track = report.track(finding)
    said = telling.answer(track)
    digest = hashlib.sha256(finding.id.encode()).hexdigest()
    properties: Value = {
        "id": finding.id,
        "verdict": finding.verdict.name,
        "to": list(finding.to),
        "status": track.status.value,
        "why": finding.why,
        "suggestion": finding.suggestion,
        "ifRejected": finding.if_rejected,
        "restsOn": list(finding.rests_on),
    }
    if track.reply is not None:
        properties["answer"] = reply_value(track.reply)
    result: Value = {
        "ruleId": finding.rule,
        "ruleIndex": index[finding.rule],
        "level": _LEVELS[finding.verdict],
        "message": {
            "text": f"{finding.problem}. Do: {finding.suggestion}. Asked: {', '.join(finding.to)}; "
            f"{track.status}." + (f" {said}." if said else "")
        },
        "locations": [_location(finding, paths)],
        # Of the finding's identity, not of its line: an alert stays one when lines move above it.
        "partialFingerprints": {
            "standfastFinding/v1": digest,
            "primaryLocationLineHash": f"{digest[:16]}:1",
        },
        "properties": properties,
    }
    if suppressions:
        result["suppressions"] = suppressions
    if report.comparison is not None:
        result["baselineState"] = _state(report.comparison, finding)
    return result


def _state(comparison: Comparison, finding: Finding) -> str:
    if finding.waived_by or comparison.knows(finding):
        return "unchanged"
    return "updated" if finding.id in comparison.worse else "new"


@dataclass(frozen=True, slots=True)
class _Paths:
    file: str  # the reliability file
    root: str

    def artifact(self, path: str) -> Value:
        """Below the root of the sources, or where an absolute path says."""
        if self.root:
            path = path.removeprefix(f"{self.root.rstrip('/')}/")
        if path.startswith("/"):
            return {"uri": f"file://{quote(path)}"}
        return {"uri": quote(path.removeprefix("./")), "uriBaseId": "%SRCROOT%"}


def _location(finding: Finding, paths: _Paths) -> Value:
    file, line, column = paths.file, 1, 1
    if finding.where:
        file, at_line, at_column = finding.where.rsplit(":", 2)
        line, column = int(at_line), int(at_column)
    return {
        "physicalLocation": {
            "artifactLocation": paths.artifact(file),
            "region": {"startLine": line, "startColumn": column},
        },
        "logicalLocations": [{"fullyQualifiedName": finding.at, "kind": "member"}],
    }


def _properties(report: Report, *, left_out: int) -> Value:
    return {
        "system": report.review.system,
        "verdict": report.verdict.name,
        "counts": telling.figures(report),
        "compared": telling.compared(report),
        "gone": list(report.comparison.gone) if report.comparison else [],
        "quickChecks": [
            {"name": one.name, "passed": one.passed, "detail": one.detail}
            for one in report.review.checks
        ],
        "inputs": [
            {"role": one.role.value, "what": one.what, "missing": list(one.missing)}
            for one in report.review.inputs
        ],
        "leftOut": left_out,
    }
