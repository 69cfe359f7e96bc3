"""Variables that Gatus takes from its environment: named, and never filled in."""

from __future__ import annotations

import re

_VARIABLE = re.compile(r"\$\$|\$(?:\{([^{}$]{1,200})\}|([A-Za-z_][A-Za-z0-9_]*))")
_ALONE = re.compile(r"\$(?:\{([A-Za-z_][A-Za-z0-9_]*)\}|([A-Za-z_][A-Za-z0-9_]*))", re.ASCII)


def open_variable(text: str) -> str:
    """The first variable in a text, `$$` being a dollar sign; else ""."""
    found = (match for match in _VARIABLE.finditer(text) if match[0] != "$$")
    first = next(found, None)
    return (first[1] or first[2])[:60] if first else ""


def reference(text: str) -> str:
    """ "env:NAME" of a text that is one variable and nothing else; else ""."""
    match = _ALONE.fullmatch(text.strip())
    return f"env:{match[1] or match[2]}" if match else ""
