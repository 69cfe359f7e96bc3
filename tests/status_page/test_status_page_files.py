from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest
from playwright.sync_api import sync_playwright
from status_story import NOW, books, told

from standfast.drivers.files import Tree
from standfast.engine.announce import Announce, write
from standfast.errors import StandfastError
from standfast.publish.status_page import render

if TYPE_CHECKING:
    from standfast.dashboards.status_page import StatusPage
    from standfast.store.database import Database

GOLDEN = Path(__file__).parent / "golden"
ATOM = "{http://www.w3.org/2005/Atom}"
UUID = re.compile(r"urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
HOSTILE = "</title><script>alert(1)</script>\"'&\x00\x1b[31m]]>"


@pytest.fixture
def page(sqlite: Database) -> StatusPage:
    return told(sqlite)


@pytest.mark.parametrize("name", ["index.html", "status.json", "feed.atom"])
def test_the_files_are_what_they_were(page: StatusPage, name: str) -> None:
    """After a change that was meant: python tests/status_page/regild.py"""
    assert render(page)[name] == (GOLDEN / name).read_text(encoding="utf-8")


def test_the_page_needs_no_script_and_no_other_file(page: StatusPage) -> None:
    text = render(page)["index.html"]

    assert not re.search(r"<script|<link rel=\"stylesheet|<img|\son\w+=|style=|https?://", text)
    assert "default-src 'none'" in text


def test_json_holds_every_day(page: StatusPage) -> None:
    found = json.loads(render(page)["status.json"])

    assert found["as_of"] == "2026-11-20T12:00:00Z"
    assert {len(one["days"]) for one in found["parts"]} == {90}


def test_the_feed_is_what_rfc_4287_asks_for(page: StatusPage) -> None:
    feed = ET.fromstring(render(page)["feed.atom"])

    assert feed.tag == f"{ATOM}feed"
    assert len(feed.findall(f"{ATOM}author")) == 1
    entries = feed.findall(f"{ATOM}entry")
    assert len(entries) == 2
    ids = []
    for one in (feed, *entries):
        for name in ("id", "title", "updated"):
            assert len(one.findall(ATOM + name)) == 1, name
        ids.append(one.findtext(f"{ATOM}id"))
        assert re.fullmatch(
            r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", one.findtext(f"{ATOM}updated") or ""
        )
        links = [(link.get("rel"), link.get("type")) for link in one.findall(f"{ATOM}link")]
        assert ("alternate", "text/html") in links
        assert len(links) == len(set(links))
    assert len(ids) == len(set(ids))
    assert all(UUID.fullmatch(one or "") for one in ids)
    newest = [one.findtext(f"{ATOM}updated") for one in entries]
    assert newest == sorted(newest, reverse=True)
    assert feed.findtext(f"{ATOM}updated") == newest[0]


def test_an_entry_keeps_its_id_while_its_incident_goes_on(page: StatusPage) -> None:
    later = replace(page.open[0], title="Other words", updated=NOW + timedelta(hours=1))

    def ids(of: StatusPage) -> set[str | None]:
        found = ET.fromstring(render(of)["feed.atom"])
        return {one.findtext(f"{ATOM}id") for one in found.iter(f"{ATOM}entry")}

    assert ids(replace(page, open=(later,))) == ids(page)


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.append(tag)


def tags(text: str) -> list[str]:
    parser = Tags()
    parser.feed(text)
    return parser.tags


def test_hostile_names_are_shown_and_not_obeyed(page: StatusPage) -> None:
    hostile = replace(
        page,
        name=HOSTILE,
        words=HOSTILE,
        parts=tuple(replace(one, name=HOSTILE) for one in page.parts),
        open=tuple(replace(one, title=HOSTILE, affects=(HOSTILE,)) for one in page.open),
    )
    texts = render(hostile)

    assert tags(texts["index.html"]) == tags(render(page)["index.html"])
    assert "\x00" not in texts["index.html"]
    title = ET.fromstring(texts["feed.atom"]).findtext(f"{ATOM}title") or ""
    assert title == HOSTILE.replace("\x00", "\ufffd").replace("\x1b", "\ufffd") + " status"
    assert json.loads(texts["status.json"])["name"] == HOSTILE


def test_it_is_written_on_news_and_every_five_minutes(page: StatusPage, tmp_path: Path) -> None:
    shown = {"page": page}
    system = books()
    system = replace(system, server=replace(system.server, status_page="out"))
    announce = Announce(
        lambda now: replace(shown["page"], as_of=now), lambda name: Tree(str(tmp_path / name))
    )

    def at(**later: float) -> bool:
        return announce.tick(system, NOW + timedelta(**later))

    assert at(seconds=0)
    assert not at(seconds=20)
    shown["page"] = replace(page, words="Down: web")
    assert at(seconds=40)
    assert "Down: web" in (tmp_path / "out" / "index.html").read_text(encoding="utf-8")
    assert not at(minutes=4)
    assert at(minutes=5, seconds=30)
    assert sorted(one.name for one in (tmp_path / "out").iterdir()) == [
        "feed.atom",
        "index.html",
        "status.json",
    ]


def test_nothing_is_written_where_no_folder_is_set(page: StatusPage, tmp_path: Path) -> None:
    announce = Announce(lambda now: page, lambda name: Tree(str(tmp_path / name)))

    assert not announce.tick(books(), NOW)
    assert list(tmp_path.glob("*.html")) == []


def test_a_folder_that_cannot_be_written_is_told_and_tried_again(
    page: StatusPage, tmp_path: Path
) -> None:
    system = books()
    system = replace(system, server=replace(system.server, status_page="out"))
    announce = Announce(lambda now: page, lambda name: Tree(str(tmp_path / name)))
    (tmp_path / "out").write_text("in the way")

    with pytest.raises(StandfastError, match="cannot write it"):
        announce.tick(system, NOW)
    (tmp_path / "out").unlink()
    assert announce.tick(system, NOW)


@pytest.mark.browser
def test_it_fits_a_telephone_by_day_and_by_night(page: StatusPage, tmp_path: Path) -> None:
    write(Tree(str(tmp_path)), page)
    papers = set()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--headless", "--no-sandbox", "--disable-gpu"]
        )  # fmt: skip
        for scheme in ("light", "dark"):
            shown = browser.new_page(viewport={"width": 390, "height": 800}, color_scheme=scheme)
            wrong: list[str] = []
            shown.on("console", lambda message, wrong=wrong: wrong.append(message.text))
            shown.goto((tmp_path / "index.html").as_uri())
            shown.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
            assert shown.evaluate("document.documentElement.scrollWidth") <= 390
            assert shown.locator("svg.bars[role=img][aria-label]").count() == len(page.parts)
            papers.add(shown.evaluate("getComputedStyle(document.body).backgroundColor"))
            assert len(shown.screenshot(path=tmp_path / f"{scheme}.png")) > 5_000
            assert wrong == []
        browser.close()
    assert len(papers) == 2
