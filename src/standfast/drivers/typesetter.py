"""Setting paper with Typst: tagged PDF/UA-1 and PDF/A-2a, the same bytes for the same paper.

https://pypi.org/project/typst/ (Apache-2.0) brings the compiler and its fonts: nothing is downloaded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from standfast.errors import ToolError

if TYPE_CHECKING:
    from standfast.publish.report.paper import Paper


class Typesetter:
    def pdf(self, paper: Paper) -> bytes:
        """Raises ToolError where it cannot be set."""
        import typst

        try:
            try:
                return _set(paper, strict=True)
            except typst.TypstError:
                # The standards want a glyph for every letter. Where the fonts that are brought along have
                # none (日本), this machine's may; a box on paper is better than no paper at all.
                return _set(paper, strict=False)
        except typst.TypstError as error:
            raise ToolError(f"the report could not be set as PDF: {error}") from error


def _set(paper: Paper, *, strict: bool) -> bytes:
    import typst

    return typst.compile(
        paper.source.encode(),
        format="pdf",
        sys_inputs={"data": paper.data},
        ignore_system_fonts=strict,
        timestamp=paper.made_at.replace(microsecond=0),  # a PDF knows seconds
        pdf_standards=["ua-1", "a-2a"] if strict else None,
    )
