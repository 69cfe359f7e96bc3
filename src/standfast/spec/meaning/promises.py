"""Service levels and the budget policy."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from fractions import Fraction
from types import MappingProxyType
from typing import TYPE_CHECKING

from standfast.spec import signals, units
from standfast.spec.meaning import counting, slices
from standfast.spec.system import BudgetPolicy, EventNames, EventQuery, PolicyBand, ServiceLevel
from standfast.spec.values import Promise

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from standfast.spec.meaning.margin import Margin
    from standfast.spec.system import Component
    from standfast.spec.v1 import promises as v1
    from standfast.spec.v1.file import FileShape

BY_CRITICALITY = {"critical": "99.9%", "high": "99.9%", "medium": "99.5%", "low": "99%"}
OURS = ("5xx", "timeout")  # what counts as our failure: server errors and time-outs
_BAND = re.compile(
    r"(?:(?P<sign>[<>])\s*)?(?P<low>\d+(?:\.\d+)?)%?(?:\s*[-–]\s*(?P<high>\d+(?:\.\d+)?))?\s*%"
)
_POLICY = {
    "> 50%": "continue feature work",
    "25-50%": "prioritise reliability",
    "< 25%": "freeze features, fix reliability",
    "0%": "incident review",
}


def service_levels(
    file: FileShape,
    components: Mapping[str, Component],
    criticality: str,
    window: timedelta,
    margin: Margin,
) -> Mapping[str, ServiceLevel]:
    found = {
        name: _level(name, shape, components, window, file, margin)
        for name, shape in file.service_levels.items()
    }
    promised = {one.of for one in found.values() if one.sli in ("availability", "probe")}
    for name, component in components.items():
        level = f"{name}-availability"
        if component.serves and name not in promised and level not in found:
            one = _assumed(level, name, criticality, window, margin)
            found[level] = replace(one, source=counting.assumed(one.sli, file.server))
    return MappingProxyType(found)


def _level(
    name: str,
    shape: v1.ServiceLevelShape,
    components: Mapping[str, Component],
    window: timedelta,
    file: FileShape,
    margin: Margin,
) -> ServiceLevel:
    path = f"service_levels.{name}"
    margin.refer(f"{path}.of", shape.of, components, "component")
    written = list(shape.slo or ())
    if shape.calendar and shape.window is not None:
        margin.wrong(f"{path}.window", "write either `calendar:` or `window:`, not both")
    if shape.sli == "latency":
        for key in ("slo", "sla"):
            if any(one.promise.threshold is None for one in getattr(shape, key) or ()):
                margin.wrong(f"{path}.{key}", "a latency is promised as `p95 < 200ms`")
    else:
        for key in ("slo", "sla"):
            if any(one.promise.threshold is not None for one in getattr(shape, key) or ()):
                said = f"{shape.sli} is promised as a share of good events, for example 99.5%"
                margin.wrong(f"{path}.{key}", said)
    part = components.get(shape.of)
    taken = [*file.service_levels, *file.journeys, *file.composites]
    over = windows(path, shape.window or [], window, taken, margin)
    return ServiceLevel(
        name=name,
        of=shape.of,
        sli=shape.sli,
        slos=tuple(one.promise for one in written),
        slas=tuple(one.promise for one in shape.sla or ()),
        window=over[0],
        also=over[1:],
        calendar=shape.calendar or "",
        sla_window=shape.sla_window or "",
        bad_codes=tuple(shape.bad) if shape.bad is not None else OURS,
        route=shape.route or "",
        average=any(one.average for one in written),
        min_coverage=shape.min_coverage,
        query=_query(path, shape, margin),
        source=counting.source(path, shape, file.server, margin),
        events=_events(path, shape, margin),
        signal=_signal(path, shape, part, margin) if part else "",
        limit=_limit(path, shape, part, margin) if part else None,
        slices=slices.of_level(path, shape, part, min(over), margin),
    )


def windows(
    path: str,
    said: Sequence[timedelta],
    otherwise: timedelta,
    names: Collection[str],
    margin: Margin,
) -> tuple[timedelta, ...]:
    """The windows that the same events are judged over, in the order of the file."""
    found = tuple(countable(f"{path}.window", one, otherwise, margin) for one in said)
    if len(set(found)) < len(found):
        margin.wrong(f"{path}.window", "a window is here twice; write each once")
    if len(found) > 1:
        for shown in map(units.show_duration, found):
            if (taken := f"{path.partition('.')[2]}-{shown}") in names:
                margin.wrong(
                    f"{path}.window",
                    f"the objective over {shown} would be called {taken}, and so is another; rename that",
                )
    return found or (otherwise,)


SHORTEST, LONGEST = timedelta(minutes=1), timedelta(days=5 * 365)


def countable(
    path: str, stated: timedelta | None, otherwise: timedelta, margin: Margin
) -> timedelta:
    """A window that events can be counted over; counts are kept for two of the longest."""
    if stated is None:
        return otherwise
    if not SHORTEST <= stated <= LONGEST:
        shown = units.show_duration(stated)
        margin.wrong(
            path, f"a window of {shown} cannot be counted over; write 1m to 5y, such as 30d"
        )
        return otherwise
    return stated


_GAUGED = ("freshness", "saturation")


def _events(path: str, shape: v1.ServiceLevelShape, margin: Margin) -> EventNames | None:
    said = shape.events
    if shape.sli != "correctness":
        if said is not None:
            margin.wrong(f"{path}.events", f"only `sli: correctness` has them, not {shape.sli}")
        return None
    if said is None:
        return KIT_CHECKS
    if (said.good is None) == (said.bad is None):
        margin.wrong(f"{path}.events", "write either `good:` or `bad:` beside `total:`")
    return EventNames(total=said.total, good=said.good or "", bad=said.bad or "")


KIT_CHECKS = EventNames(total="standfast_checks_total", bad="standfast_checks_failed_total")
"""What the kit counts where an application checks its own answers."""


def _signal(path: str, shape: v1.ServiceLevelShape, component: Component, margin: Margin) -> str:
    if shape.sli not in _GAUGED:
        if shape.signal is not None:
            margin.wrong(
                f"{path}.signal", f"only freshness and saturation have one, not {shape.sli}"
            )
        return ""
    usual = [name for name in ("freshness", "age") if name in component.metrics]
    name = shape.signal or (usual[0] if usual and shape.sli == "freshness" else "")
    if not name:
        margin.wrong(
            f"{path}.sli", f"`sli: {shape.sli}` needs `signal:`, what is compared with the limit"
        )
        return ""
    known = [*component.metrics, *_gauges(component, shape.sli)]
    margin.refer(f"{path}.signal", name, known, f"signal of {shape.of} for {shape.sli}")
    return name


def _gauges(component: Component, sli: str) -> list[str]:
    """The known signals that a limit can be held against; the age of data is one in seconds."""
    mine = signals.threshold_signals(component.type).values()
    return [
        one.name
        for one in mine
        if one.golden == "saturation"
        and one.name != "disk full in"
        and (sli == "saturation" or one.unit == "s")
    ]


def _limit(
    path: str, shape: v1.ServiceLevelShape, component: Component, margin: Margin
) -> Fraction | None:
    if shape.sli not in _GAUGED:
        if shape.limit is not None:
            margin.wrong(
                f"{path}.limit", f"only freshness and saturation have one, not {shape.sli}"
            )
        return None
    if shape.limit is None:
        example = "15m" if shape.sli == "freshness" else "80%"
        margin.wrong(f"{path}.sli", f"`sli: {shape.sli}` needs `limit:`, for example {example}")
        return None
    try:
        return _measure(shape, component)
    except ValueError as error:
        margin.wrong(f"{path}.limit", str(error))
        return None


_PLAIN = re.compile(r"\d{1,15}(\.\d{1,6})?", re.ASCII)


def _measure(shape: v1.ServiceLevelShape, component: Component) -> Fraction:
    """The limit by its signal's unit; of the file's own metrics the spelling tells the unit."""
    text = shape.limit or ""
    known = signals.threshold_signals(component.type).get(shape.signal or "")
    own = (shape.signal or "") in component.metrics
    unit = known.unit if known and not own else ""
    if shape.sli == "freshness" or unit == "s":
        return Fraction(units.duration(text) // _MILLISECOND, 1000)
    if unit == "%":
        return units.percentage(text)
    if text.endswith("%"):
        return units.percentage(text)
    if _PLAIN.fullmatch(text):
        return Fraction(text)
    if unit or known:
        raise ValueError(f"not a number: '{text}'; write for example 1000")
    return Fraction(units.duration(text) // _MILLISECOND, 1000)


_MILLISECOND = timedelta(milliseconds=1)
_WINDOW = "$window"


def _query(path: str, shape: v1.ServiceLevelShape, margin: Margin) -> EventQuery | None:
    said = shape.query
    if shape.sli != "query":
        if said is not None:
            margin.wrong(f"{path}.query", f"only `sli: query` has one, and this is {shape.sli}")
        return None
    if said is None:
        margin.wrong(
            f"{path}.sli", "`sli: query` needs `query: {total: ..., bad: ...}`, or `good:`"
        )
        return None
    if (said.good is None) == (said.bad is None):
        margin.wrong(f"{path}.query", "write either `good:` or `bad:` beside `total:`")
    for name in ("total", "good", "bad"):
        if (text := getattr(said, name)) is not None and _WINDOW not in text:
            margin.wrong(
                f"{path}.query.{name}",
                f"the query names no window; write `[{_WINDOW}]` where its range stands",
            )
    return EventQuery(total=said.total, good=said.good or "", bad=said.bad or "")


def _assumed(
    level: str, of: str, criticality: str, window: timedelta, margin: Margin
) -> ServiceLevel:
    text = BY_CRITICALITY[criticality]
    margin.assume(
        f"service_levels.{level}",
        f"SLO for {of} assumed {text} over {units.show_duration(window)}",
        f"criticality is {criticality}",
        "write `service_levels:` to change",
    )
    slos = (Promise(text=text, target=units.percentage(text)),)
    return ServiceLevel(
        name=level, of=of, sli="availability", slos=slos, window=window, bad_codes=OURS
    )


def budget_policy(file: FileShape, known: Iterable[str], margin: Margin) -> BudgetPolicy:
    policy = file.budget_policy
    if policy is None or not policy.bands:
        said = "; ".join(f"{band} left: {action}" for band, action in _POLICY.items())
        margin.assume(
            "budget_policy", f"budget policy assumed: {said}", "none is stated",
            "write `budget_policy:` to change",
        )  # fmt: skip
        written = dict.fromkeys(_POLICY)
    else:
        written = dict.fromkeys(policy.bands)
    owner = policy.owner if policy else None
    if owner:
        margin.refer("budget_policy.owner", owner, list(known), "person or team")
    bands = []
    for text in written:
        shape = policy.bands[text] if policy and policy.bands else None
        band = _band(text, shape.do if shape else _POLICY[text], shape.freezes if shape else None)
        if band is None:
            said = f'not a band of the budget: \'{text}\'; write "> 50%", "25-50%", "< 25%" or "0%"'
            margin.wrong(f"budget_policy.{text}", said)
        else:
            bands.append(band)
    return BudgetPolicy(bands=_frozen_down(bands), owner=owner)


def _frozen_down(bands: Iterable[PolicyBand]) -> tuple[PolicyBand, ...]:
    """From most left to exhausted: what a fuller budget forbids, an emptier one does not allow again."""
    found, frozen = [], False
    for band in sorted(bands, key=lambda one: one.high, reverse=True):
        frozen = frozen or band.freezes
        found.append(replace(band, freezes=frozen))
    return tuple(found)


def _band(text: str, action: str, freezes: bool | None) -> PolicyBand | None:
    low, high = Fraction(0), Fraction(0)
    lowest = False
    match = _BAND.fullmatch(text.strip())
    if text.strip().lower() == "exhausted" or (
        match and not match["sign"] and not match["high"] and Fraction(match["low"]) == 0
    ):
        lowest = True
    elif match and match["high"] and not match["sign"]:
        low, high = Fraction(match["low"]) / 100, Fraction(match["high"]) / 100
    elif match and match["sign"] == ">":
        low, high = Fraction(match["low"]) / 100, Fraction(1)
    elif match and match["sign"] == "<":
        high = Fraction(match["low"]) / 100
    else:
        return None
    # Who has nothing left is let through by nothing but an override, whatever is done about it.
    freezes = lowest or ("freeze" in action.lower() if freezes is None else freezes)
    return PolicyBand(
        low=None if lowest else low,
        high=high,
        action=action,
        text=text,
        freezes=freezes,
        # Nothing left is exhausted, whatever else begins at 0%.
        with_low=bool(match and match["high"]) and low > 0,
    )
