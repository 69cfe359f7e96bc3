# /// script
# requires-python = ">=3.11"
# dependencies = ["pillow>=12", "playwright>=1.65"]
# ///
"""Pictures of the pages for the documents, from a running demo, light, dark and as a phone shows them.

    standfast demo --port 8600                 # wait until the story is told; it prints the password
    uv run tools/screenshots.py http://127.0.0.1:8600 PASSWORD

Writes docs/_static/NAME-light.png, -dark.png and -phone.png, each with few colours. A Chromium of the machine
is used; `--chromium` names another than the one on the path.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

TO = Path(__file__).parents[1] / "docs" / "_static"
PAGES = {
    "executive-overview": "/",
    "service-health": "/services",
    "service": "/services/api",
    "infrastructure": "/infrastructure",
    "user-experience": "/experience",
    "on-call": "/on-call",
    "objective": "/objectives/api-availability",
}
KINDS = {
    "light": ("light", 1280, 1000),
    "dark": ("dark", 1280, 1000),
    "phone": ("light", 390, 1000),
}
FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
LARGEST = 150_000  # bytes
_COLOURS = 255


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("address")
    parser.add_argument("password")
    parser.add_argument(
        "--chromium", default=shutil.which("chromium") or shutil.which("chromium-browser")
    )
    parser.add_argument("--to", type=Path, default=TO)
    parser.add_argument("--whole", action="store_true", help="whole pages, to look at them")
    parser.add_argument(
        "--path", action="append", default=[], help="other pages than those of the documents"
    )
    given = parser.parse_args()
    pages = {one.strip("/").replace("/", "-") or "root": one for one in given.path} or PAGES
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=given.chromium, args=FLAGS)
        for kind, (scheme, width, height) in KINDS.items():
            page = signed_in(browser, given.address, given.password, scheme, width, height)
            for name, path in pages.items():
                page.goto(given.address + path)
                page.wait_for_load_state("load")
                page.wait_for_timeout(700)
                wide = page.evaluate("document.documentElement.scrollWidth")
                if wide > width:
                    sys.stderr.write(f"{name} is {wide} wide on a screen of {width}\n")
                file = given.to / f"{name}-{kind}.png"
                file.write_bytes(small(page.screenshot(full_page=given.whole)))
                size = file.stat().st_size
                large = " TOO LARGE" if size > LARGEST else ""
                sys.stdout.write(f"{file.name}: {size:,} bytes{large}\n")
            page.close()
        browser.close()


def signed_in(
    browser: Browser, address: str, password: str, scheme: str, width: int, height: int
) -> Page:
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme="dark" if scheme == "dark" else "light",
        timezone_id="UTC",
        locale="en-GB",
    )
    page = context.new_page()
    page.goto(f"{address}/sign-in")
    page.fill("input[name=password]", password)
    page.click("button")
    page.wait_for_selector("nav.main")
    return page


def small(picture: bytes) -> bytes:
    """With the colours that are used most, exactly; the edges of letters take the nearest of them."""
    plain = Image.open(BytesIO(picture)).convert("RGB")
    counted = plain.getcolors(plain.width * plain.height) or []
    most = [colour for _, colour in sorted(counted, key=lambda one: -one[0])[:_COLOURS]]
    palette = Image.new("P", (1, 1))
    palette.putpalette([part for colour in most for part in colour])
    found = BytesIO()
    plain.quantize(palette=palette, dither=Image.Dither.NONE).save(found, "PNG", optimize=True)
    return found.getvalue()


if __name__ == "__main__":
    main()
