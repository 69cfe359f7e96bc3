"""Dashboards as the JSON that Grafana loads (schema version 39, which Grafana 10 and later read)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from standfast.publish.artefact import FOLDER
from standfast.publish.document import GENERATED, Generated
from standfast.publish.grafana.panel import Kind
from standfast.publish.prometheus import metrics
from standfast.publish.prometheus.promql import one_of, series

if TYPE_CHECKING:
    from collections.abc import Iterator

    from standfast.publish.edition import Edition
    from standfast.publish.grafana.panel import Dashboard, Limits, Panel, Row
    from standfast.spec.system import System

SOURCE = {"type": "prometheus", "uid": "${datasource}"}
SOURCE_UID = "standfast"
GRAFANA = {"type": "grafana", "uid": "-- Grafana --"}
_COLUMNS = 24
_SIZE = {  # columns, rows
    Kind.STAT: (6, 5),
    Kind.BARS: (12, 8),
    Kind.LINES: (8, 8),
    Kind.TABLE: (12, 8),
    Kind.STATES: (12, 6),
    Kind.TEXT: (12, 8),
}
Json = dict[str, object]


def drawn(edition: Edition, dashboard: Dashboard) -> Generated:
    content: Json = {
        "uid": f"standfast-{dashboard.name}",
        "title": f"{edition.system.name}: {dashboard.title}",
        "description": f"{dashboard.question} {GENERATED} {edition.version} from "
        f"sha256:{edition.system.digest[:16]}, as of {edition.as_of.isoformat()}; edits are lost.",
        "tags": ["standfast", edition.system.name],
        "schemaVersion": 39,
        "version": 1,
        "editable": False,
        "graphTooltip": 1,
        "refresh": "30s",
        "time": {"from": "now-6h", "to": "now"},
        "timezone": "browser",
        "templating": {"list": [_choice_of_source()]},
        "annotations": {"list": list(_annotations(edition.system))},
        "links": list(_links(edition, dashboard)),
        "panels": list(_panels(dashboard.rows)),
    }
    # The standard library indents in Python, and takes seconds for a thousand components.
    text = msgspec.json.format(msgspec.json.encode(content), indent=2).decode()
    return Generated(path=f"{FOLDER}/grafana/{dashboard.name}.json", text=text + "\n")


def _choice_of_source() -> Json:
    return {
        "name": "datasource",
        "label": "Prometheus",
        "type": "datasource",
        "query": "prometheus",
        "current": {"text": SOURCE_UID, "value": SOURCE_UID},
        "options": [],
        "hide": 0,
        "refresh": 1,
        "multi": False,
        "includeAll": False,
    }


def _links(edition: Edition, dashboard: Dashboard) -> Iterator[Json]:
    yield {
        "title": "Other dashboards",
        "type": "dashboards",
        "tags": ["standfast", edition.system.name],
        "asDropdown": True,
        "keepTime": True,
    }
    if base := edition.system.server.public_url:
        yield {
            "title": "In standfast",
            "type": "link",
            "icon": "external link",
            "url": base.rstrip("/") + dashboard.page,
            "targetBlank": True,
        }


# ------------------------------------------------------------------ what happened when


def _annotations(system: System) -> Iterator[Json]:
    yield {
        "name": "Deploys",
        "datasource": GRAFANA,
        "enable": True,
        "iconColor": "blue",
        "target": {
            "type": "tags",
            "tags": ["deploy", system.name],
            "matchAny": False,
            "limit": 100,
        },
    }
    yield _mark(
        "Deploys marked in standfast",
        "blue",
        f"time() - {metrics.DEPLOYED} < 60",
        "{{component}} {{version}} deployed",
        "component,version",
    )
    scraped = tuple(one.name for one in system.components.values() if one.scrape)
    if scraped:
        started = series("process_start_time_seconds", {"job": one_of(scraped)})
        yield _mark(
            "Restarts", "purple", f"changes({started}[2m]) > 0", "{{job}} began anew", "job"
        )
    yield _mark(
        "Pages",
        "red",
        series("ALERTS", {"severity": "P1|P2"}, alertstate="firing"),
        "{{alertname}}",
        "severity,component",
    )
    yield _mark(
        "standfast down", "dark-red", f"absent({metrics.UP} == 1)", "standfast does not answer", ""
    )


def _mark(name: str, colour: str, expr: str, title: str, tags: str) -> Json:
    return {
        "name": name,
        "datasource": SOURCE,
        "enable": True,
        "iconColor": colour,
        "expr": expr,
        "step": "60s",
        "titleFormat": title,
        "tagKeys": tags,
    }


# ------------------------------------------------------------------ panels


def _panels(rows: tuple[Row, ...]) -> Iterator[Json]:
    """Rows from the top down; panels side by side as long as they fit."""
    number, top = 0, 0
    for row in rows:
        number += 1
        place = {"h": 1, "w": _COLUMNS, "x": 0, "y": top}
        yield {"id": number, "type": "row", "title": row.title, "collapsed": False,
               "gridPos": place, "panels": []}  # fmt: skip
        left, top, deepest = 0, top + 1, 0
        for panel in row.panels:
            wide, high = _SIZE[panel.kind]
            if left + wide > _COLUMNS:
                left, top, deepest = 0, top + deepest, 0
            number += 1
            yield _panel(panel, number, {"h": high, "w": wide, "x": left, "y": top})
            left, deepest = left + wide, max(deepest, high)
        top += deepest


def _panel(panel: Panel, number: int, place: Json) -> Json:
    drawing: Json = {
        "id": number,
        "type": panel.kind.value,
        "title": panel.question,
        "description": panel.about,
        "gridPos": place,
        "links": [{"title": one.title, "url": one.url, "targetBlank": True} for one in panel.links],
    }
    if panel.kind is Kind.TEXT:
        return drawing | {"options": {"mode": "markdown", "content": panel.text}}
    return drawing | {
        "datasource": SOURCE,
        "targets": [
            {
                "refId": _letters(turn),
                "datasource": SOURCE,
                "expr": one.expr,
                "legendFormat": one.legend or "__auto",
                "editorMode": "code",
                "instant": panel.kind in _INSTANT,
                "range": panel.kind not in _INSTANT,
                "format": "table" if panel.kind is Kind.TABLE else "time_series",
            }
            for turn, one in enumerate(panel.targets)
        ],
        "fieldConfig": {"defaults": _defaults(panel), "overrides": []},
        "options": _OPTIONS[panel.kind],
        "transformations": _TABLE if panel.kind is Kind.TABLE else [],
    }


_INSTANT = frozenset({Kind.STAT, Kind.BARS, Kind.TABLE})
_LAST: Json = {"calcs": ["lastNotNull"], "fields": "", "values": False}
_OPTIONS: dict[Kind, Json] = {
    Kind.STAT: {"reduceOptions": _LAST, "colorMode": "background", "graphMode": "none",
                "textMode": "auto", "justifyMode": "auto"},
    Kind.BARS: {"reduceOptions": _LAST, "displayMode": "basic", "orientation": "horizontal",
                "showUnfilled": True},
    Kind.LINES: {"legend": {"displayMode": "list", "placement": "bottom", "showLegend": True},
                 "tooltip": {"mode": "multi", "sort": "desc"}},
    Kind.TABLE: {"showHeader": True, "cellHeight": "sm"},
    Kind.STATES: {"showValue": "never", "mergeValues": True, "rowHeight": 0.8,
                  "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True}},
}  # fmt: skip
_TABLE: list[Json] = [
    {
        "id": "organize",
        "options": {"excludeByName": {"Time": True, "__name__": True, "Value": True}},
    }
]


def _defaults(panel: Panel) -> Json:
    found: Json = {"unit": panel.unit, "thresholds": _thresholds(panel.limits), "mappings": []}
    if panel.words:
        shown = {f"{value:g}": {"text": words, "index": turn}
                 for turn, (value, words) in enumerate(panel.words)}  # fmt: skip
        found["mappings"] = [{"type": "value", "options": shown}]
    if panel.kind in {Kind.STAT, Kind.BARS, Kind.STATES}:
        found["color"] = {"mode": "thresholds"}
    if panel.kind is Kind.BARS and panel.unit == "percentunit":
        found |= {"min": 0, "max": 1}
    if panel.kind is Kind.LINES:
        found["custom"] = {
            "drawStyle": "line",
            "lineWidth": 1,
            "fillOpacity": 5,
            "showPoints": "never",
            "spanNulls": False,  # a gap is a gap: nothing was measured
            "thresholdsStyle": {"mode": "line" if panel.limits else "off"},
        }
    return found


def _thresholds(limits: Limits | None) -> Json:
    steps: list[Json] = [{"color": "green", "value": None}]
    if limits and limits.below:
        edges = [(limits.bad, "green" if limits.warn is None else "orange")]
        edges += [] if limits.warn is None else [(limits.warn, "green")]
        steps = [{"color": "red", "value": None}]
    elif limits:
        edges = [] if limits.warn is None else [(limits.warn, "orange")]
        edges += [(limits.bad, "red")]
    else:
        edges = []
    steps += [{"color": colour, "value": round(float(edge), 9)} for edge, colour in edges]
    return {"mode": "absolute", "steps": steps}


def _letters(turn: int) -> str:
    """A, B ... Z, AA, AB: the names that Grafana gives queries."""
    before, last = divmod(turn, 26)
    return (_letters(before - 1) if before else "") + chr(ord("A") + last)
