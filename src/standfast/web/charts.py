"""Charts as SVG, drawn on the server: no script, and a sentence and a table for who cannot see them.

Where one hovers, the drawing stands in a figure that carries its points; the script puts uPlot in its place.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from markupsafe import Markup, escape

from standfast.dashboards.figure import figure

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

_W, _H, _LEFT, _BOTTOM, _TOP = 640, 180, 56, 22, 10


def bar(share: float, tone: str, words: str) -> Markup:
    """A share between 0 and 1 as a filled bar."""
    width = max(0.0, min(1.0, share)) * 100
    return Markup(
        '<div class="bar" role="img" aria-label="{}"><svg viewBox="0 0 100 8" preserveAspectRatio="none">'
        '<rect class="fill-{}" width="{}" height="8"/></svg></div>'
    ).format(words, tone, f"{width:.1f}")


def shares(parts: Sequence[tuple[str, float]], words: str) -> Markup:
    """Shares of a whole side by side, in the order of their tones; each has its own pattern of height."""
    left, drawn = 0.0, Markup("")
    for turn, (tone, share) in enumerate(parts):
        wide = max(0.0, min(1.0, share)) * 100
        drawn += Markup('<rect class="fill-{}" x="{}" y="{}" width="{}" height="{}"/>').format(
            tone, f"{left:.1f}", 2 * turn, f"{wide:.1f}", 8 - 2 * turn
        )
        left += wide
    box = Markup('<svg viewBox="0 0 100 8" preserveAspectRatio="none">{}</svg>').format(drawn)
    return Markup('<div class="bar" role="img" aria-label="{}">{}</div>').format(words, box)


def sparkline(values: Sequence[float | None], words: str) -> Markup:
    """A small line without axes; gaps stay gaps."""
    known = [value for value in values if value is not None]
    if len(known) < 2:
        return Markup('<span class="note">{}</span>').format("no data yet")
    top = max(known) or 1.0
    step = 160 / max(1, len(values) - 1)
    points = [None if v is None else (i * step, 38 - 34 * v / top) for i, v in enumerate(values)]
    return Markup(
        '<svg class="chart" viewBox="0 0 160 42" role="img" aria-label="{}">{}</svg>'
    ).format(words, _lines(points, "line"))


_MOST = 240  # points of one drawing; more than that nobody sees
_LOWEST = -1.0  # a budget overspent fifty times would flatten everything else


def thinned(points: Sequence[tuple[datetime, float | None]]) -> list[tuple[datetime, float | None]]:
    """Of too many the lowest and the highest of each stretch, so that no peak is lost; gaps stay."""
    if len(points) <= _MOST:
        return list(points)
    kept: list[tuple[datetime, float | None]] = []
    size = -(-2 * len(points) // _MOST)
    for first in range(0, len(points), size):
        stretch = points[first : first + size]
        known = [one for one in stretch if one[1] is not None]
        gap = [one for one in stretch if one[1] is None][:1]
        ends = {min(known, key=_value), max(known, key=_value)} if known else set()
        kept += sorted([*ends, *gap], key=lambda one: one[0])
    return kept


def _value(point: tuple[datetime, float | None]) -> float:
    return point[1] or 0.0


def hovered(
    name: str,
    drawing: Markup,
    points: Sequence[tuple[datetime, float | None]],
    *,
    words: str,
    unit: str = "",
    threshold: float | None = None,
    marks: Sequence[tuple[datetime, str]] = (),
    deploys: Sequence[tuple[datetime, str]] = (),
    even_until: datetime | None = None,
) -> Markup:
    """A figure that one can hover; with `even_until` a budget in percent, beside the line of an even burn."""
    if not drawable(points):
        return drawing
    budget = even_until is not None
    scale = 100 if budget else 1
    told = {
        "label": words,
        "unit": "%" if budget else unit,
        "budget": budget,
        "even": round(even_until.timestamp(), 1) if even_until else None,
        "threshold": threshold,
        "points": [
            [round(at.timestamp(), 1), None if value is None else float(f"{value * scale:.5g}")]
            for at, value in thinned(points)
        ],
        "marks": [
            [round(at.timestamp(), 1), text, kind]
            for kind, found in (("alert", marks), ("deploy", deploys))
            for at, text in found
        ],
    }
    return Markup('<figure class="plot" id="plot-{}" data-plot="{}">{}</figure>').format(
        name, json.dumps(told, separators=(",", ":"), ensure_ascii=False), drawing
    )


def rows(
    points: Sequence[tuple[datetime, float | None]], most: int = 24
) -> list[tuple[datetime, float | None]]:
    """Evenly spread over the curve, the newest first: what a table beside it shows."""
    step = max(1, -(-len(points) // most))
    return list(reversed(points))[::step]


def drawable(points: Sequence[tuple[datetime, float | None]]) -> bool:
    return sum(value is not None for _, value in points) > 1


def below(points: Sequence[tuple[datetime, float | None]]) -> bool:
    """Is some of it so far overspent that it is drawn higher than it is?"""
    return any(value is not None and value < _LOWEST for _, value in points)


def burn_down(
    points: Sequence[tuple[datetime, float | None]],
    words: str,
    marks: Sequence[tuple[datetime, str]] = (),
    deploys: Sequence[tuple[datetime, str]] = (),
    even_until: datetime | None = None,
) -> Markup:
    """Budget left (1 is all of it) over the window, beside an even burn that is through at `even_until`."""
    if not drawable(points):
        return Markup('<p class="note">{}</p>').format("Not enough measured yet to draw this.")
    begin, end = points[0][0], points[-1][0]
    length = (end - begin).total_seconds() or 1.0
    lowest = max(_LOWEST, min(0.0, *(left for _, left in points if left is not None), 0.0))

    def at(moment: datetime, left: float) -> tuple[float, float]:
        x = _LEFT + (_W - _LEFT - 6) * (moment - begin).total_seconds() / length
        y = _TOP + (_H - _TOP - _BOTTOM) * (1 - left) / (1 - lowest)
        return x, y

    drawn = [
        None if left is None else at(moment, max(left, lowest)) for moment, left in thinned(points)
    ]
    even = [at(begin, 1.0), at(end, _even(begin, end, even_until or end))]
    body = [
        _ruler(at(begin, level)[1], f"{level:.0%}")
        for level in (1.0, 0.5, 0.0, *((lowest,) if lowest < -0.2 else ()))
    ]
    body += [_lines(even, "even"), _lines(drawn, "line")]
    body += [_mark(at(moment, 1.0)[0], name) for moment, name in marks if begin <= moment <= end]
    body += [
        _mark(at(moment, 1.0)[0], name, "deploy")
        for moment, name in deploys
        if begin <= moment <= end
    ]
    body += [_label(_LEFT, begin, "start"), _label(_W - 6, end, "end")]
    return _chart(body, words)


def _even(begin: datetime, at: datetime, until: datetime) -> float:
    """What an even burn from `begin` to `until` leaves; nothing at its end."""
    whole = (until - begin).total_seconds()
    return max(0.0, 1 - (at - begin).total_seconds() / whole) if whole > 0 else 0.0


def series(
    points: Sequence[tuple[datetime, float | None]],
    words: str,
    unit: str = "",
    threshold: float | None = None,
    deploys: Sequence[tuple[datetime, str]] = (),
) -> Markup:
    """A measured value over time; gaps stay gaps."""
    known = [value for _, value in points if value is not None]
    if len(known) < 2:
        return Markup('<p class="note">{}</p>').format("Not enough measured yet to draw this.")
    begin, end = points[0][0], points[-1][0]
    length = (end - begin).total_seconds() or 1.0
    top = max([*known, threshold or 0.0]) * 1.1 or 1.0

    def at(moment: datetime, value: float) -> tuple[float, float]:
        x = _LEFT + (_W - _LEFT - 6) * (moment - begin).total_seconds() / length
        return x, _TOP + (_H - _TOP - _BOTTOM) * (1 - value / top)

    body = [
        _ruler(at(begin, level)[1], figure(level, unit)) for level in (0.0, top / 2.2, top / 1.1)
    ]
    body.append(_lines([None if v is None else at(m, v) for m, v in thinned(points)], "line"))
    body += [
        _mark(at(moment, 0.0)[0], name, "deploy")
        for moment, name in deploys
        if begin <= moment <= end
    ]
    if threshold is not None:
        body.append(_lines([at(begin, threshold), at(end, threshold)], "threshold"))
    body += [_label(_LEFT, begin, "start"), _label(_W - 6, end, "end")]
    return _chart(body, words)


def _chart(body: Sequence[Markup], words: str) -> Markup:
    return Markup(
        '<svg class="chart" viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>'
    ).format(_W, _H, words, Markup("").join(body))


def _lines(points: Sequence[tuple[float, float] | None], kind: str) -> Markup:
    """One polyline for each run of points that no gap breaks."""
    runs: list[list[tuple[float, float]]] = [[]]
    for point in points:
        if point is None:
            runs.append([])
        else:
            runs[-1].append(point)
    return Markup("").join(
        Markup('<polyline class="{}" points="{}"/>').format(
            kind, " ".join(f"{x:.1f},{y:.1f}" for x, y in run)
        )
        for run in runs
        if len(run) > 1
    )


def _ruler(y: float, words: str) -> Markup:
    return Markup(
        '<line class="axis" x1="{}" x2="{}" y1="{}" y2="{}"/><text x="{}" y="{}" text-anchor="end">{}</text>'
    ).format(_LEFT, _W - 6, f"{y:.1f}", f"{y:.1f}", _LEFT - 6, f"{y + 4:.1f}", words)


def _mark(x: float, words: str, kind: str = "") -> Markup:
    """A deployment has a flag at its top: told by its shape, and not by its colour alone."""
    line = Markup(
        '<line class="mark {4}" x1="{0}" x2="{0}" y1="{1}" y2="{2}"><title>{3}</title></line>'
    ).format(f"{x:.1f}", _TOP, _H - _BOTTOM, escape(words), kind)
    if kind != "deploy":
        return line
    flag = f"M{x:.1f} {_TOP - 6}h9l-3 4 3 4h-9z"
    return line + Markup('<path class="flag" d="{}"><title>{}</title></path>').format(flag, words)


def _label(x: float, moment: datetime, anchor: str) -> Markup:
    return Markup('<text x="{}" y="{}" text-anchor="{}">{}</text>').format(
        x, _H - 6, anchor, moment.strftime("%d %b %H:%M:%S")
    )
