from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from standfast.publish.graph import drawn, drawn_regions, graph_of
from standfast.web.diagrams import read, sentences, svg
from standfast.web.markdown import html

ALLOWED = frozenset(
    [f"h{level}" for level in range(1, 7)]
    + [
        "p",
        "a",
        "em",
        "strong",
        "s",
        "code",
        "pre",
        "ul",
        "ol",
        "li",
        "blockquote",
        "hr",
        "br",
        "div",
    ]
    + ["table", "thead", "tbody", "tr", "th", "td", "figure", "details", "summary"]
    + ["svg", "defs", "marker", "path", "rect", "text", "g"]
)


class Seen(HTMLParser):
    """Every tag and attribute that a browser would see."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


HOSTILE = st.lists(
    st.sampled_from(
        [
            "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "<!-- note -->", "<!--", "-->",
            "[x](javascript:alert(1))", "![p](https://evil.test/p.png)", "[x](https://a.test \"t\")",
            "\n\n", "\n", "| a | b |\n|---|---|\n| 1 | 2 |\n", "```mermaid\nflowchart LR\n", "```\n", "# ",
            "- [ ] ", "> ", "`", "**", "<", ">", "&", '"', "'", "n_a[\"x<br/>y\"]\n", "n_a --> n_a\n", "text",
            "<svg onload=alert(1)>", "<a href='javascript:x'>", "<![CDATA[", "<?php", "</div></article>",
            "&#106;avascript:", "[r]: javascript:x\n", "<https://a.test>", "<javascript:alert(1)>",
        ]
    ),
    max_size=30,
)  # fmt: skip


@settings(max_examples=500, deadline=None)
@given(HOSTILE)
def test_no_text_becomes_markup_that_acts(parts: list[str]) -> None:
    for tag, attributes in Seen(str(html("".join(parts)))).tags:
        assert tag in ALLOWED, tag
        for name, value in attributes.items():
            assert not name.startswith("on"), name
            assert name != "style", tag
            if name in {"href", "src"}:
                assert not re.match(r"\s*(javascript|data|vbscript):", value or "", re.IGNORECASE)


def test_comments_are_not_shown_and_markup_is_shown_as_text() -> None:
    shown = str(html("<!-- a note -->\n\nText <b>bold</b> <!-- inside --> end\n\n<div>block</div>"))
    assert "note" not in shown
    assert "inside" not in shown
    assert "Text &lt;b&gt;bold&lt;/b&gt;  end" in shown
    assert "<p>&lt;div&gt;block&lt;/div&gt;" in shown


def test_lists_to_tick_off_and_headings_to_link_to() -> None:
    shown = str(html("## What now?\n\n- [ ] look\n- [x] act\n\n## What now?\n"))
    assert '<h2 id="doc-what-now">' in shown
    assert '<h2 id="doc-what-now-2">' in shown
    assert "☐ look" in shown
    assert "☑ act" in shown


def test_pipes_in_code_in_a_table_stay_in_their_cell() -> None:
    assert "<td><code>a|b</code></td>" in str(html("| x |\n| --- |\n| `a\\|b` |\n"))


# ------------------------------------------------------------------ diagrams


def test_a_diagram_is_drawn_and_told_in_words() -> None:
    nodes = 'n_a["web<br/>http"]\nn_b["db #34;x#34;<br/>postgresql"]'
    text = f"flowchart LR\n{nodes}\nn_a --> n_b\nclass n_b down"
    drawing = svg(text, 3)
    assert drawing is not None
    assert 'aria-label="web needs db &#34;x&#34;."' in drawing
    assert 'class="node down"' in drawing
    assert "url(#arrow-3)" in drawing
    assert read(text.replace("n_b[", "n_b(")) is None


@pytest.mark.parametrize(
    "text",
    [
        "sequenceDiagram\n  a->>b: hello",
        "flowchart LR\n  a[unquoted] --> b",
        'flowchart LR\n  n_a["x"]\n  n_a --> n_missing',
        "flowchart LR",
        "flowchart LR\n" + "\n".join(f'  n_{i}["x"]' for i in range(500)),
        "",
    ],
)
def test_a_diagram_that_is_not_ours_is_shown_as_its_text(text: str) -> None:
    assert svg(text) is None
    assert "<svg" not in html(f"```mermaid\n{text}\n```\n")


def test_a_circle_of_needs_is_drawn_too() -> None:
    names = "abc"
    text = "\n".join(
        [
            "flowchart LR",
            *(f'n_{n}["{n}"]' for n in names),
            "n_a --> n_b",
            "n_b --> n_c",
            "n_c --> n_a",
        ]
    )
    assert svg(text) is not None


def test_everything_that_publishing_draws_can_be_drawn_here(shop_system) -> None:
    graph = graph_of(shop_system)
    for text in (drawn(graph), drawn(graph, struck="db"), drawn_regions(shop_system)):
        diagram = read(text)
        assert diagram is not None
        assert svg(text) is not None
        assert sentences(diagram)


@pytest.fixture
def shop_system():
    from pathlib import Path

    from standfast import spec
    from standfast.app.files import Files

    return spec.read(str(Path(__file__).parents[2] / "examples/shop.yaml"), Files())
