"""What the person who opens a document at three in the morning finds in it."""

from __future__ import annotations

import re
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parent))
import examples

from standfast.publish.commands import is_command, said, steps
from standfast.publish.edition import Edition
from standfast.publish.graph import MOST, drawn, graph_of
from standfast.publish.markdown import escape, prose
from standfast.spec import system as s
from standfast.spec.values import Grade, Strength
from standfast.web.diagrams import read


@pytest.fixture(scope="module")
def published() -> dict[str, dict[str, str]]:
    return {name: examples.documents(name) for name in examples.NAMES}


@pytest.mark.parametrize("name", examples.NAMES)
def test_the_examples_are_published_as_in_the_golden_files(name: str, published) -> None:
    folder = examples.GOLDEN / name
    golden = {
        file.relative_to(folder).as_posix(): file.read_text(encoding="utf-8")
        for file in folder.rglob("*.md")
    }
    assert published[name] == golden, "if it should have changed: run tests/publish/regild.py"


@pytest.mark.parametrize("name", examples.NAMES)
def test_every_link_leads_to_a_document_and_every_diagram_is_sound(name: str, published) -> None:
    texts = published[name]
    for path, text in texts.items():
        for link in re.findall(r"\]\(([^)#:]+\.md)\)", text):
            target = (Path("/") / path).parent / link
            assert Path(*target.parts).resolve().as_posix()[1:] in texts, (path, link)
        for diagram in re.findall(r"```mermaid\n(.*?)\n```", text, re.DOTALL):
            assert read(diagram) is not None, path
        assert not re.search(r"\b(TBD|TODO|FIXME)\b", re.sub(r"`[^`]*`", "", text)), path


def test_an_exhausted_budget_never_allows_what_a_fuller_one_forbids(published) -> None:
    text = published["shop"]["docs/operations/SLOs.md"]
    assert "| &lt; 25% | freeze features, fix reliability | no |" in text
    assert "| 0% | incident review | no |" in text


def test_journeys_stand_among_the_promises_with_their_budgets(published) -> None:
    text = published["shop"]["docs/operations/SLOs.md"]
    assert "| checkout (journey) | web → api → db → payments |" in text
    assert "| checkout (journey) | 99.3% | 0.7% | (1 − 99.3%) × 30d | **5.0 h** |" in text
    assert "99.5% × 99.9% × 99.95% × (99.9% + 0.1% × 99%) = **99.3498%**" in text


def test_detection_is_added_up_term_by_term(published) -> None:
    text = published["shop"]["docs/operations/alerting.md"]
    assert (
        "| api-availability-burns | scrape 15s + evaluation 15s + recording 15s + burn 52s | 1m37s | "
        "15m *(assumed, A-16)* | 16m37s |" in text
    )
    assert "| disk-full-soon | scrape 15s + evaluation 15s | 30s |" in text


def test_watches_are_told_in_the_zone_of_the_rotation_and_in_utc(published) -> None:
    text = published["shop"]["docs/operations/on-call.md"]
    assert (
        "| Mon 2026-11-23 09:00 | Mon 2026-11-30 09:00 | Mon 2026-11-23 08:00 | Cy Park (cy) |"
        in text
    )
    assert "| storefront | P1 *(assumed, A-19)* | primary | secondary after 5 min |" in text


def test_each_disruption_is_judged_against_both_promises(published) -> None:
    text = published["shop"]["docs/operations/recovery-objectives.md"]
    assert "| one node lost | 0 (no loss) | 0 (2 replicas) | kept | 1h |" in text
    assert "40s *(drilled 2026-10-02)* | kept | 1h | 33m30s by its steps; 31m" in text
    assert "| by when it is noticed | 1h | 120 GB ÷ 90 MB/s = 22.2 min" in text
    assert "37.8 min left for the rest |" in text


def test_the_other_side_of_a_failover_is_told_as_it_is(published) -> None:
    text = published["shop"]["docs/operations/disaster-recovery.md"]
    assert "- cache is not in eu-west-1: api goes on (origin: slower pages)" in text
    assert "- api has 1 in eu-west-1 and 4 in eu-central-1" in text
    assert "40m + 3m + 5m = **48m**." in text
    assert "31m of 1h, lost 40s *(drilled 2026-10-02)*" in text


def test_incidents_have_the_five_phases_with_their_time_boxes(published) -> None:
    text = published["shop"]["docs/operations/incident-response.md"]
    titles = re.findall(r"^### (\d\. .*)$", text, re.MULTILINE)
    assert [title.partition(" (")[0] for title in titles] == [
        "1. Detection and alert",
        "2. Triage",
        "3. Response team",
        "4. Resolution",
        "5. Post-incident",
    ]
    assert "(0–5 min)" in titles[0]
    assert "(5–15 min)" in titles[1]


def test_degradation_breakers_and_duties_are_in_the_incident_document(published) -> None:
    text = published["shop"]["docs/operations/incident-response.md"]
    assert "| api → payments | 50% fail in 10s, of 10 calls or more | 30s | queue |" in text
    assert "| database slow | db | enable the read cache |" in text
    assert "| gdpr | the supervisory authority | 72h of knowing | GDPR, Article 33 |" in text
    assert "PCI DSS v4.0.1, 12.10.1" in text


def test_a_runbook_says_what_is_normal_and_what_it_stands_on(published) -> None:
    text = published["shop"]["docs/operations/runbooks/api-down.md"]
    assert "- its page: `https://standfast.shop.test/services/api`" in text
    assert "- normal: requests a second 220, at the peak 500, p95 140ms" in text
    assert "- needs db (hard, gives up after 90ms): [database-issues](database-issues.md)" in text
    assert "standfast page acknowledge ID" in text
    assert text.index("## Queries") > text.index("## Escalation")


def test_general_advice_names_the_components_that_are_meant(published) -> None:
    text = published["shop"]["docs/operations/runbooks/api-down.md"]
    assert "General advice of standfast; write `runbooks.api-down` to replace it." in text
    assert "kubectl rollout undo deployment/web" in text
    own = published["shop"]["docs/operations/runbooks/queue-old.md"]
    assert "## From the reliability file" in own


def test_a_host_that_nobody_stated_is_not_made_up(published) -> None:
    text = published["seed-as-written"]["docs/operations/runbooks/database-issues.md"]
    assert "psql -h HOST -p 5432" in text
    assert "put it for HOST" in text


def test_a_value_bears_the_mark_of_how_it_is_known(
    edition: Edition, monkeypatch: pytest.MonkeyPatch
) -> None:
    grades = {
        "a": Grade.IMPORTED,
        "b": Grade.MEASURED,
        "c": Grade.DRILLED,
        "d": Grade.STATED,
    }
    monkeypatch.setattr(s.System, "grade", lambda _self, path: grades.get(path, Grade.ASSUMED))
    assert edition.mark("a") == " *(imported)*"
    assert edition.mark("b") == " *(measured)*"
    assert edition.mark("c") == " *(drilled)*"
    assert edition.mark("d") == ""
    assert edition.mark("service_levels.db-reachable") == " *(assumed, A-01)*"


# ------------------------------------------------------------------ commands and words


@pytest.mark.parametrize(
    "text",
    [
        "kubectl rollout undo deployment/api", "./ops/dns.sh eu-west-1", "/usr/local/bin/fence",
        "PGPASSWORD=x psql -c 'select 1'", "SELECT count(*) FROM pg_stat_activity", "df -h",
        "psql -c 'show the lag is this'", "SHOW STATUS", "top",
    ],
)  # fmt: skip
def test_commands_are_known(text: str) -> None:
    assert is_command(text)
    assert said(text).startswith("`")


@pytest.mark.parametrize(
    "text",
    [
        "The ready endpoint answers 200 from outside.", "restart, then scale out", "Show the graph",
        "ping the lead", "the old primary's network is cut", "",
        "status page", "tail the logs", "select a victim.", "and/or", "roll back", "...",
    ],
)  # fmt: skip
def test_words_are_known(text: str) -> None:
    assert not is_command(text)
    assert "`" not in said(text)


@given(st.lists(st.text(max_size=40), max_size=6))
def test_steps_are_numbered_whatever_they_hold(lines: list[str]) -> None:
    numbers = re.findall(r"^(\d+)\. ", steps(lines), re.MULTILINE)
    assert numbers == [str(number) for number in range(1, len(lines) + 1)]


# ------------------------------------------------------------------ large systems


def test_a_drawing_of_a_thousand_components_shows_those_that_matter(shop: s.System) -> None:
    parts = {
        f"c{number}": s.Component(
            name=f"c{number}",
            type="http",
            needs={f"c{number - 1}": s.Need(to=f"c{number - 1}", strength=Strength.HARD)}
            if number
            else {},
        )
        for number in range(1000)
    }
    journey = s.Journey(name="j", path=("c5", "c4"))
    big = replace(shop, components=parts, journeys={"j": journey})
    graph = graph_of(big)
    near = read(drawn(graph, struck="c500"))
    assert near is not None
    assert len(near.nodes) == MOST
    assert {"n_c499", "n_c500", "n_c501"} <= set(near.nodes)
    whole = read(drawn(graph))
    assert whole is not None
    assert set(whole.nodes) == {"n_c4", "n_c5"}


# ------------------------------------------------------------------ sentences with names in them


def test_names_in_our_own_sentences_stay_code() -> None:
    assert prose("add `owner:` to web_1") == "add `owner:` to web\\_1"
    assert prose("`a` and `b|c`") == "`a` and `b|c`"
    assert prose("one ` alone <b>") == escape("one ` alone <b>")


@given(st.text(max_size=80))
def test_prose_shows_every_text_and_makes_no_markup(text: str) -> None:
    shown = prose(text)
    assert "\n" not in shown
    assert "<b>" not in re.sub(r"(`+).*?\1", "", shown)
    plain = text.replace("`", "")
    assert prose(plain).strip() == escape(plain).strip()
