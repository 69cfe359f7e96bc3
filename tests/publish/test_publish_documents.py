from __future__ import annotations

import json
import re
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import jsonschema
import pytest

from standfast.publish import plan
from standfast.publish.markdown import code, escape, fence
from standfast.spec import system as s

GOLDEN = Path(__file__).parent / "golden"
SEED = (
    *(
        f"docs/operations/{name}.md"
        for name in (
            "SLOs",
            "monitoring",
            "alerting",
            "on-call",
            "dashboards",
            "backup-strategy",
            "disaster-recovery",
            "recovery-objectives",
            "incident-response",
            "runbooks/api-down",
            "runbooks/high-cpu",
            "runbooks/database-issues",
            "post-mortem-template",
            "audit-logging",
        )
    ),
    *(
        f"docs/compliance/{name}.md"
        for name in ("audit-events", "audit-schema", "retention-policy", "audit-access")
    ),
)


@pytest.mark.parametrize("which", ["shop", "bare"])
def test_every_output_of_the_skill_is_there(
    which: str, request: pytest.FixtureRequest, texts
) -> None:
    written = texts(request.getfixturevalue(which))
    assert set(SEED) <= set(written)
    assert {"docs/operations/README.md", "docs/operations/review.md"} <= set(written)


@pytest.mark.parametrize("which", ["shop", "bare"])
def test_no_document_puts_off_and_no_table_is_empty(
    which: str, request: pytest.FixtureRequest, texts
) -> None:
    for path, text in texts(request.getfixturevalue(which)).items():
        assert not re.search(r"\b(TBD|TODO|FIXME|N/A)\b", text), path
        assert not re.search(r"^\|( --- \|)+\n(?!\|)", text, re.MULTILINE), path
        if path.endswith(".md"):
            head = text[:700]
            assert "As of 2026-11-24" in head, path
            assert "review verdict **CLARIFY**" in head, path
            assert "sha256:5f5f5f5f5f5f5f5f" in head, path


def test_every_section_of_a_document_has_something_to_say(bare: s.System, texts) -> None:
    for path, text in texts(bare).items():
        if path.endswith(".md"):
            bodies = re.split(r"^#{2,3} .*$", text, flags=re.MULTILINE)[1:]
            for body in bodies[:-1]:
                assert re.sub(r"<!--.*?-->|\s", "", body) or "\n### " in text, path


def test_what_the_file_leaves_out_is_asked_of_a_role_by_rule(bare: s.System, texts) -> None:
    written = texts(bare)
    for path, asked in {
        "docs/operations/SLOs.md": "(SLO-01), owed by: Business Analyst",
        "docs/operations/on-call.md": "(ONC-01), owed by: DevOps/Platform",
        "docs/operations/recovery-objectives.md": "(DAT-00), owed by: Business Analyst",
        "docs/operations/backup-strategy.md": "(BKP-01), owed by: Data Architect",
        "docs/compliance/retention-policy.md": "(CMP-00), owed by: Legal",
    }.items():
        assert asked in written[path], path


def test_the_same_input_gives_the_same_bytes(shop: s.System, texts) -> None:
    assert texts(shop) == texts(shop)


def test_what_was_written_is_in_step_with_itself(shop: s.System, outputs_of) -> None:
    outputs = outputs_of(shop)
    present = {path: output.text for path, output in outputs.items()}
    work = plan(outputs.values(), present)
    assert (work.drift, work.orphans) == ((), ())


def test_every_alert_has_a_runbook_and_every_link_leads_somewhere(shop: s.System, texts) -> None:
    written = texts(shop)
    for path, text in written.items():
        if not path.endswith(".md"):
            continue
        folder = Path(path).parent
        for target in re.findall(r"\]\(((?!http)[^)#]+)\)", text):
            parts: list[str] = []
            for part in (folder / target).parts:
                parts = parts[:-1] if part == ".." else [*parts, part]
            assert "/".join(parts) in written, f"{path} links to {target}"


def test_assumed_values_are_marked_and_stated_ones_are_not(shop: s.System, texts) -> None:
    slos = texts(shop)["docs/operations/SLOs.md"]
    assert "99.9% *(assumed, A-01)*" in slos
    assert slos.count("assumed, A-01") == 2  # the promise, and its budget


def test_figures_are_shown_with_their_arithmetic(shop: s.System, texts) -> None:
    written = texts(shop)
    assert "(1 − 99.9%) × 30d | **43.2 min**" in written["docs/operations/SLOs.md"]
    assert "120 GB ÷ 90 MB/s = **22.2 min**" in written["docs/operations/backup-strategy.md"]
    recovery = written["docs/operations/disaster-recovery.md"]
    assert "answer to a P1 5m + wait before deciding 5m + steps 21m" in recovery
    assert "= **32m30s**. The RTO is 1h: kept" in recovery
    assert "| 14.4 | 1.44% | P1 | 52s | 8m38s | never |" in written["docs/operations/alerting.md"]


def test_a_runbook_names_what_falls_with_it_and_what_it_costs(shop: s.System, texts) -> None:
    text = texts(shop)["docs/operations/runbooks/api-down.md"]
    assert "goes down with it: web" in text
    assert "users cannot: **browse, checkout** (4,200 EUR an hour)" in text
    assert "kubectl -n shop rollout undo deployment/api" in text
    assert "curl -fsS https://api.shop.example.org/health/deep" in text


def test_telephone_numbers_and_secrets_stay_out_of_the_repository(shop: s.System, texts) -> None:
    for path, text in texts(shop).items():
        assert "+49 30" not in text, path


def test_notes_of_people_are_part_of_the_compliance_documents(shop: s.System, texts) -> None:
    notes = {"docs/compliance/notes/retention-policy.md": "Agreed with the works council."}
    text = texts(shop, notes=notes)["docs/compliance/retention-policy.md"]
    assert text.rstrip().endswith("Agreed with the works council.")


def test_values_of_the_file_cannot_become_markup(shop: s.System, texts, outputs_of) -> None:
    evil = "x|y <script>alert(1)</script> `rm` [a](javascript:b)\n<!-- standfast:end header -->"
    person = replace(shop.people["dee"], name=evil)
    written = texts(replace(shop, people={**shop.people, "dee": person}))
    for path, text in written.items():
        assert "<script>" not in text, path
        assert not re.search(r"(?<!\\)\]\(javascript:", text), path
        assert "\n<!-- standfast:end header -->\n" in text or not path.startswith("docs/operations")
    outputs = outputs_of(replace(shop, people={**shop.people, "dee": person}))
    assert plan(outputs.values(), {p: o.text for p, o in outputs.items()}).drift == ()


def test_code_keeps_its_back_ticks_and_a_fence_cannot_be_closed_from_inside() -> None:
    assert code("a`b") == "``a`b``"
    assert fence("```\nevil").startswith("````")
    assert escape("# a | *b*") == r"\# a \| \*b\*"


def test_the_schema_of_events_accepts_the_skills_event_and_refuses_others(
    shop: s.System, texts
) -> None:
    schema = json.loads(texts(shop)["ops/generated/audit/schema.json"])
    jsonschema.Draft202012Validator.check_schema(schema)
    event = {
        "id": "018f3b5e-0000-7000-8000-000000000001",
        "timestamp": "2026-11-24T00:00:00Z",
        "actor": {"type": "user", "id": "ada", "ip_address": "192.0.2.1"},
        "action": {"type": "auth.login", "category": "authentication", "description": "signed in"},
        "outcome": {"status": "success"},
        "checksum": "ab" * 32,
    }
    jsonschema.validate(event, schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(
            {**event, "actor": {"type": "robot", "id": "x", "ip_address": None}}, schema
        )


@pytest.mark.parametrize(
    "path",
    [
        "docs/operations/SLOs.md",
        "docs/operations/alerting.md",
        "docs/operations/disaster-recovery.md",
        "docs/operations/runbooks/api-down.md",
        "docs/compliance/retention-policy.md",
        "ops/generated/prometheus/rules.yml",
        "ops/generated/alertmanager/alertmanager.yml",
    ],
)
def test_the_shop_is_published_as_in_the_golden_files(shop: s.System, path: str, texts) -> None:
    golden = GOLDEN / path
    assert texts(shop)[path] == golden.read_text(encoding="utf-8"), (
        f"{path} changed; if it should have: uv run python {Path(__file__).parent}/regild.py"
    )


def test_the_next_eight_weeks_of_on_call_are_named_hour_by_hour(shop: s.System, texts) -> None:
    text = texts(shop)["docs/operations/on-call.md"]
    rows = re.findall(r"^\| (\w{3} [\d-]+ [\d:]+) \| (\w{3} [\d-]+ [\d:]+) \| ", text, re.MULTILINE)
    assert rows[0][0] == "Tue 2026-11-24 00:00"
    assert rows[-1][1] == "Tue 2027-01-19 00:00"
    assert all(end == begin for (_, end), (begin, _) in pairwise(rows))
    assert all(begin.startswith("Mon") and begin.endswith("09:00") for begin, _ in rows[1:])
