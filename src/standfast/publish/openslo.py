"""Objectives as OpenSLO v1, for other tools; what it has no words for is left out and named.

Queries count over the objective's own period, `[30d]`, so that they can be run as they stand. Read back by
`standfast import` they are the same objectives: annotations say which indicator a query came from, and hold
only as long as nobody changed it.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction
from math import floor
from typing import TYPE_CHECKING

from standfast.publish.artefact import FOLDER as _BELOW
from standfast.publish.artefact import Noted, stamp
from standfast.publish.document import Generated
from standfast.publish.markdown import span
from standfast.publish.prometheus.indicators import counted
from standfast.publish.prometheus.promql import over
from standfast.publish.prometheus.query import Unsaid
from standfast.publish.yaml_text import text_of
from standfast.slo.burn import burn_alerts
from standfast.spec.units import show_percentage

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from standfast.publish.artefact import Artefacts
    from standfast.publish.edition import Edition
    from standfast.publish.prometheus.indicators import Counted
    from standfast.slo.burn import BurnWindow
    from standfast.slo.objective import Objective
    from standfast.spec.values import Severity

API = "openslo/v1"
FOLDER = f"{_BELOW}/openslo"
SERVICES = f"{FOLDER}/services.yaml"
OBJECTIVES = f"{FOLDER}/objectives.yaml"
SOURCE = "prometheus"
TARGET = "standfast"
PREFIX = "standfast.dev/"  # of the annotations
_CALENDAR = {"week": "1w", "month": "1M", "quarter": "1Q", "year": "1Y"}
_START = (
    "2026-01-01 00:00:00"  # the first day of a month and of a quarter; which year does not matter
)
_MONDAY = "2026-01-05 00:00:00"
_MINUTE, _HOUR, _DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
Document = dict[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """An objective in OpenSLO's words: its indicator, itself, and the alerts on its budget."""

    objective: Objective
    documents: tuple[Document, ...]


def openslo(edition: Edition) -> Artefacts:
    said: list[Said] = []
    left: list[str] = []
    for objective, _ in edition.measured:
        one = said_of(edition, objective)
        if isinstance(one, str):
            left.append(f"{objective.name}: {one}")
        else:
            said.append(one)
    services = [*_services(edition), _source(), _target()]
    documents = [document for one in said for document in one.documents]
    yield Generated(path=SERVICES, text=_text(edition, services))
    yield Generated(path=OBJECTIVES, text=_text(edition, documents, left))
    for one in left:
        yield Noted(path="openslo/objectives.yaml", said=f"left out, {one}")


def said_of(edition: Edition, objective: Objective) -> Said | str:
    """The documents of one objective, or why OpenSLO cannot have it."""
    if objective.joint:
        return _joint(edition, objective)
    found = counted(objective.indicators[0].counted, edition.system.components[objective.component])
    if isinstance(found, Unsaid):
        return found.reason
    if not objective.allowed:
        return "a target of 100% is outside of what OpenSLO allows"
    window = _window(edition, objective)
    if isinstance(window, str):
        return window
    policies = tuple(_policies(edition, objective))
    documents = (
        _sli(objective, found),
        _slo(edition, objective, window, policies),
        *policies,
    )
    return Said(objective=objective, documents=documents)


def _joint(edition: Edition, objective: Objective) -> Said | str:
    """A composite of OpenSLO has no target of its own: it is what its objectives come to, by weight."""
    if not objective.parts:
        each = "the shares of its steps" if objective.group == "journeys" else "what its parts keep"
        what = "journey" if objective.group == "journeys" else "composite of all its parts"
        return f"a {what} multiplies {each}; a composite of OpenSLO adds up what each has burnt"
    first: dict[str, Objective] = {}
    for one, _ in edition.measured:
        first.setdefault(one.level, one)
        first.setdefault(one.name, one)
    parts = [(first[part.of], part.weight) for part in objective.parts]
    for one, _ in parts:
        if one.joint:
            return f"{one.level} is a journey, which multiplies the shares of its steps"
        if one.slices is not None:
            return f"{one.level} promises slices of time, and its events count here"
        if isinstance(why := said_of(edition, one), str):
            return f"{one.name} is left out: {why}"
    whole = sum((weight for _, weight in parts), Fraction(0))
    target = sum((weight * one.target for one, weight in parts), Fraction(0)) / whole
    if objective.target != Fraction(floor(target * 10_000), 10_000):
        return (
            f"it promises {objective.promise.text}; a composite of OpenSLO promises what its objectives"
            f" come to, {show_percentage(target)}"
        )
    window = _window(edition, objective)
    if isinstance(window, str):
        return window
    policies = tuple(_policies(edition, objective))
    promised: list[Document] = [
        _promised(one)
        | {"displayName": one.name, "indicatorRef": name_of(one), "compositeWeight": float(weight)}
        for one, weight in parts
    ]
    spec = _spec(edition, objective, window, policies) | {"objectives": promised}
    slo = _document("SLO", name_of(objective), spec)
    return Said(objective=objective, documents=(slo, *policies))


def name_of(objective: Objective) -> str:
    """A name of an object may hold no dot: `api-99.9pct` is `api-99-9pct`."""
    return re.sub(r"[^A-Za-z0-9_-]+", "-", objective.name)[:63].strip("-")


def shorthand(window: timedelta) -> str | None:
    """OpenSLO's duration: one number and one unit, of which the least is the minute."""
    for size, unit in ((_DAY, "d"), (_HOUR, "h"), (_MINUTE, "m")):
        if window and window % size == timedelta(0):
            return f"{window // size}{unit}"
    return None


# ------------------------------------------------------------------ documents


def _document(
    kind: str, name: str, spec: Document, annotations: Document | None = None
) -> Document:
    metadata: Document = {"name": name}
    if annotations:
        metadata["annotations"] = annotations
    return {"apiVersion": API, "kind": kind, "metadata": metadata, "spec": spec}


def _services(edition: Edition) -> Iterator[Document]:
    for part in edition.system.components.values():
        one = _document(
            "Service", part.name, {"description": f"{part.type} of {edition.system.name}"}
        )
        if part.owner:
            one["metadata"] = {"name": part.name, "labels": {"team": part.owner}}
        yield one


def _source() -> Document:
    """Where the queries run; the address is for whoever uses the files to say."""
    return _document("DataSource", SOURCE, {"type": "Prometheus", "connectionDetails": {}})


def _target() -> Document:
    said = "standfast pages by its own rotation and escalation"
    return _document("AlertNotificationTarget", TARGET, {"description": said, "target": "webhook"})


def _sli(objective: Objective, part: Counted) -> Document:
    # What is judged slice by slice is asked of one slice.
    window = objective.slices.of if objective.slices else objective.window
    bad, total = (over(query, window) for query in (part.bad, part.total))
    annotations = _origin(objective, bad, total)
    spec: Document = {
        "ratioMetric": {"counter": True, "bad": _metric(bad), "total": _metric(total)},
    }
    return _document("SLI", name_of(objective), spec, annotations)


def _metric(query: str) -> Document:
    return {
        "metricSource": {"metricSourceRef": SOURCE, "type": "Prometheus", "spec": {"query": query}}
    }


def _origin(objective: Objective, bad: str, total: str) -> Document:
    """What the file says in place of the queries; it counts on import while they are still these."""
    if objective.indicators[0].kind in {"query", "gauge", "events"}:
        return {}  # their queries say it all
    indicator = objective.indicators[0]
    found: Document = {
        f"{PREFIX}sli": objective.sli,
        f"{PREFIX}slo": objective.promise.text,
        f"{PREFIX}queries": digest(bad, total),
    }
    if indicator.kind == "requests":
        found[f"{PREFIX}bad"] = ",".join(indicator.bad_codes)
    if indicator.route:
        found[f"{PREFIX}route"] = indicator.route
    return found


def digest(bad: str, total: str) -> str:
    """Of both queries, blind to how they are broken into lines."""
    said = "\n".join(" ".join(query.split()) for query in (bad, total))
    return hashlib.sha256(said.encode()).hexdigest()[:16]


def _slo(
    edition: Edition, objective: Objective, window: Document, policies: Iterable[Document]
) -> Document:
    spec = _spec(edition, objective, window, policies)
    return _document("SLO", name_of(objective), spec)


def _spec(
    edition: Edition, objective: Objective, window: Document, policies: Iterable[Document]
) -> Document:
    spec: Document = {
        "description": _described(edition, objective),
        "service": objective.component,
        **({} if objective.joint else {"indicatorRef": name_of(objective)}),
        "timeWindow": [window],
        "budgetingMethod": "Timeslices" if objective.slices else "Occurrences",
        "objectives": [_promised(objective)],
    }
    if refs := [{"alertPolicyRef": _named(one)} for one in policies]:
        spec["alertPolicies"] = refs
    return spec


def _promised(objective: Objective) -> Document:
    found: Document = {
        "displayName": objective.promise.text or objective.name,
        "target": float(objective.target),
    }
    if objective.slices is not None:
        found["timeSliceTarget"] = float(objective.slices.good)
        found["timeSliceWindow"] = shorthand(objective.slices.of)
    return found


def _described(edition: Edition, objective: Objective) -> str:
    said = f"{objective.component}: {objective.promise.text or objective.name}"
    assumed = edition.assumption(objective.path)
    return f"{said} (assumed by standfast, {assumed.id})" if assumed else said


def _named(one: Document) -> str:
    metadata = one["metadata"]
    assert isinstance(metadata, dict)  # noqa: S101 - written above
    return str(metadata["name"])


def _window(edition: Edition, objective: Objective) -> Document | str:
    if objective.calendar:
        start = _MONDAY if objective.calendar == "week" else _START
        calendar = {"startTime": start, "timeZone": edition.system.timezone}
        return {"duration": _CALENDAR[objective.calendar], "calendar": calendar, "isRolling": False}
    text = shorthand(objective.window)
    if text is None:
        return f"its window of {span(objective.window)} has seconds, and OpenSLO's least unit is the minute"
    return {"duration": text, "isRolling": True}


# ------------------------------------------------------------------ alerts


def _policies(edition: Edition, objective: Objective) -> Iterator[Document]:
    """One for each window that can fire: a policy has one condition. The short windows have no word."""
    stated = _stated(edition, objective)
    for window in burn_alerts(objective):
        if stated is not None and not window.pages:
            continue
        back = shorthand(window.long)
        if back is not None:
            yield _policy(objective, window, stated or window.severity, back)


def _stated(edition: Edition, objective: Objective) -> Severity | None:
    """The severity of the file's own alert on this budget."""
    names = (objective.name, objective.level)
    known = [edition.burning[name] for name in names if name in edition.burning]
    return min(known)[1] if known else None


def _policy(objective: Objective, window: BurnWindow, severity: Severity, back: str) -> Document:
    name = f"{name_of(objective)[: 62 - len(window.name)]}-{window.name}"
    said = f"Prometheus asks the last {span(window.short)} for it too, so that it ends soon after its cause"
    condition: Document = {
        "kind": "AlertCondition",
        "metadata": {"name": name},
        "spec": {
            "description": said,
            "severity": severity.value,
            "condition": {
                "kind": "burnrate",
                "op": "gte",
                "threshold": float(round(window.factor, 6)),
                "lookbackWindow": back,
                "alertAfter": "0m",
            },
        },
    }
    spec: Document = {
        "description": f"{objective.name} burns its error budget ({window.name})",
        "alertWhenNoData": False,
        "alertWhenResolved": False,
        "alertWhenBreaching": True,
        "conditions": [condition],
        "notificationTargets": [{"targetRef": TARGET}],
    }
    return _document("AlertPolicy", name, spec)


# ------------------------------------------------------------------ text


def _text(edition: Edition, documents: Iterable[Document], left: Iterable[str] = ()) -> str:
    head = stamp(edition)
    missing = [f"#   {' '.join(one.split())}\n" for one in left]
    if missing:
        head += "# Left out, since OpenSLO or Prometheus cannot say it:\n" + "".join(missing)
    return head + "".join(f"---\n{text_of(one)}" for one in documents)
