"""The report as JSON: instants in RFC 3339, spans of time in seconds, shares as numbers."""

from __future__ import annotations

import dataclasses
import json
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from standfast.dashboards.report.value import Report

FORMAT = "standfast-sla-report/1"


def data(report: Report) -> str:
    told = {"format": FORMAT} | plain(report)
    return json.dumps(told, ensure_ascii=False, indent=2) + "\n"


def plain(value: object) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {one.name: plain(getattr(value, one.name)) for one in dataclasses.fields(value)}
    if isinstance(value, tuple):
        return [plain(each) for each in value]
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, timedelta):
        return _number(Fraction(value // timedelta(microseconds=1), 1_000_000))
    return _number(value) if isinstance(value, Fraction) else value


def _number(value: Fraction) -> int | float:
    return value.numerator if value.denominator == 1 else float(value)
