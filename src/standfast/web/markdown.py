"""Markdown as HTML. What a document holds is text: HTML in it is shown, never obeyed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from markdown_it import MarkdownIt
from markupsafe import Markup, escape

from standfast.web.diagrams import svg

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from markdown_it.renderer import RendererHTML
    from markdown_it.token import Token

LARGEST = 2_000_000  # characters; no document of ours is a tenth of it
_COMMENTS = re.compile(r"\s*(<!--(?:[^-]|-(?!->))*-->\s*)+")
_BOX = re.compile(r"\[([ xX])\] ")


def html(text: str) -> Markup:
    """A document as HTML without scripts, styles, pictures or markup of its own."""
    if len(text) > LARGEST:
        return Markup("<pre>{}</pre>").format(text[:LARGEST])
    tokens = _PARSER.parse(text)
    _anchored(tokens)
    _boxed(tokens)
    return Markup(_PARSER.renderer.render(tokens, _PARSER.options, {}))  # noqa: S704 - every rule escapes


# ------------------------------------------------------------------ rules of our own


def _html(_self: RendererHTML, tokens: Sequence[Token], at: int, _options: Any, _env: Any) -> str:
    """A comment is not shown, everything else as the text that it is."""
    content = tokens[at].content
    if _COMMENTS.fullmatch(content):
        return ""
    return str(Markup("<p>{}</p>").format(content)) if tokens[at].block else str(escape(content))


def _fence(_self: RendererHTML, tokens: Sequence[Token], at: int, _options: Any, env: Any) -> str:
    token = tokens[at]
    code = Markup('<pre tabindex="0"><code>{}</code></pre>').format(token.content)
    if token.info.strip() != "mermaid":
        return str(code)
    env["diagrams"] = env.get("diagrams", 0) + 1
    drawing = svg(token.content, env["diagrams"])
    if drawing is None:
        return str(code)
    return str(
        Markup(
            '<figure class="diagram"><div class="scroll" tabindex="0" role="group" aria-label="Diagram">{}'
            "</div><details><summary>As text</summary>{}</details></figure>"
        ).format(drawing, code)
    )


def _table(_self: RendererHTML, *_: Any) -> str:
    return '<div class="scroll" tabindex="0" role="group" aria-label="Table"><table>'


def _table_end(_self: RendererHTML, *_: Any) -> str:
    return "</table></div>\n"


def _link(self: RendererHTML, tokens: Sequence[Token], at: int, options: Any, env: Any) -> str:
    if re.match(r"(?i)https?:|//", str(tokens[at].attrGet("href") or "")):
        tokens[at].attrSet("rel", "noreferrer noopener")
    return self.renderToken(tokens, at, options, env)


_RULES: dict[str, Callable[..., str]] = {
    "html_block": _html,
    "html_inline": _html,
    "fence": _fence,
    "code_block": _fence,
    "table_open": _table,
    "table_close": _table_end,
    "link_open": _link,
}


def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    parser.disable("image")  # a picture from elsewhere tells that place who reads this
    for name, rule in _RULES.items():
        parser.add_render_rule(name, rule)
    return parser


_PARSER = _parser()


# ------------------------------------------------------------------ what the parser leaves open


def _anchored(tokens: Sequence[Token]) -> None:
    """Every heading can be linked to; `doc-` keeps its name apart from those of the page."""
    seen: dict[str, int] = {}
    for at, token in enumerate(tokens):
        if token.type == "heading_open":
            name = re.sub(r"[^\w]+", "-", tokens[at + 1].content.lower()).strip("-") or "part"
            seen[name] = seen.get(name, 0) + 1
            token.attrSet("id", f"doc-{name}" + (f"-{seen[name]}" if seen[name] > 1 else ""))


def _boxed(tokens: Sequence[Token]) -> None:
    """`- [ ] do it` as people read it."""
    for at, token in enumerate(tokens):
        if token.type != "inline" or at < 2 or tokens[at - 2].type != "list_item_open":
            continue
        first = token.children[0] if token.children else None
        if first is not None and first.type == "text" and (match := _BOX.match(first.content)):
            first.content = ("☐ " if match[1] == " " else "☑ ") + first.content[match.end() :]
