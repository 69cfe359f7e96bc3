"""Charts that one hovers, in a real browser: by uPlot, alive under the pointer, and there without scripts."""

from __future__ import annotations

import threading
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Browser, Page, sync_playwright
from test_web_browser import CHROMIUM, FLAGS, signed_in
from web_server import FILE, Standfast, running, until

from standfast.audit.event import SYSTEM
from standfast.web.api import beacon
from standfast.web.limiting import Limit

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.browser
PAGE = (
    '<!doctype html><title>Blog</title><script src="{}/beacon.js" defer></script>'
    "<h1>Hello</h1><button>Go</button>"
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


class _Blog(BaseHTTPRequestHandler):
    """Another origin: a page that carries the beacon."""

    standfast = ""
    cookies: list[str]

    def do_GET(self) -> None:
        body = PAGE.format(type(self).standfast).encode()
        self.send_response(200)
        self.send_header("content-type", "text/html")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[ThreadingHTTPServer]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Blog", (_Blog,), {}))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def blog(
    tmp_path_factory: pytest.TempPathFactory, elsewhere: ThreadingHTTPServer
) -> Iterator[Standfast]:
    origin = f"http://127.0.0.1:{elsewhere.server_port}"
    text = f'{FILE}experience: {{{{of: web, origins: ["{origin}"], pages: {{{{posts: /posts/*}}}}}}}}\n'
    with running(tmp_path_factory.mktemp("plots"), text=text) as found:
        elsewhere.RequestHandlerClass.standfast = found.address
        store, now = found.platform.keeping.database, found.platform.now()
        for ago in range(200, 0, -5):
            at, value = now - timedelta(seconds=ago), float(ago % 7)
            store.keep(
                lambda tx, at=at, v=value: tx.monitoring.keep_gauges("web", at, {"connections": v})
            )
        found.platform.deploys.mark("web", "7.7", SYSTEM, at=now - timedelta(seconds=60))
        yield found


PLOT = "#plot-web-connections"


def test_a_chart_is_drawn_told_and_read_under_the_pointer_while_the_page_lives(
    browser: Browser, blog: Standfast
) -> None:
    page, wrong = signed_in(browser, blog)
    page.goto(blog.address + "/services/web")
    page.wait_for_selector(f"{PLOT} .uplot canvas")
    assert not page.is_visible(f"{PLOT} svg.chart")
    label = page.get_attribute(f"{PLOT} [role=img]", "aria-label")
    assert label.startswith("web, connections: ")
    page.evaluate("window.drawn = document.querySelector('#plot-web-connections canvas')")
    page.hover(f"{PLOT} .u-over", position={"x": 120, "y": 40})
    page.wait_for_function(f"document.querySelector('{PLOT} .reading').textContent.includes(': ')")
    before = page.locator(f"{PLOT}").get_attribute("data-plot")

    now = blog.platform.now()
    blog.platform.keeping.database.keep(
        lambda tx: tx.monitoring.keep_gauges("web", now, {"connections": 6.5})
    )
    blog.site.status = 500
    until(
        lambda: blog.platform.read.service("web", blog.platform.now()).mark.tone == "bad", "trouble"
    )
    page.wait_for_timeout(2500)
    assert page.evaluate("window.drawn.isConnected"), "the chart under the pointer was taken away"
    assert page.locator(f"{PLOT} .reading").text_content() != ""
    assert page.locator("h1 .state.bad").count() == 0, "the rest waits while somebody reads"

    page.mouse.move(5, 5)
    page.wait_for_selector("h1 .state.bad", timeout=60_000)
    assert page.evaluate("window.drawn.isConnected"), "the chart is taken over into the new page"
    assert page.locator(f"{PLOT}").count() == 1
    assert before
    blog.site.status = 200
    page.close()
    assert wrong == []


def test_without_scripts_the_servers_own_drawing_stands_there(
    browser: Browser, blog: Standfast
) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(blog.address + "/sign-in")
    page.fill("input[name=password]", blog.password)
    page.click("button")
    page.goto(blog.address + "/services/web")
    assert page.is_visible(f"{PLOT} svg.chart")
    assert page.locator(f"{PLOT} svg .flag").count() == 1
    page.click("#table-web-connections summary")
    assert page.locator("#table-web-connections tbody tr").count() > 5
    context.close()


def drawn_anew(page: Page) -> None:
    page.evaluate("document.querySelector('h1').dataset.old = 'yes'")
    page.wait_for_selector("h1:not([data-old])")


def test_a_link_to_why_opens_it_and_the_keyboard_stays_there_while_the_page_lives(
    browser: Browser, blog: Standfast
) -> None:
    page, wrong = signed_in(browser, blog)
    page.goto(blog.address + "/services/web#why-web-connections")
    page.wait_for_selector("#why-web-connections[open] summary:focus")
    drawn_anew(page)
    assert page.evaluate("document.activeElement.closest('details').id") == "why-web-connections"
    page.focus(".crumbs a")
    drawn_anew(page)
    assert page.evaluate("document.activeElement.getAttribute('href')") == "/services"
    zone = page.evaluate("Intl.DateTimeFormat().resolvedOptions().timeZone")
    said = "Times are UTC." if zone == "UTC" else f"Times are of {zone}; point at one for UTC."
    assert said in page.locator("footer").text_content()
    page.close()
    assert wrong == []


@pytest.mark.parametrize(("scheme", "width"), [("dark", 1200), ("light", 390)])
def test_pages_with_charts_fit(browser: Browser, blog: Standfast, scheme: str, width: int) -> None:
    page, wrong = signed_in(browser, blog, scheme, width)
    for path in ("/services/web", "/infrastructure", "/experience", "/exclusions", "/on-call"):
        page.goto(blog.address + path)
        page.wait_for_selector(".live[data-state=live]")
        for fold in page.locator("details > summary").all()[:8]:
            fold.click()
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
    page.close()
    assert wrong == []


def test_a_real_browser_on_another_origin_tells_how_its_page_felt(
    browser: Browser,
    blog: Standfast,
    elsewhere: ThreadingHTTPServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    free = Limit(rate=1e6, burst=1e6, rate_of_all=1e6, burst_of_all=1e6)
    monkeypatch.setattr(beacon, "_limit", free)
    context = browser.new_context()
    page = context.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.goto(f"http://127.0.0.1:{elsewhere.server_port}/posts/7?who=ada")
    page.wait_for_function("self.webVitals")
    page.click("button")
    page.goto("about:blank")

    def loads() -> dict[str, int]:
        pages = blog.platform.read.experience(blog.platform.now()).pages
        return {one.name: one.samples for one in pages[0].vitals}

    until(lambda: loads()["LCP"], "the load to be counted")
    assert {name for name, count in loads().items() if count == 1} >= {"LCP", "FCP", "TTFB", "CLS"}
    assert context.cookies() == []
    context.close()
    assert wrong == []
