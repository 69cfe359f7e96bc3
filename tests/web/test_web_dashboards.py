"""The five required dashboards as pages: every element, and why each number is what it is."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from datetime import timedelta
from fractions import Fraction
from hashlib import sha384
from html import unescape
from importlib import resources
from typing import TYPE_CHECKING

import pytest
from web_server import FILE, Standfast, running

from required_dashboards import EVERY, NAMES
from standfast.audit.event import SYSTEM
from standfast.monitoring.count import Count, bucket_start
from standfast.slo.status import BurnDown

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

STEPS = (
    "steps: [{{name: list, of: web, route: /}}, {{name: open a post, of: web, route: /posts}},"
    " {{name: comment, of: web, route: /comments}}]"
)
TEXT = FILE.replace(
    "read: {{path: [web], slo: 99%}}", f"read: {{{{path: [web], slo: 99%, {STEPS}}}}}"
)
TEXT += """
experience:
  of: web
  origins: ["https://blog.test"]
  pages: {{posts: /posts/*}}
alerts:
  disk-full: {{of: web, when: disk used > 80% for 10m, severity: P3}}
"""
RESOURCES = {
    "cpu used": 0.95, "memory used": 0.4, "disk used": 0.7, "network received": 5e6, "network sent": 1e3,
    "container memory used": 0.2, "connections": 12.0, "p95 latency": 0.2, "error rate": 0.01,
    "requests per second": 4.0,
}  # fmt: skip


@pytest.fixture(scope="module")
def blog(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Standfast]:
    with running(tmp_path_factory.mktemp("dashboards"), text=TEXT) as found:
        store, now = found.platform.keeping.database, found.platform.now()
        for ago in range(120, 0, -15):
            at = now - timedelta(seconds=ago)
            store.keep(lambda tx, at=at: tx.monitoring.keep_gauges("web", at, RESOURCES))
        for ago in (60, 40, 20):
            point = BurnDown(at=now - timedelta(seconds=ago), left=Fraction(ago, 60))
            store.keep(lambda tx, p=point: tx.levels.keep_points({"web-probes": p}))
        for route, taken in (("/", 200), ("/posts", 80)):
            store.keep(lambda tx, r=route, n=taken: tx.levels.add([_count(r, n, now)]))
        for _ in range(20):
            found.platform.feel.take("/posts/7", {"LCP": 1800, "INP": 90, "CLS": 0.3}, now)
        found.platform.feel.tick(found.platform.accept.current(), now)
        found.platform.deploys.mark("web", "1.2.3", SYSTEM, at=now - timedelta(seconds=50))
        yield found


def _count(route: str, taken: int, now: datetime) -> Count:
    minute = timedelta(minutes=1)
    return Count(
        indicator=f"web/step@{route}", at=bucket_start(now, minute), bad=3, total=taken + 3,
        covered=minute, seen_from=now - minute,
    )  # fmt: skip


def seen(blog: Standfast, path: str) -> str:
    with blog.client("read") as api:
        return api.get(path).raise_for_status().text


@pytest.mark.parametrize(
    ("dashboard", "element", "path", "file", "shown", "question"), EVERY, ids=NAMES
)
def test_every_required_element_is_in_its_page(
    blog: Standfast, dashboard: str, element: str, path: str, file: str, shown: str, question: str
) -> None:
    assert shown in seen(blog, path), f"{dashboard} lacks {element}"


@pytest.mark.parametrize(
    "path", ["/services/web", "/infrastructure", "/experience", "/objectives/web-probes"]
)
def test_every_chart_has_words_and_a_table_beside_it(blog: Standfast, path: str) -> None:
    page = seen(blog, path)
    for drawing in re.findall(r'<svg class="chart"[^>]*>', page):
        assert len(re.search(r'aria-label="([^"]*)"', drawing)[1]) > 20
    figures = page.count('<figure class="plot"')
    assert page.count("As a table") >= figures
    assert figures > 0
    ids = re.findall(r' id="([^"]+)"', page)
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("path", ["/services/web", "/infrastructure"])
def test_every_figure_says_why_it_is_what_it_is(blog: Standfast, path: str) -> None:
    page = seen(blog, path)
    whys = re.findall(r'<details class="why".*?</details>', page, re.DOTALL)
    assert len(whys) == page.count('<figure class="plot"') or len(whys) > 5
    for one in whys:
        for term in ("Made of", "Asked", "Window", "Samples", "Missing", "Who set the bar"):
            assert f"<dt>{term}</dt>" in one
    assert re.search(r"\b[89], the newest of", page)


def test_the_funnel_tells_what_was_never_counted_from_nobody(blog: Standfast) -> None:
    with blog.client("read") as api:
        funnel = api.get("/api/v1/experience").json()["journeys"][0]["funnel"]
    assert [one["taken"] for one in funnel] == [200, 80, None]
    assert [one["failed"] for one in funnel] == [3, 3, 0]
    assert funnel[1]["of_first"] == pytest.approx(0.4)
    assert funnel[1]["dropped"] == pytest.approx(0.6)
    assert funnel[2]["of_first"] is None


def test_page_loads_are_rated_by_the_published_thresholds(blog: Standfast) -> None:
    with blog.client("read") as api:
        pages = api.get("/api/v1/experience").json()["pages"]
    rated = {one["name"]: one["mark"]["word"] for one in pages[0]["vitals"]}
    assert rated == {
        "LCP": "good",
        "INP": "good",
        "CLS": "poor",
        "FCP": "unknown",
        "TTFB": "unknown",
    }
    assert pages[0]["mark"]["tone"] == "bad"


def test_a_resource_is_judged_by_the_alert_of_the_file_and_else_by_how_full_it_is(
    blog: Standfast,
) -> None:
    store, now = blog.platform.keeping.database, blog.platform.now()
    # Again: on a busy machine what was kept when the server started is too old by now to be told.
    store.keep(lambda tx: tx.monitoring.keep_gauges("web", now, RESOURCES))
    with blog.client("read") as api:
        screen = api.get("/api/v1/infrastructure").json()
    web, db = screen["resources"]
    cells = {one["kind"]: (one["now"], one["mark"]["tone"]) for one in web["cells"]}
    assert cells["CPU"] == ("95%", "bad")
    assert cells["Memory"] == ("40%", "good")
    assert cells["Disk"] == ("70%", "warn"), "the alert begins at 80%"
    assert cells["Network"][0] == "5 MB/s"
    assert cells["Containers"] == ("20%", "good")
    assert screen["words"].startswith("A resource may be the cause. web: CPU 95%, under ")
    assert {one["mark"]["word"] for one in db["cells"]} == {"unknown"}
    assert screen["silent"] == ["db"]


def test_what_nothing_looks_at_is_unknown_and_not_well(blog: Standfast) -> None:
    with blog.client("read") as api:
        screen = api.get("/api/v1/services").json()
    assert [one["name"] for one in screen["unknown"]] == ["db"]
    assert "of 1 nothing is known" in screen["words"]


def test_the_ceiling_stands_beside_what_was_measured_and_both_say_what_they_are_made_of(
    blog: Standfast,
) -> None:
    with blog.client("read") as api:
        screen = api.get("/api/v1/objectives/reading").json()
        journey = api.get("/api/v1/objectives/read").json()
        alone = api.get("/api/v1/objectives/web-probes").json()
    together = screen["together"]
    assert together["words"].startswith("(3 × web-probes 99% + 1 × read 99%) / 4; unknown")
    assert [(one["of"], one["weight"]) for one in together["parts"]] == [
        ("web-probes", "3"),
        ("read", "1"),
    ]
    assert {one["indicator"] for one in together["parts"]} == {"web/probe"}
    assert "taken to be perfect: db" in together["words"]
    assert journey["together"]["words"].startswith("web 99%; unknown")
    assert alone["together"] is None
    page = seen(blog, "/objectives/reading")
    assert 'class="label">Ceiling' in page
    assert page.count("web/probe") >= 2
    assert "composite of" in page


def test_a_deployment_is_drawn_on_the_charts_and_listed(blog: Standfast) -> None:
    page = seen(blog, "/services/web")
    told = json.loads(unescape(re.search(r'data-plot="([^"]*)"', page)[1]))
    assert [mark[1:] for mark in told["marks"]] == [["web 1.2.3 deployed", "deploy"]]
    assert page.count('class="flag"') >= len(RESOURCES)
    assert "1.2.3" in seen(blog, "/services")
    objective = seen(blog, "/objectives/web-probes")
    assert "Deployed meanwhile" in objective
    metrics = seen(blog, "/metrics")
    assert 'standfast_deploy_timestamp_seconds{component="web",version="1.2.3"}' in metrics
    loads = r'standfast_web_vital_seconds_bucket\{page="posts",vital="LCP",le="(\S+)"\} (\d+)'
    found = {float(edge): int(count) for edge, count in re.findall(loads, metrics)}
    assert (found[1.5], found[2], found[float("inf")]) == (0, 20, 20)


def test_a_figure_of_the_services_leads_to_why_it_is_what_it_is(blog: Standfast) -> None:
    services, service = seen(blog, "/services"), seen(blog, "/services/web")
    for name in ("requests-per-second", "error-rate", "p95-latency"):
        assert f'href="/services/web#why-web-{name}"' in services
        assert f'id="why-web-{name}"' in service


def test_of_a_service_the_golden_signals_stand_first_and_the_rest_after_what_one_can_do(
    blog: Standfast,
) -> None:
    page = seen(blog, "/services/web")
    order = [">error rate</h2>", "Health checks", "May it be deployed?", ">memory used</h3>"]
    places = [page.index(one) for one in order]
    assert places == sorted(places)
    assert "A flag on a chart is a deployment: web 1.2.3 deployed" in page


def test_a_journey_rests_on_what_is_promised_of_each_component_and_not_on_itself(
    blog: Standfast,
) -> None:
    with blog.client("read") as api:
        (step,) = api.get("/api/v1/experience").json()["journeys"][0]["steps"]
    assert step["objective"] in {"web-probes", ""}


def test_every_table_says_what_it_is_a_table_of(blog: Standfast) -> None:
    for path in ("/", "/services", "/services/web", "/infrastructure", "/experience", "/on-call",
                 "/objectives/web-probes", "/recovery", "/reports", "/incidents", "/audit"):  # fmt: skip
        page = seen(blog, path)
        assert page.count("<table") == page.count("<caption"), path


def test_vendored_files_are_those_that_their_note_names() -> None:
    folder = resources.files("standfast.web").joinpath("static/vendor")
    note = folder.joinpath("README.md").read_text(encoding="utf-8")
    noted = dict(re.findall(r"^\| `([^`]+)` .* `([^`]+)` \|$", note, re.MULTILINE))
    files = {one.name for one in folder.iterdir() if one.name.endswith((".js", ".css"))}
    assert files == set(noted)
    for name, digest in noted.items():
        assert b64encode(sha384(folder.joinpath(name).read_bytes()).digest()).decode() == digest
    assert {"uPlot.LICENSE", "web-vitals.LICENSE"} <= {one.name for one in folder.iterdir()}
