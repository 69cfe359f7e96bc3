"""Telling the story in a terminal: short lines with the time, in colour where somebody sees it."""

from __future__ import annotations

import os
import sys
from typing import TextIO

from standfast_kit.clock import monotonic

_COLOURS = {"quiet": "2", "good": "32", "warn": "33", "bad": "31", "title": "1;36", "strong": "1"}


class Telling:
    """Colour only on a terminal, and not where NO_COLOR is set (https://no-color.org)."""

    def __init__(self, stream: TextIO = sys.stdout, *, silent: bool = False) -> None:
        self._stream, self._silent = stream, silent
        self._colour = stream.isatty() and not os.environ.get("NO_COLOR")
        self._began = monotonic()

    @property
    def elapsed(self) -> float:
        return monotonic() - self._began

    def title(self, text: str, page: str = "") -> None:
        self._line("")
        self._line(self._in("title", f"── {text} ") + self._in("quiet", page))

    def say(self, text: str, colour: str = "") -> None:
        stamp = self._in("quiet", f"{self.elapsed:6.1f} s  ")
        self._line(stamp + (self._in(colour, text) if colour else text))

    def good(self, text: str) -> None:
        self.say(f"✓ {text}", "good")

    def bad(self, text: str) -> None:
        self.say(f"✗ {text}", "bad")

    def _in(self, colour: str, text: str) -> str:
        return f"\x1b[{_COLOURS[colour]}m{text}\x1b[0m" if self._colour else text

    def _line(self, text: str) -> None:
        if not self._silent:
            print(text, file=self._stream, flush=True)
