"""One value or key as text of the reliability file; read back it is the same."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from standfast.spec.tree import resolve

if TYPE_CHECKING:
    from standfast.spec.drafting.draft import Plain

# Plain within braces and without: no sign that YAML gives a meaning.
_PLAIN = re.compile(
    r"[A-Za-z0-9_./][A-Za-z0-9_./%+@ ~=-]*(?::[A-Za-z0-9_./%+@~=-]+)*(?<! )", re.ASCII
)
# Other tools read YAML 1.1, in which these are no text.
_OTHERWISE = re.compile(
    r"y|n|yes|no|on|off|true|false|null|~|[-+]?[0-9_][0-9_.,:]*(?:e[-+]?\d+)?|0[xob][0-9a-f_]+|\.inf|\.nan"
    r"|\d{4}-\d\d?-\d\d?.*",
    re.IGNORECASE,
)
_LONGEST = 2000  # of what the file takes as one line


def emit(value: Plain) -> str:
    """A scalar, or a list in brackets."""
    if isinstance(value, tuple):
        return f"[{', '.join(emit(one) for one in value)}]"
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value) if abs(value) < 10**17 else f'"{value}"'
    if isinstance(value, float):
        return _number(value)
    return text(value)


def text(value: str) -> str:
    """Text as YAML, in quotes only where something else would be read without."""
    plain = _PLAIN.fullmatch(value) and not _OTHERWISE.fullmatch(value) and resolve(value) == value
    return value if plain and " #" not in value else quoted(value)


def quoted(value: str) -> str:
    """JSON's quotes are YAML's, but for characters that YAML wants escaped."""
    shown = json.dumps(value[:_LONGEST], ensure_ascii=False)
    return re.sub(r"[\x7f-\x9f\u2028\u2029\ufeff\ud800-\udfff\ufffe\uffff]", _escaped, shown)


def _escaped(match: re.Match[str]) -> str:
    code = ord(match[0])
    return "?" if 0xD800 <= code <= 0xDFFF else f"\\u{code:04x}"


def _number(value: float) -> str:
    shown = f"{value:.12f}".rstrip("0")
    return shown + "0" if shown.endswith(".") else shown


def comment(words: str) -> str:
    """Words fit for a comment: one line, and nothing in it that ends the line."""
    return re.sub(
        r"[^\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd]+", "?", words
    ).strip()
