"""Reading Prometheus text (format 0.0.4, and the same lines of OpenMetrics), whatever it turns out to be.

https://prometheus.io/docs/instrumenting/exposition_formats/. Lines that make no sense are noted and
left out; an answer that is something else altogether raises SourceError.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from standfast.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator

MOST_SERIES = 20_000
MOST_LABELS = 40
_NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
_TEXT = r'"(?:[^"\\]|\\.)*"'
_LINE = re.compile(
    rf"(?P<name>{_NAME})[ \t]*(?:\{{(?P<labels>(?:[^\"}}]|{_TEXT})*)\}})?[ \t]*"
    r"(?P<value>[^\s#]+)(?:[ \t]+-?[0-9][0-9.eE+-]*)?(?:[ \t]+#.*)?[ \t]*"
)
_LABEL = re.compile(rf"\s*(?P<name>[a-zA-Z_][a-zA-Z0-9_]*)\s*=\s*(?P<text>{_TEXT})\s*(?:,|$)")
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_ESCAPES = {"n": "\n"}

Labels = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Sample:
    name: str
    labels: Labels  # sorted by name
    value: float

    def label(self, name: str) -> str:
        return next((value for key, value in self.labels if key == name), "")

    @property
    def series(self) -> str:
        """The name and labels as one key."""
        return self.name + "".join(f"\x1f{key}\x1e{value}" for key, value in self.labels)


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposition:
    samples: tuple[Sample, ...]
    notes: tuple[str, ...] = ()  # what was left out, and why


def parse(text: str, *, wanted: Container[str] | None = None) -> Exposition:
    """The samples of the `wanted` names, each series once. Raises SourceError where nothing fits."""
    samples: dict[str, Sample] = {}
    notes = _Notes()
    lines = 0
    for line in _lines(text):
        lines += 1
        sample = _sample(line, notes)
        if sample is None or (wanted is not None and sample.name not in wanted):
            continue
        if sample.series in samples:
            notes.add("a series given twice, the first counts", sample.name)
        elif len(samples) >= MOST_SERIES:
            notes.add(f"more than {MOST_SERIES} series, the rest is left out", sample.name)
        else:
            samples[sample.series] = sample
    if notes.count(_UNREADABLE) * 2 > lines:
        raise SourceError(_other(text), fix="give the address of Prometheus text as `scrape`")
    return Exposition(samples=tuple(samples.values()), notes=notes.said())


_UNREADABLE = "unreadable lines"


class _Notes:
    def __init__(self) -> None:
        self._seen: dict[str, tuple[int, str]] = {}

    def add(self, what: str, example: str) -> None:
        count, first = self._seen.get(what, (0, example[:80]))
        self._seen[what] = (count + 1, first)

    def count(self, what: str) -> int:
        return self._seen.get(what, (0, ""))[0]

    def said(self) -> tuple[str, ...]:
        return tuple(
            f"{what}: {count}x, e.g. {first!r}" for what, (count, first) in self._seen.items()
        )


def _lines(text: str) -> Iterator[str]:
    for line in text.split("\n"):
        stripped = line.strip()
        if stripped and not stripped.startswith("#"):
            yield stripped


def _sample(line: str, notes: _Notes) -> Sample | None:
    match = _LINE.fullmatch(line)
    labels = None if match is None else _labels(match["labels"] or "")
    value = None if match is None else _value(match["value"])
    if match is None or labels is None or value is None:
        notes.add(_UNREADABLE, line)
        return None
    if len(labels) > MOST_LABELS:
        notes.add(f"more than {MOST_LABELS} labels", match["name"])
        return None
    return Sample(match["name"], labels, value)


def _value(text: str) -> float | None:
    if "_" in text:
        return None  # Python's digit separators are nobody else's
    try:
        return float(text)  # NaN, +Inf and -Inf are read as Go writes them
    except ValueError:
        return None


def _labels(text: str) -> Labels | None:
    found: dict[str, str] = {}
    place = 0
    while place < len(text) and not text[place:].isspace():
        match = _LABEL.match(text, place)
        if match is None or match["name"] in found:
            return None
        found[match["name"]] = _unescape(match["text"][1:-1])
        place = match.end()
    return tuple(sorted(found.items()))


def _unescape(text: str) -> str:
    return _ESCAPE.sub(lambda match: _ESCAPES.get(match[1], match[1]), text)


def _other(text: str) -> str:
    start = text.lstrip()[:200].lower()
    if start.startswith(("<!doctype", "<html", "<?xml")):
        return "answered a web page where metrics were expected"
    if start.startswith(("{", "[")):
        return "answered JSON where metrics were expected"
    return "answered something that is not Prometheus text"


def matching(samples: Iterable[Sample], *names: str) -> list[Sample]:
    return [sample for sample in samples if sample.name in names]
