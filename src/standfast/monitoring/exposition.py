"""Reading Prometheus text (format 0.0.4) and OpenMetrics (1.0), whatever they turn out to be.

https://prometheus.io/docs/instrumenting/exposition_formats/ and
https://github.com/prometheus/OpenMetrics/blob/main/specification/OpenMetrics.md. Lines that make no
sense are noted and left out. An answer that is something else altogether, that was cut off, or that
holds more series than are taken, raises SourceError: half of a scrape would be a wrong figure.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TYPE_CHECKING

from standfast.errors import SourceError, TooMuch
from standfast.monitoring.flood import explosive

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Mapping

MOST_SERIES = 20_000
MOST_LABELS = 40
_SHORT = 400  # characters of labels that are remembered, so that no target fills the memory
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


def of_series(series: str, value: float = 0.0) -> Sample:
    """The sample behind a key, see `Sample.series`."""
    name, *labels = series.split("\x1f")
    pairs = (one.partition("\x1e") for one in labels)
    return Sample(name, tuple((key, text) for key, _, text in pairs), value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposition:
    samples: tuple[Sample, ...]
    notes: tuple[str, ...] = ()  # what was left out, and why
    doubtful: frozenset[str] = frozenset()  # names with a series that stands there in two values
    created: Mapping[tuple[str, Labels], float] = field(
        default_factory=dict
    )  # by family, in seconds

    def began(self, sample: Sample) -> float | None:
        """When this series came to be, in seconds of the target's clock, where it says so."""
        family = next(
            (sample.name.removesuffix(one) for one in _COUNTING if sample.name.endswith(one)),
            sample.name,
        )
        own = tuple(one for one in sample.labels if one[0] != "le")
        return self.created.get((family, own))


def parse(
    text: str,
    *,
    wanted: Container[str] | None = None,
    most: int = MOST_SERIES,
    openmetrics: bool = False,
) -> Exposition:
    """The samples of the `wanted` names, each series once. Raises SourceError where nothing fits."""
    if openmetrics:
        _check_end(text)
    samples: dict[str, Sample] = {}
    created: dict[tuple[str, Labels], float] = {}
    doubtful: set[str] = set()
    notes = _Notes()
    lines = 0
    for line in _lines(text):
        lines += 1
        sample = _sample(line, notes)
        if sample is None:
            continue
        if _tells_begin(sample, wanted):
            created[sample.name.removesuffix(_CREATED), sample.labels] = sample.value
            continue
        sample = sample if wanted is None else _as_wanted(sample, wanted)
        if sample is None:
            continue
        if sample.series in samples:
            _again(samples[sample.series], sample, doubtful, notes)
        elif len(samples) >= most:
            varied = explosive((one.name, one.labels) for one in samples.values())
            raise TooMuch(
                f"gives more than {most:,} series of what is read here, so nothing was counted"
                + (f": {varied}" if varied else ""),
                fix="drop the label that explodes, or raise `series` of the component",
            )
        else:
            samples[sample.series] = sample
    if notes.count(_UNREADABLE) * 2 > lines:
        raise SourceError(_other(text), fix="give the address of Prometheus text as `scrape`")
    return Exposition(
        samples=tuple(samples.values()),
        notes=notes.said(),
        doubtful=frozenset(doubtful),
        created=created,
    )


_CREATED = "_created"
_COUNTING = ("_total", "_bucket", "_count", "_sum")  # what a counter or a histogram is made of


def _check_end(text: str) -> None:
    """OpenMetrics says where it ends, so that an answer which was cut off is known for one."""
    before, mark, after = text.rpartition("# EOF")
    if not mark or after.strip("\n") or (before and not before.endswith("\n")):
        raise SourceError(
            "the metrics were cut off: OpenMetrics ends with '# EOF', and this does not",
            fix="look for a proxy or a time-out that ends the answer early",
        )
    if "\n# EOF\n" in before or before.startswith("# EOF\n"):
        raise SourceError("the metrics go on after '# EOF', where OpenMetrics ends")


def _tells_begin(sample: Sample, wanted: Container[str] | None) -> bool:
    if wanted is None or not sample.name.endswith(_CREATED) or sample.name in wanted:
        return False
    family = sample.name.removesuffix(_CREATED)
    return family in wanted or any(family + part in wanted for part in _COUNTING)


def _as_wanted(sample: Sample, wanted: Container[str]) -> Sample | None:
    """OpenMetrics adds `_total` to the name of a counter that the same library leaves as it is elsewhere."""
    if sample.name in wanted:
        return sample
    plain = sample.name.removesuffix("_total")
    return replace(sample, name=plain) if plain != sample.name and plain in wanted else None


def _again(first: Sample, second: Sample, doubtful: set[str], notes: _Notes) -> None:
    """Which of two values is right, nobody can tell; the same value twice is merely odd."""
    if first.value == second.value:
        notes.add("a series given twice", first.name)
        return
    notes.add("a series given twice with two values, so that its name is not counted", first.name)
    doubtful.add(first.name)


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
    # Labels hardly change from one look to the next, and are alike for many targets of one kind.
    return _known_labels(text) if len(text) <= _SHORT else _read_labels(text)


@lru_cache(maxsize=8_192)
def _known_labels(text: str) -> Labels | None:
    return _read_labels(text)


def _read_labels(text: str) -> Labels | None:
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
