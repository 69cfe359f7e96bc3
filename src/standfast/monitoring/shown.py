"""What others wrote, as it may stand in a reason: one line, printable, and short."""

from __future__ import annotations

_LONGEST = 60  # characters


def shown(text: str) -> str:
    line = "".join(each if each.isprintable() else " " for each in text[: _LONGEST + 1])
    return f"'{line[:_LONGEST]}{'…' if len(text) > _LONGEST else ''}'"
