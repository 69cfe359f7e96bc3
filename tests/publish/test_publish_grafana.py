from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from generated_files import GENERATED, laid, run

from standfast import spec
from standfast.drivers.files import Files
from standfast.publish.grafana.drawing import _letters
from standfast.publish.grafana.files import dashboards
from standfast.publish.grafana.panel import Kind, Panel, Target
from standfast.spec import system as s

EXAMPLES = Path(__file__).parents[2] / "examples"
NAMES = ("executive-overview", "service-health", "infrastructure", "user-experience", "on-call")
PANEL = {"id", "type", "title", "description", "gridPos", "links"}
QUERY = PANEL | {"datasource", "targets", "fieldConfig", "options", "transformations"}
TARGET = {"refId", "datasource", "expr", "legendFormat", "editorMode", "instant", "range", "format"}
UNITS = {"short", "s", "percentunit", "reqps", "bytes", "Bps", "ops", "dtdurations"}
COLOURS = {"green", "orange", "red"}


def loaded(texts: dict[str, str]) -> dict[str, dict]:
    paths = {name: f"{GENERATED}/grafana/{name}.json" for name in NAMES}
    return {name: json.loads(texts[path]) for name, path in paths.items() if path in texts}


def panels_of(dashboard: dict) -> list[dict]:
    return [one for one in dashboard["panels"] if one["type"] != "row"]


def exprs_of(dashboard: dict) -> list[str]:
    marks = [one["expr"] for one in dashboard["annotations"]["list"] if "expr" in one]
    return marks + [
        target["expr"] for panel in panels_of(dashboard) for target in panel.get("targets", ())
    ]


def test_the_five_dashboards_are_there_and_each_panel_asks_a_question(
    shop: s.System, texts
) -> None:
    found = loaded(texts(shop))
    assert tuple(found) == NAMES
    assert len({one["uid"] for one in found.values()}) == 5
    for name, dashboard in found.items():
        questions = [panel["title"] for panel in panels_of(dashboard)]
        assert all("?" in one for one in questions), name
        assert len(set(questions)) == len(questions), name


@pytest.mark.parametrize("which", ["shop", "bare"])
def test_dashboards_have_the_shape_that_grafana_loads(
    which: str, request: pytest.FixtureRequest, texts
) -> None:
    for name, dashboard in loaded(texts(request.getfixturevalue(which))).items():
        assert dashboard["schemaVersion"] >= 36
        assert len(dashboard["uid"]) <= 40
        ids = [one["id"] for one in dashboard["panels"]]
        assert len(set(ids)) == len(ids)
        _strict(name, dashboard)


def _strict(name: str, dashboard: dict) -> None:
    taken: set[tuple[int, int]] = set()
    for panel in dashboard["panels"]:
        place = panel["gridPos"]
        assert set(place) == {"h", "w", "x", "y"}
        assert 0 <= place["x"] <= 24 - place["w"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not taken & cells, (name, panel["title"])
        taken |= cells
        if panel["type"] == "row":
            continue
        assert panel["type"] in set(Kind)
        if panel["type"] == "text":
            assert set(panel) == PANEL | {"options"}
            assert panel["options"]["content"].strip()
            continue
        assert set(panel) == QUERY
        refs = [one["refId"] for one in panel["targets"]]
        assert refs == [_letters(turn) for turn in range(len(refs))]
        for target in panel["targets"]:
            assert set(target) == TARGET
            assert target["expr"].strip()
            assert target["instant"] != target["range"]
            assert target["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
        defaults = panel["fieldConfig"]["defaults"]
        assert defaults["unit"] in UNITS
        steps = defaults["thresholds"]["steps"]
        assert steps[0]["value"] is None
        values = [one["value"] for one in steps[1:]]
        assert values == sorted(values), (name, panel["title"])
        assert {one["color"] for one in steps} <= COLOURS
        for link in panel["links"]:
            assert link["url"].startswith("https://")


@pytest.mark.parametrize(
    "example",
    [None, *sorted(EXAMPLES.glob("*.yaml"))],
    ids=lambda path: path.stem if path else "test",
)
def test_promtool_reads_every_query_of_every_panel(
    example: Path | None, shop: s.System, tmp_path: Path, texts
) -> None:
    written = texts(spec.read(str(example), Files()) if example else shop)
    exprs = sorted({one for dashboard in loaded(written).values() for one in exprs_of(dashboard)})
    assert exprs
    rules = [{"record": f"panel:query:{number}", "expr": one} for number, one in enumerate(exprs)]
    file = tmp_path / "panels.yml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": rules}]}))
    assert f"{len(exprs)} rules found" in run(tmp_path, "promtool", "check", "rules", str(file))


def test_thresholds_are_those_of_objectives_and_alerts(shop: s.System, texts) -> None:
    found = loaded(texts(shop))
    steps = {
        panel["title"]: [
            (one["color"], one["value"])
            for one in panel["fieldConfig"]["defaults"]["thresholds"]["steps"]
        ]
        for dashboard in found.values()
        for panel in panels_of(dashboard)
        if panel["type"] != "text"
    }
    assert steps["api: how slow is it?"] == [("green", None), ("orange", 0.2), ("red", 0.4)]
    assert steps["api: how much of it fails?"] == [
        ("green", None),
        ("orange", 0.001),
        ("red", 0.05),
    ]
    assert steps["db: is the disk full?"] == [("green", None), ("red", 0.8)]
    assert steps["db: how old is the newest backup?"] == [("green", None), ("red", 93_600)]
    assert steps["api-availability: is 99.9% kept over 30d?"] == [("red", None), ("green", 0.999)]
    # The policy freezes below a quarter and is content above half.
    assert steps["May we deploy? How much of each error budget is left"] == [
        ("red", None), ("orange", 0.25), ("green", 0.5)
    ]  # fmt: skip


def test_what_happened_stands_on_the_charts_of_every_dashboard(shop: s.System, texts) -> None:
    for dashboard in loaded(texts(shop)).values():
        marks = {one["name"]: one for one in dashboard["annotations"]["list"]}
        assert marks["Deploys"]["target"]["tags"] == ["deploy", "shop"]
        assert "process_start_time_seconds" in marks["Restarts"]["expr"]
        assert 'severity=~"P1|P2"' in marks["Pages"]["expr"]


def test_figures_lead_to_standfast_and_alerts_to_their_runbooks(shop: s.System, texts) -> None:
    found = loaded(texts(shop))
    links = {
        link["url"] for one in found.values() for panel in panels_of(one) for link in panel["links"]
    }
    base = shop.server.public_url
    assert {
        f"{base}/objectives/api-availability",
        f"{base}/services/api",
        f"{base}/recovery",
    } <= links
    (runbooks,) = (
        panel["options"]["content"]
        for panel in panels_of(found["on-call"])
        if panel["title"].startswith("Which runbook")
    )
    assert "docs/operations/runbooks/api-down.md" in runbooks


def test_nothing_is_drawn_of_what_nobody_measures(bare: s.System, texts) -> None:
    found = loaded(texts(bare))
    assert "infrastructure" not in found
    assert "http_server" not in json.dumps(found)
    assert "process_" not in json.dumps(found)
    index = texts(bare)[f"{GENERATED}/README.md"]
    assert "| `grafana/infrastructure.json` | no component is scraped" in index
    assert "MON-01 | DevOps/Platform" in index


def test_a_query_or_a_question_cannot_be_empty() -> None:
    with pytest.raises(ValueError, match="empty query"):
        Target(expr="  ")
    with pytest.raises(ValueError, match="without its window"):
        Target(expr="rate(x[$w])")
    with pytest.raises(ValueError, match="no question"):
        Panel(question=" ", kind=Kind.STAT, targets=(Target(expr="up"),))
    with pytest.raises(ValueError, match="neither or both"):
        Panel(question="what?", kind=Kind.STAT)


def test_more_panels_than_a_row_holds_go_below(edition) -> None:
    many = tuple(
        Panel(question=f"{number}?", kind=Kind.LINES, targets=(Target(expr="up"),))
        for number in range(50)
    )
    first = next(dashboards(edition))
    from standfast.publish.grafana.drawing import drawn

    row = replace(first.rows[0], panels=many)
    _strict("many", json.loads(drawn(edition, replace(first, rows=(row, row))).text))


def test_queries_beyond_the_alphabet_have_names_of_their_own() -> None:
    names = [_letters(turn) for turn in range(800)]
    assert names[:2] == ["A", "B"]
    assert names[25:28] == ["Z", "AA", "AB"]
    assert len(set(names)) == 800


def test_grafana_is_told_of_the_source_and_of_the_folder(
    shop: s.System, tmp_path: Path, texts
) -> None:
    folder = laid(tmp_path, texts(shop)) / "grafana" / "provisioning"
    (source,) = yaml.safe_load((folder / "datasources/standfast.yaml").read_text())["datasources"]
    (provider,) = yaml.safe_load((folder / "dashboards/standfast.yaml").read_text())["providers"]
    assert (source["uid"], source["type"]) == ("standfast", "prometheus")
    assert provider["options"]["path"] == "/var/lib/grafana/dashboards/standfast"
