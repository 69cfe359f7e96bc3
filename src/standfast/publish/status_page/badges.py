"""Badges: the state and the availability as small pictures, for a README or another page."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from standfast.dashboards.status_page import (
    BAD,
    DOWN,
    FINE,
    OPERATIONAL,
    PARTLY,
    REDUCED,
    TROUBLED,
    percent_of,
)
from standfast.publish.status_page.widths import width
from standfast.publish.status_page.writing import safe

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from standfast.dashboards.status_page import Availability, StatusPage

FOLDER = "badges"
SPANS = {1: "24h", 7: "7d", 30: "30d", 90: "90d"}
_NAME = re.compile(
    r"[A-Za-z0-9][A-Za-z0-9_-]{0,62}", re.ASCII
)  # as the file allows; a path is made of it
_GOOD, _WARN, _BAD, _UNKNOWN = "#1a7f37", "#9a6700", "#c4242f", "#57606a"
_COLOURS = {
    OPERATIONAL: _GOOD, REDUCED: _WARN, DOWN: _BAD, FINE: _GOOD, TROUBLED: _WARN, BAD: _BAD,
}  # fmt: skip
_LONGEST = 70  # characters of a label
_PAD, _HIGH = 6, 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Badged:
    """What has badges: the whole (without a kind), a journey, a component."""

    kind: str
    name: str
    state: str
    words: str
    availability: tuple[Availability, ...]

    @property
    def folder(self) -> str:
        return f"{FOLDER}/{self.kind}/{self.name}" if self.kind else FOLDER


def badged(page: StatusPage) -> Iterator[Badged]:
    yield Badged(
        kind="", name=page.name, state=page.state, words=page.words, availability=page.availability
    )
    for one in page.parts:
        # A page may come from a server: a name that no file could hold makes no path.
        if one.kind in {"journey", "component"} and _NAME.fullmatch(one.name):
            yield Badged(
                kind=one.kind, name=one.name, state=one.state, words=one.words,
                availability=one.availability,
            )  # fmt: skip


def badges(page: StatusPage) -> dict[str, str]:
    """Path -> picture."""
    found: dict[str, str] = {}
    for one in badged(page):
        found |= {f"{one.folder}/{name}.svg": text for name, text in _of(one)}
    return found


def _of(one: Badged) -> Iterator[tuple[str, str]]:
    said = one.state if one.state in _COLOURS or one.state == PARTLY else "unknown"
    yield "state", badge(one.name, said, _COLOURS.get(one.state, _UNKNOWN), one.words)
    for figure in one.availability:
        span = SPANS.get(figure.days)
        if span is None:
            continue
        known = figure.good is not None and figure.state in _COLOURS
        share = percent_of(figure.good or 0.0) if known else "unknown"
        label = f"{one.name} {span}"
        yield span, badge(label, share, _COLOURS.get(figure.state, _UNKNOWN), figure.words)


def badge(label: str, said: str, colour: str, words: str) -> str:
    """`words` is the whole of it, for who does not see the picture or wants to know more."""
    label = label if len(label) <= _LONGEST else f"{label[: _LONGEST - 1]}…"
    left, right = width(label) + 2 * _PAD, width(said) + 2 * _PAD
    title = safe(f"{label}: {said} ({words})")
    # No ids: several may be put into one document.
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + right}" height="{_HIGH}" role="img"'
        f' aria-label="{title}"><title>{title}</title>'
        f'<rect width="{left + right}" height="{_HIGH}" rx="3" fill="{colour}"/>'
        f'<path d="M3 0H{left}V{_HIGH}H3A3 3 0 0 1 0 {_HIGH - 3}V3A3 3 0 0 1 3 0Z" fill="#24292f"/>'
        '<g fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11">'
        f"{_text(_PAD, label)}{_text(left + _PAD, said)}</g></svg>\n"
    )


def _text(at: int, text: str) -> str:
    """As wide as was reckoned, whatever font is found."""
    return (
        f'<text x="{at}" y="14" textLength="{width(text)}" lengthAdjust="spacingAndGlyphs">'
        f"{safe(text)}</text>"
    )


def links(page: StatusPage) -> Iterable[tuple[str, list[tuple[str, str]]]]:
    """Name -> (what it tells, path), for the page's foot."""
    for one in badged(page):
        spans = [SPANS[figure.days] for figure in one.availability if figure.days in SPANS]
        yield one.name, [(name, f"{one.folder}/{name}.svg") for name in ("state", *spans)]
