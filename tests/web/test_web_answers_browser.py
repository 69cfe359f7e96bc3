"""A finding is answered where it is read."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from playwright.sync_api import Browser, sync_playwright
from test_web_browser import CHROMIUM, FLAGS, signed_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from web_server import Standfast

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.mark.parametrize("width", [1200, 390])
def test_a_finding_is_answered_on_the_page(
    browser: Browser, standfast: Standfast, width: int
) -> None:
    page, wrong = signed_in(browser, standfast, width=width)
    page.goto(standfast.address + "/review")
    page.wait_for_selector(".live[data-state=live]")
    item = page.locator("li", has_text="INP-10").first
    item.locator("summary").click()
    item.locator("select[name=answer]").select_option("REJECT")
    # The page asks for itself again meanwhile; what was chosen stays chosen.
    with page.expect_response(lambda answer: answer.request.headers.get("x-live") == "1"):
        pass
    item.locator("textarea[name=because]").fill("nothing is sold")
    item.locator("textarea[name=instead]").fill(f"a promise to ourselves, {width}")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    item.get_by_role("button", name="Answer").click()
    page.wait_for_selector(".state:has-text('rejected')")
    item = page.locator("li", has_text="INP-10").first
    item.locator("summary").click()
    assert "nothing is sold." in item.inner_text()
    assert f"Instead: a promise to ourselves, {width}." in item.inner_text()
    page.close()

    assert wrong == []
