"""OpenSLO files in, a draft out."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from standfast.drivers.importers import nodes
from standfast.drivers.importers.bounding import bounded
from standfast.drivers.importers.levels import Counts, Levels, Untold, ordered, percent, told
from standfast.drivers.importers.manifests import manifests, marked
from standfast.drivers.importers.nodes import at
from standfast.drivers.importers.openslo.catalogue import Catalogue, Thing, is_openslo
from standfast.drivers.importers.openslo.indicator import Asked, counts, slices
from standfast.drivers.importers.openslo.origin import stated
from standfast.drivers.importers.openslo.policies import Policies
from standfast.drivers.importers.openslo.windows import Window, window
from standfast.drivers.importers.secrets import is_secret, secret_note
from standfast.drivers.importers.source import place
from standfast.spec.drafting.draft import Draft, NoteKind, join
from standfast.spec.drafting.mending import fit

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from standfast.drivers.importers.source import Folder, Source
    from standfast.spec.drafting.draft import Plain
    from standfast.spec.tree import Node

_MARK = re.compile(r"[\"']?apiVersion[\"']?\s*:\s*[\"']?openslo(?:\.com)?/")
_METHODS = {"occurrences", "timeslices", "ratiotimeslices"}
_INDICATORS = ("indicator", "indicatorRef", "sli", "sliRef")
_WEIGHT = re.compile(r"\d{1,7}(?:\.\d{1,6})?", re.ASCII)
_HEAVIEST = 1_000_000
_OWNERS = ("team", "owner", "owned-by", "squad")


class OpenSlo:
    """v1, v1alpha and v2alpha; files are read together, since they refer to each other."""

    name = "openslo"

    def claims(self, source: Source) -> bool:
        return marked(source, _MARK, is_openslo)

    def read(self, sources: Sequence[Source], folder: Folder) -> Draft:  # noqa: ARG002 - the port's shape
        levels = Levels()
        catalogue = Catalogue(filter(is_openslo, manifests(sources, levels.notes)), levels)
        reading = _Reading(catalogue, levels)
        reading.services()
        # Composites last: an objective of one may be a level that another SLO says already.
        for slo in sorted(catalogue.of_kind("SLO"), key=reading.composite):
            reading.objective(slo)
        reading.rest()
        joined = join([levels.draft()])
        return replace(joined, facts=tuple(ordered(joined.facts)), notes=bounded(joined.notes))


class _Reading:
    def __init__(self, catalogue: Catalogue, levels: Levels) -> None:
        self.catalogue, self.levels = catalogue, levels
        self.policies = Policies(catalogue, levels)
        self.used: set[str] = set()  # the SLIs that an objective refers to
        self.known: dict[tuple[str, str], str] = {}  # SLI referred to, target -> the level

    def services(self) -> None:
        for one in self.catalogue.of_kind("Service"):
            name = self.levels.component(one.name, one.named)
            self._owned(name, one)

    def _owned(self, component: str, one: Thing) -> None:
        for label, _, node in nodes.entries(one.node, "metadata", "labels"):
            first = (node.items or [node])[0] if node.items is None or node.items else None
            if (
                label.rpartition("/")[2].lower() in _OWNERS
                and first is not None
                and nodes.text(first)
            ):
                self.levels.owner(component, nodes.text(first), first)
                return

    def objective(self, slo: Thing) -> None:
        service = at(slo.spec, "service")
        if service is None or not nodes.text(service) or "{{" in nodes.text(service):
            said = f"the SLO {slo.name} names no service, so nothing tells what it is about"
            self.levels.note(NoteKind.PLACEHOLDER, said, service or slo.named)
            return
        of = self.levels.component(nodes.text(service), service)
        if self.catalogue.named("Service", nodes.text(service)) is None:
            self._owned(of, slo)
        try:
            windowed = window(slo, self.levels)
            found = list(self._parted(slo, windowed))
        except Untold as error:
            told(self.levels, error, slo.named)
            return
        made = []
        for asked in found:
            try:
                made.append((self._level(slo, of, asked, windowed), asked[0].objective))
            except Untold as error:
                told(self.levels, error, slo.named)
        if self.composite(slo):
            self.policies.of(slo, of, self._composite(slo, made, windowed))
        else:
            self.policies.of(slo, of, [name for name, _ in made])

    @staticmethod
    def composite(slo: Thing) -> bool:
        """Does each of its objectives have an indicator of its own?"""
        objectives = nodes.items(slo.spec, "objectives")
        own = (at(one, key) for one in objectives for key in _INDICATORS)
        return len(objectives) > 1 and any(one is not None for one in own)

    def _composite(
        self, slo: Thing, made: Sequence[tuple[str, Node]], windowed: Window
    ) -> list[str]:
        """Its name. What OpenSLO adds up is a mean by weight, and promises what its objectives come to."""
        node = at(slo.spec, "objectives") or slo.node
        weights: dict[str, tuple[Plain, Node]] = {}
        for name, objective in made:
            weights.setdefault(name, self._weight(slo, objective))
        if len(weights) < 2:
            said = f"of the composite {slo.name} fewer than two objectives could be taken; it is none here"
            self.levels.note(NoteKind.UNSUPPORTED, said, node)
            return list(weights)
        said = (
            f"{slo.name} is a composite: its objectives are service levels here, and it is the mean of "
            "them by weight, with what they come to as its target"
        )
        self.levels.note(NoteKind.DETECTED, said, node)
        return [
            self.levels.composite(slo.name, weights, windowed.rolling, windowed.calendar, slo.named)
        ]

    def _weight(self, slo: Thing, objective: Node) -> tuple[Plain, Node]:
        node = at(objective, "compositeWeight")
        if node is None:
            return 1, objective
        text = nodes.text(node)
        weight = float(text) if _WEIGHT.fullmatch(text) else 0.0
        if not 0 < weight <= _HEAVIEST:
            said = f"{slo.name}: compositeWeight {text[:40]!r} is no weight above 0; 1 is taken"
            self.levels.note(NoteKind.UNSUPPORTED, said, node)
            return 1, node
        return int(weight) if weight.is_integer() else weight, node

    def _parted(self, slo: Thing, windowed: Window) -> Iterator[list[Asked]]:
        """The objectives that share one indicator, as one level; others each as a level of its own."""
        method = nodes.text(slo.spec, "budgetingMethod").lower() or "occurrences"
        if method not in _METHODS:
            raise Untold(
                NoteKind.UNSUPPORTED, f"{slo.name}: no budgeting method is called {method[:40]!r}"
            )
        objectives = nodes.items(slo.spec, "objectives")
        if not objectives:
            raise Untold(NoteKind.UNSUPPORTED, f"the SLO {slo.name} has no objectives")
        shared = self._indicator(slo, slo.spec)
        own = [self._indicator(slo, one) for one in objectives]
        together: dict[int, list[Asked]] = {}
        for number, (one, mine) in enumerate(zip(objectives, own, strict=True)):
            indicator = mine or shared
            if indicator is None:
                raise Untold(NoteKind.UNSUPPORTED, f"the SLO {slo.name} has no indicator", one)
            name = slo.name
            sli, annotations = indicator
            alike = method == "occurrences" and at(sli, "thresholdMetric") is None and mine is None
            if len(objectives) > 1 and not alike:
                name = f"{slo.name}-{nodes.text(one, 'displayName') or number + 1}"
            asked = Asked(
                name=name,
                sli=sli,
                objective=one,
                method=method,
                annotations=annotations,
                period=windowed.period,
            )
            together.setdefault(0 if alike else number + 1, []).append(asked)
        yield from together.values()

    def _indicator(self, slo: Thing, node: Node | None) -> tuple[Node, Node | None] | None:
        """The indicator's spec and annotations: inline, by reference, or as v1alpha has it, without a spec."""
        for key in ("indicator", "sli"):
            if (inline := at(node, key)) is not None:
                return at(inline, "spec") or inline, at(inline, "metadata", "annotations")
        for key in ("indicatorRef", "sliRef"):
            if (ref := at(node, key)) is not None:
                self.used.add(nodes.text(ref))
                one = self.catalogue.named("SLI", nodes.text(ref))
                if one is None or one.spec is None:
                    said = f"{slo.name} refers to the SLI {nodes.text(ref)[:80]}, which no source defines"
                    raise Untold(NoteKind.PLACEHOLDER, said, ref)
                return one.spec, at(one.node, "metadata", "annotations")
        plain = at(node, "ratioMetrics") or at(node, "ratioMetric") or at(node, "thresholdMetric")
        return (node, None) if node is not None and plain is not None else None

    def _level(self, slo: Thing, of: str, asked: list[Asked], windowed: Window) -> str:
        slos = [_target(one) for one in asked]
        first = asked[0]
        ref = at(first.objective, "indicatorRef") or at(slo.spec, "indicatorRef")
        refers = (nodes.text(ref), slos[0][0]) if ref is not None and len(slos) == 1 else None
        if self.composite(slo) and refers in self.known:
            return self.known[refers]
        own = stated(first, slos[0][0], self.catalogue, self.levels) if len(slos) == 1 else None
        cut = slices(first)
        if cut is not None:
            first = replace(first, method="occurrences", period=cut.of)
        counted = self._counts(first, quiet=own is not None)
        name = self.levels.level(
            first.name,
            of=of,
            counts=counted,
            slos=slos,
            window=windowed.rolling,
            calendar=windowed.calendar,
            named=at(slo.spec, "service") or slo.named,
            instead=own,
            slices=cut.values if cut else None,
        )
        if refers is not None:
            self.known.setdefault(refers, name)
        return name

    def _counts(self, asked: Asked, *, quiet: bool) -> Counts:
        """What is concluded of queries that are not taken is nothing to tell."""
        before = len(self.levels.notes)
        found = counts(asked, self.catalogue, self.levels)
        if quiet:
            del self.levels.notes[before:]
        return found

    def rest(self) -> None:
        """What is left over, each told: indicators nobody uses, connections, where messages go."""
        for one in self.catalogue.of_kind("SLI"):
            if one.name not in self.used:
                self.levels.note(
                    NoteKind.SKIPPED, f"no SLO refers to the SLI {one.name}", one.named
                )
        for one in self.catalogue.of_kind("DataSource"):
            keys = [
                (key, node)
                for key, _, node in nodes.entries(one.spec, "connectionDetails")
                if is_secret(key, nodes.text(node))
            ]
            if keys:
                note = secret_note([key for key, _ in keys], one.name, place(keys[0][1]))
                self.levels.notes.append(note)
        self.policies.rest()


def _target(asked: Asked) -> tuple[str, Node]:
    for key, share in (("target", True), ("targetPercent", False)):
        node = at(asked.objective, key)
        if node is not None:
            try:
                return percent(nodes.text(node), share=share), node
            except ValueError as error:
                raise Untold(
                    NoteKind.UNSUPPORTED, f"{fit(asked.name)}: {key}: {error}", node
                ) from None
    said = f"{asked.name} has an objective without a target"
    raise Untold(NoteKind.PLACEHOLDER, said, asked.objective)
