"""A review as plain values, and the rules as a page of the reference."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from standfast.review.finding import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable

    from standfast.review.finding import Finding, Review, Rule

FORMAT = 1  # of the JSON; grows only when a key changes its meaning or goes
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
        "declared": list(review.declared),
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
        "evidence": list(finding.evidence),
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
