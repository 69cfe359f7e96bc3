from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest

from required_dashboards import EVERY, NAMES
from standfast.publish.artefact import FOLDER
from standfast.spec import system as s


@pytest.fixture(scope="module")
def questions(shop: s.System, texts) -> dict[str, str]:
    """Of every panel, by dashboard."""
    first = next(one for one in shop.components.values() if one.serves and one.scrape)
    hosted = replace(first, signal_detail={"saturation": ("cpu", "memory", "disk")})
    journey = next(iter(shop.journeys.values()))
    steps = (s.FunnelStep(name="look", of=first.name, route="/products"),)
    system = replace(
        shop,
        components={**shop.components, first.name: hosted},
        journeys={**shop.journeys, journey.name: replace(journey, steps=steps)},
        experience=s.Experience(of=first.name, origins=("https://shop.test",), pages={}),
    )
    written = texts(system)
    found = {}
    for path, text in written.items():
        if path.startswith(f"{FOLDER}/grafana/") and path.endswith(".json"):
            panels = json.loads(text)["panels"]
            found[path.rpartition("/")[2].removesuffix(".json")] = "\n".join(
                p["title"] for p in panels
            )
    return found


@pytest.mark.parametrize(
    ("dashboard", "element", "path", "file", "shown", "question"), EVERY, ids=NAMES
)
def test_every_required_element_is_asked_in_grafana(
    questions: dict[str, str],
    dashboard: str,
    element: str,
    path: str,
    file: str,
    shown: str,
    question: str,
) -> None:
    assert re.search(question, questions[file]), f"{dashboard} lacks {element}"


def test_deployments_are_annotations_of_every_dashboard(shop: s.System, texts) -> None:
    written = texts(shop)
    for path, text in written.items():
        if path.startswith(f"{FOLDER}/grafana/") and path.endswith(".json"):
            marks = json.loads(text)["annotations"]["list"]
            assert any(
                "standfast_deploy_timestamp_seconds" in one.get("expr", "") for one in marks
            ), path
