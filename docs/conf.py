"""Sphinx's settings. Warnings are errors in `make docs`, so a broken link fails the build."""

project = "standfast"
author = "the standfast authors"
copyright = "2026, the standfast authors"  # noqa: A001 - Sphinx's name

extensions = ["myst_parser"]
myst_enable_extensions = ["colon_fence", "deflist", "fieldlist"]
myst_heading_anchors = 3
source_suffix = {".md": "markdown"}
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = "standfast"
html_static_path = ["_static"]
nitpicky = True
