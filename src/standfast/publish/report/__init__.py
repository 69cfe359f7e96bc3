"""The service level report as files: a page, a table and data; of its paper a typesetter makes the PDF."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from standfast.publish.report.data import data
from standfast.publish.report.page import page
from standfast.publish.report.table import table

if TYPE_CHECKING:
    from standfast.dashboards.report.value import Report

FORMATS = ("html", "pdf", "csv", "json")
_UNSAFE = re.compile("[^A-Za-z0-9._-]+")


def stem(report: Report) -> str:
    """What its files are called, before the dot: "2026-10", "2026-10-web.edition-2"."""
    of = f"-{_UNSAFE.sub('-', report.of)}" if report.of else ""
    edition = f".edition-{report.edition}" if report.edition > 1 else ""
    return f"{report.period}{of}{edition}"


def render(report: Report) -> dict[str, bytes]:
    """Format -> bytes, but for the PDF."""
    return {
        "html": page(report).encode(),
        "csv": table(report).encode(),
        "json": data(report).encode(),
    }
