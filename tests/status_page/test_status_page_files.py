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
from hypothesis import given
from hypothesis import strategies as st
from playwright.sync_api import sync_playwright
from status_story import NAMES, NOW, books, told

from standfast.drivers.files import Tree
from standfast.engine.announce import Announce, write
from standfast.errors import StandfastError
from standfast.publish.status_page import render
from standfast.publish.status_page.badges import badge, badges

if TYPE_CHECKING:
    from standfast.dashboards.status_page import StatusPage
    from standfast.store.database import Database

GOLDEN = Path(__file__).parent / "golden"
ATOM = "{http://www.w3.org/2005/Atom}"
SVG = "{http://www.w3.org/2000/svg}"
UUID = re.compile(r"urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
HOSTILE = "</title><script>alert(1)</script>\"'&\x00\x1b[31m]]>"


@pytest.fixture
def page(sqlite: Database) -> StatusPage:
    return told(sqlite)


@pytest.mark.parametrize("name", NAMES)
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

    harmless = replace(page, parts=tuple(replace(one, name="a b") for one in page.parts))
    assert tags(texts["index.html"]) == tags(render(harmless)["index.html"])
    assert "\x00" not in texts["index.html"]
    title = ET.fromstring(texts["feed.atom"]).findtext(f"{ATOM}title") or ""
    assert title == HOSTILE.replace("\x00", "\ufffd").replace("\x1b", "\ufffd") + " status"
    assert json.loads(texts["status.json"])["name"] == HOSTILE


# ------------------------------------------------------------------ badges


def test_each_part_has_badges_and_so_has_the_whole(page: StatusPage) -> None:
    paths = [one for one in render(page) if one.endswith(".svg")]
    folders = {one.rpartition("/")[0] for one in paths}

    assert folders == {
        "badges", "badges/journey/read", "badges/journey/buy", "badges/component/web",
        "badges/component/pay",
    }  # fmt: skip
    assert len(paths) == 5 * len(folders)
    linked = re.findall(r'href="(badges/[^"]+)"', render(page)["index.html"])
    assert sorted(linked) == sorted(paths)


def pictured(text: str) -> tuple[list[str], set[str]]:
    """The texts of a badge, and its colours."""
    found = ET.fromstring(text)
    texts = [one.text or "" for one in found.iter(f"{SVG}text")]
    title = found.findtext(f"{SVG}title") or ""
    assert title.startswith(f"{texts[0]}: {texts[1]}")
    return texts, {one.get("fill") or "" for one in found.iter(f"{SVG}rect")} - {""}


@pytest.mark.parametrize(
    ("state", "said", "colour"),
    [
        ("operational", "operational", "#1a7f37"),
        ("reduced", "reduced", "#9a6700"),
        ("down", "down", "#c4242f"),
        ("partly measured", "partly measured", "#57606a"),
        ("no requests", "unknown", "#57606a"),
        ("unknown", "unknown", "#57606a"),
        ("never heard of", "unknown", "#57606a"),
    ],
)
def test_a_badge_says_the_state_in_a_word_and_a_colour(
    page: StatusPage, state: str, said: str, colour: str
) -> None:
    texts = badges(replace(page, state=state))

    assert pictured(texts["badges/state.svg"]) == (["books", said], {colour})


def test_a_share_is_shown_only_where_enough_was_measured(page: StatusPage) -> None:
    known = replace(page.availability[0], state="fine", good=0.999)
    blind = replace(known, state="not measured")
    idle = replace(known, state="no requests", good=None)
    bad = replace(known, state="much trouble", good=0.94999, words="<&>")

    def shown(one: object) -> tuple[list[str], set[str]]:
        return pictured(badges(replace(page, availability=(one,)))["badges/24h.svg"])

    assert shown(known) == (["books 24h", "99.90%"], {"#1a7f37"})
    assert shown(blind) == (["books 24h", "unknown"], {"#57606a"})
    assert shown(idle) == (["books 24h", "unknown"], {"#57606a"})
    assert shown(bad) == (["books 24h", "94.99%"], {"#c4242f"})


def test_no_name_leads_a_badge_out_of_its_folder_or_into_its_markup(page: StatusPage) -> None:
    names = ("../../x", "a/b", "", ".", HOSTILE, "x" * 64)
    parts = tuple(replace(page.parts[0], name=one) for one in names)
    found = badges(replace(page, name=HOSTILE, words=HOSTILE, parts=parts))

    assert set(found) == {f"badges/{one}.svg" for one in ("state", "24h", "7d", "30d", "90d")}
    strange = badges(replace(page, parts=(replace(page.parts[0], kind="../x"),)))
    assert not any(".." in one for one in strange)
    picture = ET.fromstring(found["badges/state.svg"])
    tags = {one.tag.removeprefix(SVG) for one in picture.iter()}
    assert tags == {"svg", "title", "rect", "path", "g", "text"}
    assert "unsafe" not in found["badges/state.svg"]


@given(st.text(max_size=200), st.text(max_size=200))
def test_whatever_is_written_fits_into_its_badge(label: str, said: str) -> None:
    picture = ET.fromstring(badge(label, said, "#000", ""))
    first, second = (
        (int(one.get("x") or 0), int(one.get("textLength") or 0))
        for one in picture.iter(f"{SVG}text")
    )

    assert first[0] > 0
    assert sum(first) < second[0]
    assert sum(second) < int(picture.get("width") or 0)


def test_a_badge_that_has_not_changed_is_not_written_again_within_an_hour(
    page: StatusPage, tmp_path: Path
) -> None:
    shown = {"page": page}
    system = books()
    system = replace(system, server=replace(system.server, status_page="out"))
    written: list[str] = []

    class Noting(Tree):
        def write(self, path: str, text: str, *, before: str | None = None) -> None:
            written.append(path)
            super().write(path, text, before=before)

    announce = Announce(
        lambda now: replace(shown["page"], as_of=now), lambda name: Noting(str(tmp_path / name))
    )

    def badges_at(**later: float) -> list[str]:
        written.clear()
        announce.tick(system, NOW + timedelta(**later))
        return [one for one in written if one.endswith(".svg")]

    assert len(badges_at()) == 25
    assert badges_at(minutes=6) == []
    assert "index.html" in written
    shown["page"] = replace(page, state="down", words="Down: web")
    assert badges_at(minutes=7) == ["badges/state.svg"]
    assert len(badges_at(minutes=61)) == 25


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
        "badges",
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
