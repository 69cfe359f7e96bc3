"""The report as HTML that needs no script, no other file and no server."""

from __future__ import annotations

from typing import TYPE_CHECKING

from standfast.publish.report.bars import PATTERNS, bars, legend
from standfast.publish.report.block import (
    Bars,
    Facts,
    Heading,
    Items,
    Method,
    State,
    Table,
    Text,
)
from standfast.publish.report.content import content, title
from standfast.publish.report.style import CSS, policy
from standfast.publish.status_page.writing import instant, safe

if TYPE_CHECKING:
    from collections.abc import Iterable

    from standfast.dashboards.report.value import Report
    from standfast.publish.report.block import Block, Cell, Column

_SHAPES = {
    "good": '<circle cx="5" cy="5" r="4.5"/>',
    "warn": '<path d="M5 .6 9.8 9.4H.2z"/>',
    "bad": '<path d="M.5.5h9v9h-9z"/>',
    "quiet": '<path d="M5 0l5 5-5 5-5-5z"/>',
}


def page(report: Report) -> str:
    blocks = [*content(report)]
    head, rest = blocks[:1], blocks[1:]
    return "\n".join(
        [
            '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{policy()}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{safe(title(report))} · {safe(report.system)}</title>",
            f"<style>{CSS}</style>\n</head>\n<body>\n{PATTERNS}",
            f"<header>{_drawn(head)}</header>\n<main>",
            _drawn(rest),
            f"</main>\n<footer>Made by standfast, {instant(report.made_at)}.</footer>\n</body>\n</html>\n",
        ]
    )


def _drawn(blocks: Iterable[Block]) -> str:
    return "\n".join(_block(one) for one in blocks)


def _block(one: Block) -> str:
    match one:
        case Heading():
            return f"<h{one.level}>{safe(one.text)}</h{one.level}>"
        case Text():
            return _text(one)
        case Facts():
            rows = "".join(
                f"<div><dt>{safe(each.name)}</dt><dd>{safe(each.value)}"
                f"{f'<small>{safe(each.small)}</small>' if each.small else ''}</dd></div>"
                for each in one.facts
            )
            return f"<dl>{rows}</dl>"
        case Items():
            lines = "".join(f"<li>{safe(line)}</li>" for line in one.lines)
            return f'<div class="box"><strong>{safe(one.title)}</strong><ul>{lines}</ul></div>'
        case Method():
            rows = "".join(f"<dt>{safe(name)}</dt><dd>{safe(said)}</dd>" for name, said in one.rows)
            return f'<dl class="method">{rows}</dl>'
        case Bars():
            return bars(one) + legend(one)
        case Table():
            return _table(one)


def _text(one: Text) -> str:
    if one.look == "code":
        return f"<p><code>{safe(one.words)}</code></p>"
    look = f' class="{one.look}"' if one.look else ""
    parts = [safe(part) for part in one.words.split("`")]
    said = "".join(
        f"<code>{part}</code>" if number % 2 else part for number, part in enumerate(parts)
    )
    return f"<p{look}>{said}</p>"


def _table(one: Table) -> str:
    head = "".join(_head(column) for column in one.columns)
    rows = "".join(f"<tr>{_row(one, row)}</tr>" for row in one.rows)
    # Outside of the table: inside it would be as wide as a table that has to be scrolled.
    caption = f'<p class="caption">{safe(one.caption)}</p>' if one.caption else ""
    named = safe(one.caption or one.folded)
    drawn = (
        f'{caption}<div class="scroll" role="region" tabindex="0" aria-label="{named}">'
        f'<table aria-label="{named}">'
        f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>"
    )
    if not one.folded:
        return drawn
    return f"<details><summary>{safe(one.folded)}</summary>{drawn}</details>"


def _head(column: Column) -> str:
    return f'<th scope="col"{_number(column)}>{safe(column.title)}</th>'


def _number(column: Column) -> str:
    return ' class="num"' if column.number else ""


def _row(table: Table, row: tuple[Cell, ...]) -> str:
    cells = [
        f"<td{_number(column)}>{_cell(cell)}</td>"
        for column, cell in zip(table.columns[1:], row[1:], strict=True)
    ]
    return f'<th scope="row">{_cell(row[0])}</th>{"".join(cells)}'


def _cell(cell: Cell) -> str:
    if isinstance(cell, State):
        shape = _SHAPES[cell.tone]
        return (
            f'<span class="state {cell.tone}"><svg viewBox="0 0 10 10" aria-hidden="true">{shape}</svg>'
            f"{safe(cell.word)}</span>"
        )
    return safe(cell)
