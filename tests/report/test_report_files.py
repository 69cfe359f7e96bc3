"""The report as files: a page, paper, a table, data; the same value always gives the same bytes."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import jsonschema
import pypdf
import pytest
from report_story import DAY, NOW, START, october, told

from standfast.dashboards.report import value
from standfast.drivers.typesetter import Typesetter
from standfast.publish.report import render, stem
from standfast.publish.report.paper import paper
from standfast.publish.report.schema import schema
from standfast.publish.report.table import COLUMNS

if TYPE_CHECKING:
    from standfast.dashboards.report.value import Report
    from standfast.store.database import Database

HERE = Path(__file__).parent
DOCS = HERE.parents[1] / "docs" / "reference"
HOSTILE = "=1+1 <script>alert(1)</script> #pagebreak() `x` \u0000 日本"


@pytest.fixture
def report(sqlite: Database) -> Report:
    told(sqlite)
    return october(sqlite)


@pytest.mark.parametrize("kind", ["html", "csv", "json"])
def test_the_files_are_those_that_were_read_and_found_good(report: Report, kind: str) -> None:
    golden = HERE / "golden" / f"2026-10.{kind}"

    assert render(report)[kind] == golden.read_bytes(), "run: python tests/report/regild.py"


def test_the_json_fits_its_schema_and_the_schema_is_current(report: Report) -> None:
    kept = json.loads((DOCS / "service-level-report.schema.json").read_text(encoding="utf-8"))

    assert kept == schema(), "run: python tests/report/regild.py"
    jsonschema.Draft202012Validator(kept).validate(json.loads(render(report)["json"]))


def test_every_field_and_column_is_in_the_reference() -> None:
    page = (DOCS / "service-level-report.md").read_text(encoding="utf-8")
    told = set(re.findall(r"`([a-z_]+)`", page))
    kinds = [
        one
        for name, one in vars(value).items()
        if name.endswith("Line") or name in {"Report", "Counted"}
    ]
    fields = {name for kind in kinds for name in kind.__dataclass_fields__}

    assert fields - told == set()
    assert {*COLUMNS} - told == set()


def test_the_table_adds_up(report: Report) -> None:
    rows = list(csv.DictReader(io.StringIO(render(report)["csv"].decode())))
    web = [row for row in rows if row["promise"] == "web-probes"]
    (whole,) = [row for row in web if row["row"] == "period"]
    days = [row for row in web if row["row"] == "day"]

    assert len(days) == 31
    for column in (
        "good",
        "bad",
        "total",
        "covered_seconds",
        "missing_seconds",
        "excluded_seconds",
    ):
        assert float(whole[column]) == sum(float(day[column]) for day in days), column
    assert [row["exclusion"] for row in web if row["row"] == "exclusion"] == ["EX-1"]


# ------------------------------------------------------------------ paper


def _pages(data: bytes) -> tuple[pypdf.PdfReader, str]:
    found = pypdf.PdfReader(io.BytesIO(data))
    return found, "\n".join(page.extract_text() for page in found.pages)


def test_the_same_report_is_set_as_the_same_bytes(report: Report) -> None:
    first = Typesetter().pdf(paper(report))

    assert Typesetter().pdf(paper(report)) == first
    assert Typesetter().pdf(paper(replace(report, made_by="bo"))) != first
    uneven = replace(report, made_at=NOW.replace(microsecond=123_456))
    assert Typesetter().pdf(paper(uneven)) == first  # a PDF knows seconds


def test_paper_is_tagged_has_a_text_layer_and_numbered_pages(report: Report) -> None:
    found, text = _pages(Typesetter().pdf(paper(report)))
    root = found.trailer["/Root"]

    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"] == "en"
    assert "/StructTreeRoot" in root
    assert found.metadata is not None
    assert found.metadata.title == "Service level report: October 2026"
    assert "pdfuaid" in root["/Metadata"].get_data().decode()
    for said in (
        "web-probes",
        "99.894%",
        "180 / 170,880 × 42,720 min = 45 min",
        "EX-1",
        "move to the new disks",
    ):
        assert said in " ".join(text.split()), said
    many = len(found.pages)
    for number, page in enumerate(found.pages, 1):
        assert f"Page {number} of {many}" in page.extract_text()
        assert "shop, 2026-10, edition 1" in page.extract_text()


def test_a_provisional_report_says_so_on_every_page(sqlite: Database) -> None:
    told(sqlite)
    found = october(sqlite, now=START + 20 * DAY)

    pages, _ = _pages(Typesetter().pdf(paper(found)))

    assert all("(provisional)" in page.extract_text() for page in pages.pages)
    assert "Provisional: October 2026 is not over" in render(found)["html"].decode()


def test_what_others_wrote_is_shown_and_never_obeyed(report: Report) -> None:
    first = report.promises[0]
    excluded = replace(first.exclusions[0], because=HOSTILE)
    hostile = replace(
        report, promises=(replace(first, exclusions=(excluded,)), *report.promises[1:])
    )

    files = render(hostile)
    _, text = _pages(Typesetter().pdf(paper(hostile)))

    assert b"<script" not in files["html"]
    assert "'=1+1" in files["csv"].decode()
    assert "#pagebreak()" in "".join(text.split())
    assert json.loads(files["json"])["promises"][0]["exclusions"][0]["because"] == HOSTILE


def test_the_page_loads_nothing_and_runs_nothing(report: Report) -> None:
    page = render(report)["html"].decode()

    assert "default-src 'none'" in page
    assert not re.search(r"<(script|link|img|iframe|form)\b|\bon[a-z]+=|url\((?!#)", page)


def test_a_later_edition_and_one_of_a_single_promise_have_names_of_their_own(
    report: Report,
) -> None:
    assert stem(report) == "2026-10"
    assert stem(replace(report, edition=2, of="web / api")) == "2026-10-web-api.edition-2"


def test_nothing_that_is_unknown_is_drawn_as_met(report: Report) -> None:
    page = render(report)["html"].decode()
    (row,) = re.findall(r"<th scope=\"row\">pay-probes</th>.*?</tr>", page)

    assert "unknown" in row
    assert 'class="state good"' not in row


def test_made_at_is_the_only_clock_of_the_files(report: Report) -> None:
    assert f"{NOW:%Y-%m-%dT%H:%M:%SZ}" in render(report)["html"].decode()
