"""The report as one flat table: a row for each promise, each of its days and each exclusion."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from standfast.dashboards.report.value import PromiseLine
from standfast.publish.report.data import plain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from standfast.dashboards.report.value import (
        AgreementLine,
        Counted,
        DayLine,
        ExclusionLine,
        Report,
    )

COLUMNS = (
    "row", "period", "edition", "provisional", "promise", "component", "target", "state", "starts", "ends",
    "good", "bad", "total", "achieved", "covered_seconds", "missing_seconds", "excluded_seconds",
    "budget_spent", "downtime_seconds", "margin", "owed_share", "owed", "exclusion", "kind",
    "because", "owner", "said_at", "achieved_without",
)  # fmt: skip
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def table(report: Report) -> str:
    """Lines end as RFC 4180 asks; what is not known is empty, and never 0."""
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, restval="", lineterminator="\r\n")
    writer.writeheader()
    lines: list[PromiseLine | AgreementLine] = [*report.promises, *report.agreements]
    for one in lines:
        head = {
            "period": report.period,
            "edition": report.edition,
            "provisional": report.provisional,
            "promise": one.name,
            "component": one.component,
            "target": one.target,
        }
        rows = _rows(report, one) if isinstance(one, PromiseLine) else _windows(one)
        for row in rows:
            writer.writerow({name: _cell(value) for name, value in (head | row).items()})
    return out.getvalue()


def _rows(report: Report, one: PromiseLine) -> Iterator[dict[str, object]]:
    yield {
        "row": "period",
        "state": one.state,
        "starts": report.starts,
        "ends": report.ends,
        **_counts(one.counted),
        "budget_spent": one.spent,
        "downtime_seconds": one.downtime,
        "achieved_without": one.without_exclusions,
    }
    yield from (_day(each) for each in one.days)
    yield from (_exclusion(each) for each in one.exclusions)


def _windows(one: AgreementLine) -> Iterator[dict[str, object]]:
    for each in one.windows:
        yield {
            "row": "agreement",
            "state": each.state,
            "starts": each.starts,
            "ends": each.ends,
            **_counts(each.counted),
            "downtime_seconds": each.downtime,
            "margin": each.margin,
            "owed_share": each.owed,
            "owed": each.owed_words,
            "achieved_without": each.without_exclusions,
        }
        yield from (_day(day) | {"row": "agreement day"} for day in each.days)
        yield from (_exclusion(left_out) for left_out in each.exclusions)


def _day(one: DayLine) -> dict[str, object]:
    told = {"row": "day", "state": one.state, "starts": one.day, "budget_spent": one.spent}
    return told | _counts(one.counted)


def _exclusion(one: ExclusionLine) -> dict[str, object]:
    return {
        "row": "exclusion",
        "starts": one.starts,
        "ends": one.ends,
        "good": one.total - one.bad,
        "bad": one.bad,
        "total": one.total,
        "excluded_seconds": one.within,
        "exclusion": one.id,
        "kind": one.kind,
        "because": one.because,
        "owner": one.owner,
        "said_at": one.said_at,
        "achieved_without": one.without,
    }


def _counts(one: Counted) -> dict[str, object]:
    return {
        "good": one.total - one.bad,
        "bad": one.bad,
        "total": one.total,
        "achieved": one.achieved,
        "covered_seconds": one.covered,
        "missing_seconds": one.missing,
        "excluded_seconds": one.excluded,
    }


def _cell(value: object) -> object:
    found = plain(value)
    if found is None:
        return ""
    if isinstance(found, bool):
        return "yes" if found else "no"
    if isinstance(found, str) and found.startswith(_FORMULA):
        return f"'{found}"  # a spreadsheet would reckon it
    return found
