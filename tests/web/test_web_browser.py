"""The pages in a real browser: light and dark, wide and narrow, live, and clean under their own policy."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

if TYPE_CHECKING:
    from collections.abc import Iterator

    from web_server import Standfast

pytestmark = pytest.mark.browser
CHROMIUM = "/usr/bin/chromium"
FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
PATHS = ["/", "/services", "/services/web", "/infrastructure", "/experience", "/objectives/web-probes",
         "/incidents", "/on-call", "/recovery", "/reports", "/audit", "/review"]  # fmt: skip
SHOTS = os.environ.get("STANDFAST_SCREENS")  # a folder: keep a picture of each page


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


def signed_in(
    browser: Browser, standfast: Standfast, scheme: str = "light", width: int = 1200
) -> tuple[Page, list[str]]:
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page.set_default_timeout(60_000)
    wrong: list[str] = []
    page.on(
        "console", lambda message: wrong.append(message.text) if message.type == "error" else None
    )
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.goto(standfast.address + "/sign-in")
    page.fill("input[name=password]", standfast.password)
    page.click("button")
    page.wait_for_selector("nav.main")
    return page, wrong


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1200, 390])
def test_every_page_fits_and_breaks_no_rule(
    browser: Browser, standfast: Standfast, scheme: str, width: int
) -> None:
    page, wrong = signed_in(browser, standfast, scheme, width)
    for path in PATHS:
        page.goto(standfast.address + path)
        page.wait_for_selector(".live[data-state=live]")
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
        assert page.locator("h1").count() == 1, path
        assert page.evaluate(
            "[...document.querySelectorAll('svg.chart')].every(s => s.getAttribute('aria-label'))"
        )
        if SHOTS:
            name = path.strip("/").replace("/", "-") or "overview"
            page.screenshot(path=Path(SHOTS) / f"{name}-{scheme}-{width}.png", full_page=True)
    page.close()

    assert wrong == []


def test_a_page_changes_by_itself_while_somebody_looks(
    browser: Browser, standfast: Standfast
) -> None:
    page, wrong = signed_in(browser, standfast)
    page.goto(standfast.address + "/services/web")
    page.wait_for_selector("h1 .state.good")
    page.evaluate("window.untouched = true")

    standfast.site.status = 500
    page.wait_for_selector("h1 .state.bad", timeout=60_000)
    standfast.site.status = 200
    page.wait_for_selector("h1 .state.good", timeout=60_000)

    assert page.evaluate("window.untouched"), "the page was loaded again"
    page.close()
    assert wrong == []


def test_colours_can_be_chosen_and_are_remembered(browser: Browser, standfast: Standfast) -> None:
    page, _ = signed_in(browser, standfast)
    page.click("#theme")
    page.reload()

    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    page.close()


def test_forms_work_without_scripts(browser: Browser, standfast: Standfast) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(standfast.address + "/sign-in")
    page.fill("input[name=password]", standfast.password)
    page.click("button")
    page.goto(standfast.address + "/incidents")
    page.fill("input[name=title]", "the search is slow")
    page.select_option("select[name=sev]", "SEV3")
    page.click("form[action='/incidents'] button")

    assert "the search is slow" in page.inner_text("h1")
    assert "SEV3" in page.inner_text(".lede")
    context.close()


def test_the_checklist_of_an_incident_is_ticked_on_its_page(
    browser: Browser, standfast: Standfast
) -> None:
    with standfast.client("respond", "read") as api:
        body = {"title": "it is slow", "sev": "SEV2", "component": "web"}
        number = api.post("/api/v1/incidents", json=body).raise_for_status().json()["id"]
    page, wrong = signed_in(browser, standfast, width=390)
    page.goto(f"{standfast.address}/incidents/{number}")
    assert page.locator("#checklist h3").all_inner_texts() == [
        "Detection and alert 0-5 min", "Triage 5-15 min", "Response team", "Resolution",
        "Post-incident",
    ]  # fmt: skip
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.click("#task-blast-radius")
    page.wait_for_selector("#task-blast-radius:has-text('Take back')")
    if SHOTS:
        page.screenshot(path=Path(SHOTS) / "incident-checklist-390.png", full_page=True)
    with standfast.client("read") as api:
        tasks = {
            one["id"]: one for one in api.get(f"/api/v1/incidents/{number}").json()["checklist"]
        }
    assert (tasks["blast-radius"]["done"], tasks["blast-radius"]["by"]) == (True, "admin")
    page.click("#task-blast-radius")
    page.wait_for_selector("#task-blast-radius:has-text('Done')")
    said = page.locator("ol.timeline").inner_text()
    assert "done: Assess blast radius" in said
    assert "not done after all: Assess blast radius" in said
    page.close()
    assert wrong == []


@pytest.mark.parametrize(("scheme", "width"), [("light", 1200), ("dark", 390)])
def test_documents_fit_and_break_no_rule(
    browser: Browser, standfast: Standfast, scheme: str, width: int
) -> None:
    page, wrong = signed_in(browser, standfast, scheme, width)
    for path in ("SLOs", "disaster-recovery", "runbooks/api-down"):
        page.goto(f"{standfast.address}/docs/operations/{path}.md")
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
        assert page.locator("h1").count() == 1, path
        assert page.locator("nav.shelf a[aria-current=page]").count() == 1, path
        assert page.evaluate(
            "[...document.querySelectorAll('svg.diagram')].every(s => s.getAttribute('aria-label'))"
        )
    assert page.locator("svg.diagram").count() == 1
    page.close()

    assert wrong == []
