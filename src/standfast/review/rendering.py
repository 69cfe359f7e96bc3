"""A review as text for people, as plain values for JSON, and the rules as a page of the reference."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from standfast.review.finding import Role, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from standfast.review.finding import Finding, Review, Rule
    from standfast.spec.values import Assumption

FORMAT = 1  # of the JSON; grows only when a key changes its meaning or goes
_COLOURS = {
    Verdict.ACCEPT: "32",
    Verdict.WARN: "33",
    Verdict.CLARIFY: "36",
    Verdict.BLOCK: "31",
}
_TEAMS = frozenset({Role.OPS, Role.QA, Role.LEGAL})
_FAMILIES = {
    "INP": "Inputs",
    "BAS": "Baselines",
    "DEP": "Dependencies",
    "AVL": "Availability",
    "SLO": "Service levels",
    "MON": "Monitoring",
    "HLT": "Health checks",
    "ALR": "Alerts",
    "ONC": "On call",
    "INC": "Incidents",
    "BKP": "Backups",
    "RPO": "Recovery points",
    "RTO": "Recovery times",
    "DAT": "Data",
    "AUD": "Audit log",
    "CMP": "Compliance",
    "DEG": "Degradation",
    "RUN": "Runbooks",
    "WVR": "Waivers",
}


def as_text(review: Review, *, colour: bool = False, assumptions: bool = False) -> str:
    """The page a person reads: verdict, checklist, findings by role, waivers, assumptions."""
    lines = [_headline(review, colour), "", *_checklist(review), "", *_inputs(review)]
    for role in Role:
        lines += _of_role(review.findings, role, colour)
    lines += _waived(review.waived)
    lines += _assumed(review.assumptions) if assumptions else _hint(review.assumptions)
    lines += _imported(review.imported) if assumptions else ()
    return "\n".join(lines) + "\n"


def _painted(text: str, verdict: Verdict, colour: bool) -> str:
    return f"\x1b[1;{_COLOURS[verdict]}m{text}\x1b[0m" if colour else text


def _headline(review: Review, colour: bool) -> str:
    counts = [
        f"{review.count(verdict)} {name}"
        for verdict, name in (
            (Verdict.BLOCK, "block"),
            (Verdict.CLARIFY, "clarify"),
            (Verdict.WARN, "warn"),
        )
    ]
    verdict = _painted(review.verdict.name, review.verdict, colour)
    counts.append(f"{len(review.waived)} waived")
    return f"{verdict}  {review.system}, as of {review.as_of:%Y-%m-%d}: {', '.join(counts)}"


def _checklist(review: Review) -> Iterator[str]:
    wide = max(len(check.name) for check in review.checks)
    yield "Quick checks"
    for check in review.checks:
        yield f"  [{'x' if check.passed else ' '}] {check.name:<{wide}}  {check.detail}"


def _inputs(review: Review) -> Iterator[str]:
    wide = max(len(one.role) for one in review.inputs)
    yield "Inputs"
    for one in review.inputs:
        state = f"missing: {', '.join(one.missing)}" if one.missing else "complete"
        yield f"  {one.role:<{wide}}  {one.what}: {state}"


def _of_role(findings: Sequence[Finding], role: Role, colour: bool) -> Iterator[str]:
    """A finding stands under the first role that it addresses, once."""
    own = [finding for finding in findings if finding.to[0] is role]
    if own:
        article = "" if role in _TEAMS else "the "
        yield from ("", f"For {article}{role} ({len(own)})")
    for finding in own:
        yield from _paragraph(finding, colour)


def _paragraph(finding: Finding, colour: bool) -> Iterator[str]:
    verdict = _painted(f"{finding.verdict.name:<7}", finding.verdict, colour)
    yield f"  {verdict} {finding.rule}  {finding.at}" + (
        f"  ({finding.where})" if finding.where else ""
    )
    yield f"          {finding.problem}"
    yield f"          why: {finding.why}"
    yield f"          do:  {finding.suggestion}"
    yield f"          else: {finding.if_rejected}"
    if len(finding.to) > 1:
        yield f"          also asked: {', '.join(finding.to[1:])}"
    if finding.rests_on:
        yield f"          rests on: {', '.join(finding.rests_on)}"


def _waived(findings: Sequence[Finding]) -> Iterator[str]:
    if findings:
        yield from ("", f"Waived ({len(findings)})")
    for one in findings:
        yield f"  {one.verdict.name:<7} {one.rule}  {one.at}, by {one.waived_by}: {one.problem}"


def _assumed(assumptions: Sequence[Assumption]) -> Iterator[str]:
    yield from ("", f"Assumptions ({len(assumptions)})")
    for assumption in assumptions:
        yield f"  {assumption}"


def _imported(paths: Sequence[str]) -> Iterator[str]:
    if paths:
        yield from ("", f"Imported, and confirmed by nobody ({len(paths)})")
    for path in paths:
        yield f"  {path}"


def _hint(assumptions: Sequence[Assumption]) -> Iterator[str]:
    if assumptions:
        yield from ("", f"{len(assumptions)} values were assumed; `--assumptions` lists them.")


def as_value(review: Review) -> dict[str, object]:
    """The review as plain values, for JSON. Keys are only ever added within one `format`."""
    return {
        "format": FORMAT,
        "system": review.system,
        "as_of": review.as_of.isoformat(),
        "verdict": review.verdict.name,
        "counts": {
            "block": review.count(Verdict.BLOCK),
            "clarify": review.count(Verdict.CLARIFY),
            "warn": review.count(Verdict.WARN),
            "waived": len(review.waived),
        },
        "checks": [
            {"name": one.name, "passed": one.passed, "detail": one.detail} for one in review.checks
        ],
        "inputs": [
            {"role": one.role.value, "what": one.what, "missing": list(one.missing)}
            for one in review.inputs
        ],
        "findings": [finding_value(one) for one in review.findings],
        "waived": [finding_value(one) for one in review.waived],
        "waivers": [
            {
                "rule": one.rule,
                "at": one.at,
                "because": one.because,
                "by": one.by,
                "until": one.until.isoformat(),
            }
            for one in review.waivers
        ],
        "assumptions": [
            {
                "id": one.id,
                "path": one.path,
                "assumed": one.assumed,
                "because": one.because,
                "change": one.change,
            }
            for one in review.assumptions
        ],
        "imported": list(review.imported),
    }


def finding_value(finding: Finding) -> dict[str, object]:
    """One finding as plain values."""
    return {
        "id": finding.id,
        "rule": finding.rule,
        "at": finding.at,
        "where": finding.where,
        "verdict": finding.verdict.name,
        "to": [role.value for role in finding.to],
        "problem": finding.problem,
        "why": finding.why,
        "suggestion": finding.suggestion,
        "if_rejected": finding.if_rejected,
        "rests_on": list(finding.rests_on),
        "waived_by": finding.waived_by,
    }


def reference(rules: Iterable[Rule]) -> str:
    """The page `docs/reference/findings.md`, rule by rule."""
    lines = [_PREFACE.rstrip()]
    for family, group in groupby(rules, key=lambda rule: rule.family):
        lines += ["", f"## {_FAMILIES[family]}"]
        for rule in group:
            lines += ["", f"### {rule.id}", "", f"**{_sentence(rule.condition)}**", ""]
            lines += [f"- Verdict: {rule.verdict.name}", f"- Asked: {', '.join(rule.to)}"]
            lines += [f"- Why it matters: {rule.why}.", f"- If rejected: {rule.if_rejected}."]
    return "\n".join(lines) + "\n"


def _sentence(words: str) -> str:
    return f"{words[0].upper()}{words[1:]}."


_PREFACE = """\
# Findings of the review

Every rule that `standfast review` knows: what it looks for, whom it asks, why it matters, and what
happens if the answer is no. This page is made from the rules themselves
(`python -m standfast.review`), and a test compares the two.

The verdict is the rule's usual one. A finding is given a lower one where it rests on an assumed
value, since BLOCK is kept for what is impossible by what the file itself states; some rules weigh
a case up or down, and say so in their first line.

A finding's id is its rule and its path, such as `AVL-01@journeys.checkout.slo`. A waiver names
exactly that rule and that path. Answered ids stay the same from one review to the next.
"""
