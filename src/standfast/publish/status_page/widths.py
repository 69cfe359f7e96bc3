"""How wide a text is, about, in a sans-serif of eleven pixels: no font is asked."""

from __future__ import annotations

_TENTHS = {  # of a pixel
    38: "ijl'|.,:;!",
    50: "ftrI()[]/\\ -",
    68: "acegksvxyzJ?_=",
    72: "bdhnopquLFE0123456789",
    80: "ABCDGHKNOPQRSTUVXYZ&",
    112: "mwMW%@",
}
_WIDTHS = {letter: tenths for tenths, letters in _TENTHS.items() for letter in letters}
_ANY = 100  # what is not listed, to be on the safe side


def width(text: str) -> int:
    """In whole pixels, rounded up."""
    return -(-sum(_WIDTHS.get(letter, _ANY) for letter in text) // 10)
