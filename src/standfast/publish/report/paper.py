"""The report for paper: its blocks as data, and the Typst source that sets them.

The source never holds a word of the data, which comes in by a JSON text: nothing in it is obeyed.
"""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from standfast.publish.report.bars import HIGH, LOOKS, summary
from standfast.publish.report.block import Bars, State, Table
from standfast.publish.report.content import content, title

if TYPE_CHECKING:
    from datetime import datetime

    from standfast.dashboards.report.value import Report
    from standfast.publish.report.block import Block


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """What a typesetter needs; the same paper always gives the same bytes."""

    source: str
    data: str
    made_at: datetime


def paper(report: Report) -> Paper:
    told = {
        "title": title(report),
        "system": report.system,
        "stamp": "provisional" if report.provisional else "",
        "edition": f"{report.period}, edition {report.edition}",
        "blocks": [_block(one) for one in content(report) if not _folded(one)],
    }
    data = json.dumps(told, ensure_ascii=False, sort_keys=True)
    return Paper(source=SOURCE, data=data, made_at=report.made_at)


def _folded(one: Block) -> bool:
    return isinstance(one, Table) and bool(one.folded)


def _block(one: Block) -> dict[str, Any]:
    if isinstance(one, Bars):
        days = one.days
        return {
            "is": "Bars",
            "alt": summary(one),
            "first": days[0].day.isoformat() if days else "",
            "last": days[-1].day.isoformat() if days else "",
            "bars": [[LOOKS[day.state][0], LOOKS[day.state][1] / HIGH] for day in days],
            "legend": [
                [LOOKS[state][0], LOOKS[state][1] / HIGH, state]
                for state in LOOKS
                if state in {day.state for day in days}
            ],
        }
    if isinstance(one, Table):
        rows = [[_cell(cell) for cell in row] for row in one.rows]
        columns = [dataclasses.asdict(column) for column in one.columns]
        return {"is": "Table", "caption": one.caption, "columns": columns, "rows": rows}
    return {"is": type(one).__name__} | dataclasses.asdict(one)


def _cell(cell: str | State) -> dict[str, str]:
    if isinstance(cell, State):
        return {"tone": cell.tone, "word": cell.word}
    return {"tone": "", "word": cell}


SOURCE = """
#let d = json(bytes(sys.inputs.data))
#let ink = luma(25)
#let soft = luma(90)
#let edge = luma(140)
#let line-color = luma(205)
#let good = rgb("#1a7f37")
#let bad = rgb("#b4202b")
#let warn = rgb("#7d5200")
#set document(title: d.title, author: d.system)
#set page(
  paper: "a4",
  margin: (x: 18mm, top: 18mm, bottom: 20mm),
  footer: context [
    #set text(8pt, fill: soft)
    #d.system, #d.edition #if d.stamp != "" [(#d.stamp)]
    #h(1fr)
    Page #counter(page).get().first() of #counter(page).final().first()
  ],
)
#set text(font: ("Libertinus Serif", "DejaVu Sans Mono"), size: 10pt, lang: "en", fill: ink)
#set par(leading: 0.6em, spacing: 0.8em)
#show heading.where(level: 1): set text(18pt)
#show heading.where(level: 2): set text(14pt)
#show heading.where(level: 3): set text(11pt)
#show heading.where(level: 2): set block(above: 1.6em, below: 0.7em)
#show heading.where(level: 3): set block(above: 1.3em, below: 0.6em)
#show table.cell: set text(8.5pt)
#show table.cell: set par(leading: 0.45em)

#let tones = (good: good, bad: bad, warn: warn, quiet: soft)
#let mark(tone) = box(width: 6pt, height: 6pt, baseline: 0pt, {
  if tone == "good" { circle(radius: 3pt, fill: good) }
  else if tone == "bad" { square(size: 6pt, fill: bad) }
  else if tone == "warn" { polygon(fill: warn, (3pt, 0pt), (6pt, 6pt), (0pt, 6pt)) }
  else { rotate(45deg, square(size: 4.6pt, fill: soft)) }
})
// Where a word has no room, a cell is wrapped between any of its letters rather than run over.
#let cell(one) = if one.tone == "" { one.word } else {
  text(fill: tones.at(one.tone), weight: "bold", [#pdf.artifact(mark(one.tone)) #one.word])
}
#let stripes = tiling(size: (3pt, 3pt), {
  place(rect(width: 3pt, height: 3pt, fill: bad))
  place(line(start: (0pt, 3pt), end: (3pt, 0pt), stroke: 0.7pt + white))
})
#let shape(look, high, wide, whole) = {
  let h = high * whole
  let fill = (kept: good, broken: stripes, idle: edge).at(look, default: none)
  let dotted = (paint: edge, thickness: 0.6pt, dash: "densely-dotted")
  let stroke = (unmeasured: dotted, out: 0.6pt + edge).at(look, default: none)
  box(width: wide, height: whole, align(bottom, rect(width: 100%, height: h, fill: fill, stroke: stroke)))
}

#let draw-bars(b) = if b.bars.len() > 0 {
  figure(kind: "bars", supplement: none, alt: b.alt, outlined: false, grid(
    columns: (1fr,) * b.bars.len(),
    column-gutter: if b.bars.len() > 40 { 0.8pt } else { 2pt },
    ..b.bars.map(one => shape(one.at(0), one.at(1), 100%, 30pt)),
  ))
  v(-0.6em)
  text(8pt, fill: soft)[#b.first #h(1fr) #b.last]
  v(-0.5em)
  let key(one) = pdf.artifact(box(baseline: 2pt, shape(one.at(0), one.at(1), 5pt, 11pt)))
  text(8.5pt, b.legend.map(one => [#key(one) #one.at(2)]).join(h(1.4em)))
}

#let draw-table(b) = {
  if b.caption != "" { block(below: 0.4em, sticky: true, text(8.5pt, fill: soft, b.caption)) }
  table(
    columns: b.columns.map(one => if one.wide { 1fr } else { auto }),
    align: (x, y) => if b.columns.at(x).number { right + top } else { left + top },
    stroke: (x, y) => (bottom: 0.5pt + line-color),
    inset: (x: 3.5pt, y: 3.5pt),
    table.header(..b.columns.map(one => text(fill: soft, one.title))),
    ..b.rows.flatten().map(cell),
  )
}

#let draw-facts(b) = grid(
  columns: (1fr,) * calc.min(4, b.facts.len()),
  column-gutter: 10pt, row-gutter: 10pt,
  ..b.facts.map(one => block(breakable: false, {
    text(8.5pt, fill: soft, one.name)
    linebreak()
    text(11pt, one.value)
    if one.small != "" { linebreak(); text(8pt, fill: soft, one.small) }
  })),
)

#let draw-method(b) = for row in b.rows {
  block(below: 0.55em, breakable: false, text(9pt)[#strong(row.at(0)): #row.at(1)])
}

#let draw(b) = {
  let kind = b.at("is")
  if kind == "Heading" {
    heading(level: b.level, b.text)
  } else if kind == "Text" {
    if b.look == "stamp" { block(stroke: 1.2pt + warn, inset: 7pt, width: 100%, strong(b.words)) }
    else if b.look == "soft" { par(text(fill: soft, b.words)) }
    else if b.look == "code" { par(text(font: "DejaVu Sans Mono", size: 8pt, b.words)) }
    else { par(for (n, part) in b.words.split("`").enumerate() { if calc.odd(n) { raw(part) } else { part } }) }
  } else if kind == "Items" {
    block(fill: luma(245), stroke: (left: 3pt + edge), inset: 7pt, width: 100%, {
      strong(b.title)
      list(..b.lines.map(line => text(9pt, line)))
    })
  } else if kind == "Facts" { draw-facts(b) }
  else if kind == "Method" { draw-method(b) }
  else if kind == "Table" { draw-table(b) }
  else if kind == "Bars" { draw-bars(b) }
}

#for b in d.blocks { draw(b) }
"""
