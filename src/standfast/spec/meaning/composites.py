"""Composites: one promise on several service levels and journeys."""

from __future__ import annotations

from fractions import Fraction
from math import floor, prod
from types import MappingProxyType
from typing import TYPE_CHECKING

from standfast.spec import units
from standfast.spec.meaning.promises import BY_CRITICALITY, windows
from standfast.spec.promises import short
from standfast.spec.system import Composite, CompositePart
from standfast.spec.values import Promise

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import timedelta

    from standfast.spec.meaning.margin import Margin
    from standfast.spec.system import Journey, ServiceLevel
    from standfast.spec.v1 import promises as v1
    from standfast.spec.v1.file import FileShape


def composites(
    file: FileShape,
    levels: Mapping[str, ServiceLevel],
    journeys: Mapping[str, Journey],
    criticality: str,
    window: timedelta,
    margin: Margin,
) -> Mapping[str, Composite]:
    known = _Known(levels, journeys, criticality)
    found = {}
    for name, shape in file.composites.items():
        path = f"composites.{name}"
        _named_apart(path, name, known, margin)
        parts = _parts(path, shape, file, known, margin)
        if parts:
            found[name] = _composite(path, name, shape, parts, window, file, known, margin)
    return MappingProxyType(found)


class _Known:
    """What a composite can be made of."""

    def __init__(
        self,
        levels: Mapping[str, ServiceLevel],
        journeys: Mapping[str, Journey],
        criticality: str,
    ) -> None:
        self.levels, self.journeys, self.criticality = levels, journeys, criticality
        # Of a level with several promises each has the name that its objective will have.
        self.promises = {
            f"{name}-{short(promise.text)}": (level, promise)
            for name, level in levels.items()
            for promise in level.slos
            if len(level.slos) > 1
        }
        self.names = dict.fromkeys([*levels, *journeys, *self.promises])

    def part(self, of: str, weight: Fraction) -> CompositePart:
        level, promise = self.promises.get(of, (self.levels.get(of), None))
        if level is not None and promise is None:
            promise = (*level.slos, *level.slas)[0]
        return CompositePart(
            of=of, weight=weight, promise=promise, level=level.name if level else ""
        )

    def target(self, part: CompositePart) -> Fraction | None:
        if part.level:
            slos = self.levels[part.level].slos
            return part.promise.target if part.promise in slos else None
        promise = self.journeys[part.of].slo
        return promise.target if promise else None


def _named_apart(path: str, name: str, known: _Known, margin: Margin) -> None:
    if name in known.names:
        what = "journey" if name in known.journeys else "service level"
        margin.wrong(path, f"a {what} is called {name} too; give the composite a name of its own")


def _parts(
    path: str, shape: v1.CompositeShape, file: FileShape, known: _Known, margin: Margin
) -> tuple[CompositePart, ...]:
    if (shape.all_ is None) == (shape.weighted is None):
        said = "write either `all: [...]`, of which each must work, or `weighted: {name: 1, ...}`"
        margin.wrong(path, said)
        return ()
    if shape.weighted is not None:
        where = {of: f"{path}.weighted.{of}" for of in shape.weighted}
    else:
        names = shape.all_ or []
        where = {of: f"{path}.all.{index}" for index, of in enumerate(names)}
        if len(where) < len(names):
            margin.wrong(f"{path}.all", "a part is here twice; write each once")
    fit = [of for of, at in where.items() if _fits(at, of, file, known, margin)]
    weights = shape.weighted or {}
    return tuple(known.part(of, weights.get(of, Fraction(1))) for of in fit)


def _fits(at: str, of: str, file: FileShape, known: _Known, margin: Margin) -> bool:
    if of in file.composites and of not in known.names:
        said = (
            f"{of} is a composite itself; name the service levels and journeys that it is made of"
        )
        margin.wrong(at, said)
        return False
    if not margin.refer(at, of, known.names, "service level or journey"):
        return False
    level = known.levels.get(of)
    if level is None:
        return True
    promises = (*level.slos, *level.slas)
    if not promises:
        margin.wrong(at, f"{of} promises nothing; write its `slo:` first")
    elif len({one.threshold for one in promises[: len(level.slos) or None]}) > 1:
        which = ", ".join(name for name in known.promises if known.promises[name][0] is level)
        margin.wrong(at, f"{of} promises several latencies; name the one that counts: {which}")
    return bool(promises)


def _composite(
    path: str,
    name: str,
    shape: v1.CompositeShape,
    parts: tuple[CompositePart, ...],
    window: timedelta,
    file: FileShape,
    known: _Known,
    margin: Margin,
) -> Composite:
    for key in ("slo", "sla"):
        written = getattr(shape, key)
        if written is not None and (written.average or written.promise.threshold is not None):
            said = "a composite promises a share of good events, for example 99.5%"
            margin.wrong(f"{path}.{key}", said)
    if shape.calendar and shape.window is not None:
        margin.wrong(f"{path}.window", "write either `calendar:` or `window:`, not both")
    taken = [*file.service_levels, *file.journeys, *file.composites]
    over = windows(path, shape.window or [], window, taken, margin)
    weighted = shape.weighted is not None
    return Composite(
        name=name,
        parts=parts,
        weighted=weighted,
        slo=shape.slo.promise
        if shape.slo
        else _assumed(path, name, parts, known, margin, weighted=weighted),
        sla=shape.sla.promise if shape.sla else None,
        window=over[0],
        also=over[1:],
        calendar=shape.calendar or "",
        min_coverage=shape.min_coverage,
    )


def _assumed(
    path: str,
    name: str,
    parts: Sequence[CompositePart],
    known: _Known,
    margin: Margin,
    *,
    weighted: bool,
) -> Promise:
    """What the promises of its parts come to, rounded down to a hundredth of a percent."""
    promised = list(_promised(parts, known))
    if not promised:
        target, because = (
            units.percentage(BY_CRITICALITY[known.criticality]),
            (f"criticality is {known.criticality}"),
        )
    elif weighted:
        whole = sum(weight for _, weight, _ in promised)
        target = sum((weight * share for _, weight, share in promised), Fraction(0)) / whole
        because = f"that is the mean of what {_listed(promised)} promise, by weight"
    else:
        target = prod((share for _, _, share in promised), start=Fraction(1))
        because = f"{_listed(promised, ' × ')} promise no more"
    text = units.show_percentage(Fraction(floor(target * 10_000), 10_000))
    margin.assume(
        f"{path}.slo", f"SLO for the composite {name} assumed {text}", because,
        f"write `{path}.slo` to change",
    )  # fmt: skip
    return Promise(text=text, target=units.percentage(text))


def _promised(
    parts: Sequence[CompositePart], known: _Known
) -> Iterator[tuple[str, Fraction, Fraction]]:
    for part in parts:
        target = known.target(part)
        if target is not None:
            yield part.of, part.weight, target


_MOST_NAMED = 8


def _listed(promised: Sequence[tuple[str, Fraction, Fraction]], between: str = ", ") -> str:
    names = [of for of, _, _ in promised]
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return between.join(names[:_MOST_NAMED]) + more
