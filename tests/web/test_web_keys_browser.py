"""The pages from the keyboard, in a real browser: keys, the palette, the lines to copy; clean by axe."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Route, expect, sync_playwright
from test_web_browser import CHROMIUM, FLAGS, PATHS, signed_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from web_server import Standfast

pytestmark = pytest.mark.browser
SHOTS = os.environ.get("STANDFAST_SCREENS")  # a folder: keep a picture of what opens
expect.set_options(timeout=30_000)  # as patient as everything else that waits for the browser
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser, standfast: Standfast) -> Iterator[Page]:
    page, wrong = signed_in(browser, standfast)
    page.goto(standfast.address + "/services")
    yield page
    page.close()
    assert wrong == []


def stop_the_clock(page: Page, standfast: Standfast) -> None:
    """So that no sequence of keys times out because the machine is slow."""
    page.clock.install()
    page.clock.pause_at(standfast.platform.now() + timedelta(minutes=1))


def declared(standfast: Standfast, title: str) -> str:
    with standfast.client("respond", "read") as api:
        body = {"title": title, "sev": "SEV3", "component": "web"}
        number: str = api.post("/api/v1/incidents", json=body).raise_for_status().json()["id"]
    return number


def test_two_keys_lead_to_a_page_and_wait_only_so_long_for_each_other(
    page: Page, standfast: Standfast
) -> None:
    stop_the_clock(page, standfast)
    page.keyboard.press("g")
    page.keyboard.press("i")
    page.wait_for_url("**/incidents")

    page.keyboard.press("g")
    page.clock.run_for(2000)
    page.keyboard.press("c")
    page.keyboard.press("g")
    page.keyboard.press("z")
    page.keyboard.press("Control+g")
    page.keyboard.press("o")
    page.keyboard.press("?")
    expect(page.locator("#help")).to_be_visible()
    expect(page.locator("h1")).to_have_text("Incidents")


def test_no_key_does_anything_while_somebody_types(page: Page, standfast: Standfast) -> None:
    page.goto(standfast.address + "/incidents")
    field = page.locator("input[name=title]")
    field.press_sequentially("go? a/k")

    expect(field).to_have_value("go? a/k")
    expect(field).to_be_focused()
    expect(page.locator("#help")).to_be_hidden()
    expect(page.locator("h1")).to_have_text("Incidents")


def test_a_slash_leads_to_the_search_and_where_there_is_none_to_the_palette(
    page: Page, standfast: Standfast
) -> None:
    page.keyboard.press("/")
    expect(page.locator("#palette")).to_be_visible()

    page.goto(standfast.address + "/audit")
    page.keyboard.press("/")
    expect(page.locator("input[name=actor]")).to_be_focused()
    expect(page.locator("input[name=actor]")).to_have_value("")


def test_rows_are_walked_and_opened_and_the_row_stays_while_the_page_changes(
    page: Page, standfast: Standfast
) -> None:
    for title in ("the first", "the second"):
        number = declared(standfast, title)
    page.goto(standfast.address + "/incidents")
    page.keyboard.press("j")
    expect(page.locator("tbody tr").nth(0)).to_be_focused()
    page.keyboard.press("k")
    expect(page.locator("tbody tr").nth(0)).to_be_focused()
    page.keyboard.press("j")
    row = page.locator("tbody tr", has_text="the first").first
    expect(row).to_be_focused()

    newer = declared(standfast, "a third")
    page.wait_for_selector(f"tbody tr:has-text('{newer}')")
    expect(row).to_be_focused()
    page.keyboard.press("k")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/incidents/{number}")


def test_a_page_is_acknowledged_from_its_row_and_nothing_from_another(
    page: Page, standfast: Standfast
) -> None:
    alert = {"name": "disk-filling", "component": "web", "severity": "P1", "summary": "disk full"}
    with standfast.client("alerts") as api:
        api.post("/api/v1/alerts", json={"alerts": [alert]}).raise_for_status()
    page.goto(standfast.address + "/on-call")
    waiting = page.locator("li", has=page.locator("form[action$='/acknowledge']"))
    expect(waiting).to_have_count(1)
    page.keyboard.press("a")
    expect(page.locator(".toast")).to_have_text("Go to the page first, with j and k.")
    page.keyboard.press("j")
    expect(waiting).to_be_focused()
    page.keyboard.press("Shift+A")
    page.keyboard.press("Alt+a")
    expect(waiting).to_have_count(1)

    with page.expect_navigation():
        page.keyboard.press("a")
    expect(waiting).to_have_count(0)
    expect(page.locator("main")).to_contain_text("acknowledged")
    page.keyboard.press("a")
    expect(page.locator(".toast")).to_have_text("Nothing on this page waits to be acknowledged.")


def test_the_switch_turns_single_keys_off_here_and_ctrl_k_goes_on(
    page: Page, standfast: Standfast
) -> None:
    page.keyboard.press("?")
    expect(page.locator("#help button")).to_be_focused()
    page.locator("#help .key-switch input").uncheck()
    page.keyboard.press("Escape")
    page.reload()
    page.keyboard.press("?")
    page.keyboard.press("g")
    page.keyboard.press("o")
    page.keyboard.press("Control+k")
    expect(page.locator("#palette")).to_be_visible()
    expect(page.locator("#help")).to_be_hidden()
    expect(page.locator("h1")).to_have_text("Service health")

    page.goto(standfast.address + "/keyboard")
    expect(page.locator("main .key-switch input")).not_to_be_checked()
    page.locator("main .key-switch input").check()
    page.keyboard.press("Tab")
    page.keyboard.press("?")
    expect(page.locator("#help")).to_be_visible()


def test_the_palette_goes_to_a_place_by_its_name(page: Page, standfast: Standfast) -> None:
    number = declared(standfast, "carts are lost")
    page.keyboard.press("Control+k")
    field = page.get_by_role("combobox")
    expect(field).to_be_focused()
    options = page.get_by_role("option")
    expect(options.first).to_contain_text("Overview")

    field.fill("nothing of that name")
    expect(options).to_have_count(0)
    expect(field).to_have_attribute("aria-expanded", "false")
    expect(page.locator("#palette [role=status]")).to_have_text("Nothing here is called that.")
    page.keyboard.press("Enter")
    expect(field).to_be_visible()

    field.fill("WEB")
    expect(options.nth(0)).to_have_attribute("aria-selected", "true")
    page.keyboard.press("ArrowDown")
    expect(options.nth(1)).to_contain_text("web-probes")
    expect(options.nth(1)).to_have_attribute("aria-selected", "true")
    expect(page.locator("[role=option][aria-selected=true]")).to_have_count(1)
    chosen = options.nth(1).get_attribute("id")
    expect(field).to_have_attribute("aria-activedescendant", chosen or "")
    page.keyboard.press("Escape")
    expect(field).to_be_hidden()

    page.keyboard.press("Control+k")
    field.fill("lost cart")
    expect(options).to_have_count(1)
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/incidents/{number}")


def test_a_phone_goes_to_a_place_without_a_keyboard(browser: Browser, standfast: Standfast) -> None:
    page, wrong = signed_in(browser, standfast, "dark", 390)
    page.click("#go")
    page.get_by_role("combobox").fill("read")
    page.get_by_role("option", name="journey").click()
    page.wait_for_url("**/experience#journey-read")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.close()
    assert wrong == []


def test_a_page_is_taken_to_the_shell_by_a_button_that_says_so(
    page: Page, standfast: Standfast
) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(standfast.address + "/objectives/web-probes")
    page.locator(".as-data summary").click()
    page.locator("[data-copies=as-command]").click()
    expect(page.locator(".copied")).to_have_text("Copied.")
    line = f"standfast slo show web-probes --server {standfast.address}"
    assert page.evaluate("navigator.clipboard.readText()") == line
    assert page.evaluate("getSelection().toString()") == line


def test_without_scripts_the_lines_stand_there_and_no_dead_button(
    browser: Browser, standfast: Standfast
) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(standfast.address + "/sign-in?next=/objectives/web-probes")
    page.fill("input[name=password]", standfast.password)
    page.click("button")
    page.locator(".as-data summary").click()
    expect(page.locator("#as-curl")).to_contain_text("Bearer $STANDFAST_TOKEN")
    for dead in ("#go", "#theme", "[data-copies=as-curl]", "#palette", "#help"):
        expect(page.locator(dead)).to_be_hidden()
    page.get_by_role("link", name="Keyboard").click()
    expect(page.locator("main")).to_contain_text("Without scripts there are no shortcuts.")
    expect(page.locator("main .key-switch")).to_be_hidden()
    context.close()


def test_colours_go_round_and_come_back_to_the_systems_own(page: Page) -> None:
    root, button = page.locator("html"), page.locator("#theme")
    expect(button).to_have_accessible_name("Colours as the system has them")
    for theme, name in (("dark", "Dark colours"), ("light", "Light colours")):
        button.click()
        expect(root).to_have_attribute("data-theme", theme)
        expect(button).to_have_accessible_name(name)
    button.click()
    page.reload()
    assert root.get_attribute("data-theme") is None


def test_everything_is_reached_by_tab_alone(page: Page) -> None:
    page.keyboard.press("Tab")
    expect(page.locator("a.skip")).to_be_focused()
    while page.evaluate("document.activeElement.id") != "go":
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement !== document.body"), "#go is not reached"
    page.keyboard.press("Enter")
    expect(page.get_by_role("combobox")).to_be_focused()
    page.get_by_role("option").first.wait_for()  # a list that scrolls must be no stop of its own
    page.keyboard.press("Tab")
    expect(page.locator("#palette button")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#go")).to_be_focused()


@pytest.mark.parametrize(("scheme", "width"), [("light", 1200), ("dark", 390)])
def test_what_opens_fits_and_breaks_no_rule_of_axe(
    browser: Browser, standfast: Standfast, scheme: str, width: int
) -> None:
    page, wrong = signed_in(browser, standfast, scheme, width)
    page.route("**/live", stand_still)
    page.goto(standfast.address + "/objectives/web-probes")
    page.locator(".as-data summary").click()
    clean(page, f"as-data-{scheme}", width)
    page.click("#go")
    page.get_by_role("option").first.wait_for()
    clean(page, f"palette-{scheme}", width)
    page.get_by_role("combobox").fill("zzz")
    page.get_by_role("option").first.wait_for(state="detached")
    clean(page, f"palette-empty-{scheme}", width)
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    clean(page, f"help-{scheme}", width)
    page.goto(standfast.address + "/keyboard")
    clean(page, f"keyboard-{scheme}", width)
    page.close()
    assert wrong == []


@pytest.mark.parametrize(
    ("scheme", "width", "paths"),
    [("light", 1200, ["/", "/on-call"]), ("dark", 390, [*PATHS, "/docs/operations/SLOs.md"])],
)
def test_every_page_is_clean_by_axe(
    browser: Browser, standfast: Standfast, scheme: str, width: int, paths: list[str]
) -> None:
    page, wrong = signed_in(browser, standfast, scheme, width)
    page.route("**/live", stand_still)
    for path in paths:
        page.goto(standfast.address + path)
        clean(page, path.strip("/").replace("/", "-"), width)
    page.close()
    assert wrong == []


def stand_still(route: Route) -> None:
    """No page changes while axe walks through it."""
    route.fulfill(content_type="text/event-stream", body="")


def clean(page: Page, name: str, width: int) -> None:
    if SHOTS:
        page.screenshot(path=Path(SHOTS) / f"{name}-{width}.png")
    assert page.evaluate("document.documentElement.scrollWidth") <= width, name
    found = Axe().run(page, options=RULES)
    assert found.response["violations"] == [], name
