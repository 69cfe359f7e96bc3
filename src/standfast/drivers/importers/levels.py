"""Service levels of any format on their way to facts: one query in, one level of the file out."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING

from standfast.drivers.importers import promql
from standfast.drivers.importers.severities import Severities
from standfast.drivers.importers.source import place
from standfast.spec import units
from standfast.spec.drafting.draft import Draft, Fact, Note, NoteKind
from standfast.spec.drafting.mending import fit

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from standfast.spec.drafting.draft import Path, Plain
    from standfast.spec.tree import Node

_NUMBER = re.compile(r"-?\d{1,20}(?:\.\d{0,30})?(?:[eE][-+]?\d{1,2})?", re.ASCII)
_SPAN = re.compile(r"(\d{1,5})([mhdw])", re.ASCII)


Values = dict["Path", tuple["Plain", tuple["Node", ...]]]  # of one level, by their paths below it


class Untold(Exception):
    """Something cannot be said in the file; the text says what, and what to do."""

    def __init__(self, kind: NoteKind, said: str, node: Node | None = None) -> None:
        super().__init__(said)
        self.kind, self.said, self.node = kind, said, node


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """Events by PromQL over `$window`, each with where it was read; either bad or good ones."""

    total: str
    part: str
    good: bool
    total_node: Node
    part_node: Node


@dataclass(slots=True)
class Levels:
    """Facts and notes as they come up; a name is given once."""

    facts: list[Fact] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    severities: Severities = field(default_factory=Severities)
    _taken: dict[str, dict[Path, Plain]] = field(default_factory=dict)
    _components: set[str] = field(default_factory=set)
    _numbers: dict[tuple[int, str], int] = field(default_factory=dict)
    _alerts: dict[str, str] = field(default_factory=dict)  # of each its level

    def note(self, kind: NoteKind, said: str, node: Node) -> None:
        self.notes.append(Note(kind=kind, place=place(node), text=said))

    def put(self, path: Path, value: Plain, *at: Node) -> None:
        places = tuple(dict.fromkeys(place(node) for node in at))
        self.facts.append(Fact(path=path, value=value, places=places))

    def component(self, said: str, node: Node) -> str:
        """The component that a service is; what kind of thing it is, is for other sources to say."""
        name = fit(said)
        self.put(("components", name), None, node)
        self._components.add(name)
        return name

    def owner(self, component: str, team: str, node: Node) -> None:
        if not team or "{{" in team or component not in self._components:
            return
        name = fit(team)
        self.put(("components", component, "owner"), name, node)
        self.put(("teams", name, "members"), (), node)

    def free_alert(self, wanted: str, level: str, behind: str = "") -> str:
        """A name of many in Prometheus; in the file the second one is told apart by its level."""
        name = fit(wanted)
        second = f"{wanted[:58]}-{behind}" if behind else f"{level[:40]}-{wanted}"
        free = self._first([name, fit(second)], name, self._alerts, level)
        self._alerts[free] = level
        return free

    def level(
        self,
        wanted: str,
        *,
        of: str,
        counts: Counts,
        slos: list[tuple[str, Node]],
        window: tuple[str, Node] | None,
        calendar: tuple[str, Node] | None = None,
        named: Node,
        instead: Values | None = None,
        slices: Values | None = None,
    ) -> str:
        """One level as the file writes it, and its name: the known one's where all of it is the same."""
        word = "good" if counts.good else "bad"
        said: Plain = slos[0][0] if len(slos) == 1 else tuple(text for text, _ in slos)
        values: Values = {("of",): (of, (named,))}
        values |= instead or {
            ("sli",): ("query", (counts.total_node,)),
            ("query", "total"): (counts.total, (counts.total_node,)),
            ("query", word): (counts.part, (counts.part_node,)),
            ("slo",): (said, tuple(node for _, node in slos)),
        }
        values |= slices or {}
        return self._put("service_levels", wanted, values, window, calendar, named)

    def composite(
        self,
        wanted: str,
        weights: Mapping[str, tuple[Plain, Node]],
        window: tuple[str, Node] | None,
        calendar: tuple[str, Node] | None,
        named: Node,
    ) -> str:
        """Levels together, by weight; no level has its name."""
        values: Values = {("weighted", of): (by, (at,)) for of, (by, at) in weights.items()}
        return self._put("composites", wanted, values, window, calendar, named)

    def _put(
        self,
        section: str,
        wanted: str,
        values: Values,
        window: tuple[str, Node] | None,
        calendar: tuple[str, Node] | None,
        named: Node,
    ) -> str:
        if window is not None:
            values["window",] = (window[0], (window[1],))
        if calendar is not None:
            values["calendar",] = (calendar[0], (calendar[1],))
        name = self._free(wanted, {path: value for path, (value, _) in values.items()}, named)
        for path, (value, at) in values.items():
            self.put((section, name, *path), value, *at)
        return name

    def _free(self, wanted: str, values: dict[Path, Plain], node: Node) -> str:
        """A name that no other level has; what bears one twice and differs is told."""
        name = fit(wanted)
        if self._taken.setdefault(name, values) == values:
            return name
        other = self._first([], name, self._taken, values)
        if other not in self._taken:
            said = f"another objective is called {name} and promises something else; it is {other} here"
            self.note(NoteKind.CONFLICT, said, node)
        self._taken[other] = values
        return other

    def _first(
        self, wanted: list[str], name: str, taken: Mapping[str, object], mine: object
    ) -> str:
        """The first name that is free or one's own; numbers go on where the last search ended."""
        for one in wanted:
            if taken.get(one, mine) == mine:
                return one
        number = self._numbers.get((id(taken), name), 2)
        while taken.get(f"{name[:57]}-{number}", mine) != mine:
            number += 1
            self._numbers[id(taken), name] = number
        return f"{name[:57]}-{number}"

    def burn(self, name: str, level: str, of: str, severity: str, *at: Node) -> None:
        path = ("alerts", fit(name))
        self.put((*path, "of"), of, *at)
        self.put((*path, "when"), f"burn rate of {level}", *at)
        self.put((*path, "severity"), severity, *at)

    def draft(self) -> Draft:
        """The components first, whatever order they came up in."""
        notes = [*self.notes, *self.severities.notes()]
        return Draft(facts=tuple(self.facts), notes=tuple(notes))


# ------------------------------------------------------------------ values


def percent(text: str, *, share: bool = False) -> str:
    """ "99.9%" of `99.9`, or of the share 0.999, to the last digit; raises ValueError."""
    said = text.strip().removesuffix("%").strip()
    if not _NUMBER.fullmatch(said):
        raise ValueError(f"{text[:40]!r} is no number")
    value = Decimal(said) * (100 if share else 1)
    if not 0 < value <= 100:
        raise ValueError(f"{text[:40]} is no share between nothing and all")
    said = f"{value:f}"
    said = said.rstrip("0").rstrip(".") if "." in said else said
    if len(said.partition(".")[2]) > 12:
        raise ValueError(f"{text[:40]} has more digits than the file takes")
    return f"{said}%"


def span(text: str) -> str:
    """A duration of whole minutes or longer as the file writes it: 28d of 4w; raises ValueError."""
    match = _SPAN.fullmatch(text.strip())
    if not match or int(match[1]) == 0:
        raise ValueError(f"{text[:40]!r} is no duration in minutes, hours, days or weeks")
    many, unit = int(match[1]), match[2]
    return f"{many * 7}d" if unit == "w" else f"{many}{unit}"


# ------------------------------------------------------------------ queries


def usable(text: str, what: str, node: Node) -> str:
    """A query with its window written as the file does; raises Untold where it cannot be taken."""
    if len(text) > 4 * promql.LONGEST:
        raise Untold(
            NoteKind.UNSUPPORTED, f"{what} is longer than {promql.LONGEST:,} characters", node
        )
    if said := promql.placeholder(text):
        raise Untold(
            NoteKind.PLACEHOLDER, f"{what} holds {said!r}, which nobody has filled in", node
        )
    if why := promql.wrong(text):
        raise Untold(NoteKind.UNSUPPORTED, f"{what} is not taken: {why}", node)
    return promql.filled(text)


def over_window(
    total: str,
    part: str,
    node: Node,
    levels: Levels,
    what: str,
    *,
    counter: bool = False,
    period: str = "",
) -> tuple[str, str]:
    """Both queries over `$window`. A fixed range that all of them share is one already, and is told."""
    if promql.counting(total) and promql.counting(part) and not _comparable(total, part):
        said = f"{what}: one query counts by `rate`, the other by `increase`; write both in the same unit"
        raise Untold(NoteKind.UNSUPPORTED, said, node)
    if promql.WINDOW in total and promql.WINDOW in part:
        return total, part
    found = tuple(dict.fromkeys((*promql.ranges(total), *promql.ranges(part))))
    if not found and counter:
        series = promql.selector(total), promql.selector(part)
        if all(series):
            levels.note(
                NoteKind.DETECTED,
                f"{what} names counters; their growth over the window is what is counted (`sum(rate(...))`)",
                node,
            )
            first, second = (f"sum(rate({one}[{promql.WINDOW}]))" for one in series)
            return first, second
    fixed = _fixed(total, part, period)
    if fixed:
        levels.note(
            NoteKind.DETECTED,
            f"{what} counts over [{fixed}]; the file counts over the windows of its objectives, so "
            f"[{promql.WINDOW}] stands there",
            node,
        )
        whole, some = (promql.with_range(one, fixed, promql.WINDOW) for one in (total, part))
        return whole, some
    said = f"{what} names no window that could be another: " + (
        f"its ranges are {', '.join(f'[{one}]' for one in found[:5])}"
        if found
        else "it has no range, and nothing says that it reads counters"
    )
    raise Untold(
        NoteKind.UNSUPPORTED, f"{said}; write it as `sli: query` with [{promql.WINDOW}]", node
    )


def _fixed(total: str, part: str, period: str) -> str:
    """The one range of both queries, or of several that of the objective's own period."""
    spans = set(promql.ranges(total)), set(promql.ranges(part))
    both = spans[0] & spans[1]
    own = [
        one
        for one in both
        if period and promql.is_duration(one) and units.duration(one) == units.duration(period)
    ]
    if own:
        return own[0]
    alone = len(spans[0] | spans[1]) == 1 and len(both) == 1
    return next((one for one in both if alone and promql.is_duration(one)), "")


def _comparable(total: str, part: str) -> bool:
    return promql.counting(total) == promql.counting(part) or not (
        {"increase"} & (promql.counting(total) ^ promql.counting(part))
    )


def sampled(good: str, step: str) -> tuple[str, str]:
    """Total and good of what is judged once every `step`: `good` is 1 in a good slice, or its share."""
    window = f"[{promql.WINDOW}:{step}]"
    return f"sum(count_over_time(({good}){window}))", f"sum(sum_over_time(({good}){window}))"


def told(levels: Levels, error: Untold, node: Node) -> None:
    levels.note(error.kind, error.said, error.node or node)


def ordered(facts: Iterable[Fact]) -> Iterator[Fact]:
    """Components before levels, levels before what is made of them, and that before alerts."""
    order = ("system", "components", "service_levels", "composites", "alerts", "teams", "channels")
    return iter(sorted(facts, key=lambda one: order.index(one.path[0])))
