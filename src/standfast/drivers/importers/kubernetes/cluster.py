"""Who runs in a cluster, under which name in the file, and who answers to which host name."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from standfast.drivers.importers import nodes
from standfast.drivers.importers.bounding import listed
from standfast.drivers.importers.images import Role
from standfast.drivers.importers.kubernetes import operators
from standfast.drivers.importers.kubernetes.kinds import KNATIVE
from standfast.drivers.importers.kubernetes.resource import Resource, selects
from standfast.drivers.importers.kubernetes.workload import Workload, runs, workload
from standfast.drivers.importers.loads import is_load
from standfast.drivers.importers.nodes import at
from standfast.spec.drafting.draft import Note, NoteKind
from standfast.spec.drafting.mending import fit

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from standfast.spec.tree import Node
    from standfast.spec.values import Place

_CANARY = ("version", "track", "slot", "app.kubernetes.io/version", "release-track")
_SAME = ("app", "app.kubernetes.io/name", "k8s-app", "name")
_ORDINAL = re.compile(r"-\d{1,4}$")
_PLACEHOLDER_RELEASE = re.compile(r"^release-name-", re.IGNORECASE)
_ENDING = re.compile(r"-(?:v\d+|deploy(?:ment)?|depl?|statefulset|sts|app|pod|controller|rc)$")
KUBERNETES_ID = "backstage.io/kubernetes-id"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Part:
    """One component-to-be: workloads that are one, or a store of an operator, or something outside."""

    name: str
    of: Resource
    workloads: tuple[Workload, ...] = ()
    store: operators.Operated | None = None
    outside: str = ""  # the host behind an ExternalName

    @property
    def place(self) -> Place:
        return self.of.place

    @property
    def namespace(self) -> str:
        return self.of.namespace

    @property
    def role(self) -> Role:
        main = self.workloads[0].main if self.workloads else None
        return main.kind.role if main else Role.PART

    @property
    def watches(self) -> bool:
        """A monitor or collector: it looks at the others and does not need them."""
        return self.role in {Role.MONITOR, Role.COLLECTOR}


Index = dict[tuple[str, str], list[tuple[Part, Workload]]]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Cluster:
    parts: tuple[Part, ...]
    resources: dict[str, list[Resource]]  # by kind
    services: dict[str, dict[str, tuple[Part, ...]]]  # name -> namespace -> who answers
    spaces: frozenset[str]
    fronts: dict[str, tuple[Resource, ...]] = field(default_factory=dict)  # part -> its Services
    index: Index = field(default_factory=dict)

    def of_kind(self, *kinds: str) -> list[Resource]:
        return [one for kind in kinds for one in self.resources.get(kind, ())]

    def named(self, kind: str, name: str, space: str) -> Resource | None:
        """The object that `name` means for somebody in `space`."""
        same = [one for one in self.resources.get(kind, ()) if name in {one.name, one.was}]
        near = [one for one in same if one.namespace == space]
        open_ = [one for one in same if "" in {one.namespace, space}]
        return next(iter([*near, *open_]), None)

    def selected(self, selector: Node | None, space: str) -> tuple[Part, ...]:
        """Whose pods a label selector selects."""
        pairs = nodes.texts(selector, "matchLabels") or nodes.texts(selector)
        known = [found for pair in pairs.items() if (found := self.index.get(pair))]
        few = min(known, key=len, default=None)
        if few is None:
            few = [(part, one) for part in self.parts for one in part.workloads]
        chosen = [
            part
            for part, one in few
            if _same_space(part.namespace, space) and selects(selector, one.labels)
        ]
        return tuple(dict.fromkeys(chosen))

    def answering(self, host: str, space: str) -> tuple[Part, ...] | None:
        """Who answers to a host name, seen from a namespace; None: no Service of that name is known."""
        for name, where in _readings(host.rstrip("."), space, self.spaces):
            spaces = self.services.get(name)
            if spaces is None:
                continue
            if where in spaces:
                return spaces[where]
            if "" in spaces:
                return spaces[""]
            if where == "" and len(spaces) == 1:
                return next(iter(spaces.values()))
        return None


def _same_space(one: str, other: str) -> bool:
    return one == other or "" in {one, other}


def _readings(host: str, space: str, spaces: frozenset[str]) -> list[tuple[str, str]]:
    """What a host name may mean as (Service, namespace), the likeliest first."""
    labels = host.split(".")
    if "svc" in labels[1:]:
        index = labels.index("svc", 1)
        return [(labels[index - 2], labels[index - 1])] if index > 1 else [(labels[0], space)]
    if len(labels) == 1:
        return [(host, space)]
    found = []
    if len(labels) == 2 and labels[1] in spaces | {"default"}:
        found.append((labels[0], labels[1]))
    if _ORDINAL.search(labels[0]):  # a pod of a StatefulSet, by its headless Service
        found.append((labels[1], labels[2] if len(labels) > 2 else space))
    return found


def cluster(found: Sequence[Resource], notes: list[Note]) -> Cluster:
    by_kind: dict[str, list[Resource]] = defaultdict(list)
    for one in found:
        by_kind[one.kind if one.group != KNATIVE else f"Knative{one.kind}"].append(one)
    working = _working(found, notes)
    parts = _named(_grouped(working, by_kind["Service"], notes), notes)
    stores = [
        (one, row)
        for one in found
        if (row := operators.operated(one)) is not None and not _is_pool(one)
    ]
    taken = {part.name for part in parts}
    for one, row in stores:
        parts.append(Part(name=_free(fit(_short(one)), one, taken), of=one, store=row))
    spaces = {one.namespace for one in found} - {""}
    services, outside = _answers(parts, by_kind, taken, frozenset(spaces))
    every = (*parts, *outside)
    return Cluster(
        parts=every,
        resources=by_kind,
        services=services,
        spaces=frozenset(spaces),
        fronts=_fronts(services, by_kind["Service"]),
        index=_index(every),
    )


def _fronts(
    services: dict[str, dict[str, tuple[Part, ...]]], every: list[Resource]
) -> dict[str, tuple[Resource, ...]]:
    found: dict[str, list[Resource]] = defaultdict(list)
    for service in every:
        for part in services.get(service.name, {}).get(service.namespace, ()):
            found[part.name].append(service)
    return {name: tuple(fronts) for name, fronts in found.items()}


def _is_pool(one: Resource) -> bool:
    return one.kind == "KafkaNodePool"


def _working(found: Iterable[Resource], notes: list[Note]) -> list[Workload]:
    """The workloads that are part of the system; of the others one line says why not."""
    working, once, tools = [], [], []
    for one in found:
        if not runs(one) or (made := workload(one)) is None:
            continue
        if one.kind == "Job":
            once.append(one)
        elif _is_tool(made):
            tools.append(one)
        else:
            working.append(made)
    for group, why in (
        (once, "run once and are done"),
        (tools, "for people at work, not part of the system"),
    ):
        if group:
            said = f"{why}: {_titles(group)}"
            notes.append(group[0].note(NoteKind.SKIPPED, said))
    return working


def _titles(group: list[Resource]) -> str:
    return listed((one.title for one in group), 10)


def _is_tool(one: Workload) -> bool:
    main = one.main
    if main is None:
        return True  # no container: nothing runs
    return main.kind.role is Role.TOOL or is_load(one.of.name, main.image)


def _short(one: Resource) -> str:
    """Its name in Backstage where it has one; without what `helm template` puts where no release is named."""
    told = one.labels.get(KUBERNETES_ID) or one.annotations.get(KUBERNETES_ID)
    return told or _PLACEHOLDER_RELEASE.sub("", one.name)


def _grouped(
    working: list[Workload], services: list[Resource], notes: list[Note]
) -> list[tuple[str, tuple[Workload, ...]]]:
    """Versions of one thing behind one Service are one; everything else stands for itself."""
    taken: set[int] = set()
    groups: list[tuple[str, tuple[Workload, ...]]] = []
    for service, chosen in _canaries(working, services):
        new = [one for one in chosen if id(one) not in taken]
        if len(new) < 2:
            continue
        taken |= {id(one) for one in new}
        groups.append((_PLACEHOLDER_RELEASE.sub("", service.name), tuple(new)))
        names = ", ".join(one.of.name for one in new)
        said = f"{names} answer together as {service.name}: one component, its replicas added up"
        notes.append(new[0].of.note(NoteKind.DETECTED, said))
    serving = {service.name for service in services}
    alone = [(_own_name(one, serving), (one,)) for one in working if id(one) not in taken]
    return [*groups, *alone]


def _own_name(one: Workload, services: set[str]) -> str:
    """What Backstage calls it; else its own name, without `-v1` and the like where its Service has it so."""
    if told := one.labels.get(KUBERNETES_ID) or one.annotations.get(KUBERNETES_ID):
        return told
    shorter = _ENDING.sub("", one.of.name)
    return _PLACEHOLDER_RELEASE.sub("", shorter) if shorter in services else _short(one.of)


def _canaries(
    working: list[Workload], services: list[Resource]
) -> Iterable[tuple[Resource, list[Workload]]]:
    by_label: dict[tuple[str, str], list[Workload]] = defaultdict(list)
    for one in working:
        for pair in one.labels.items():
            by_label[pair].append(one)
    for service in services:
        selector = at(service.spec, "selector")
        pairs = nodes.texts(selector)
        if not pairs:
            continue
        few = min(
            (by_label[pair] for pair in pairs.items() if pair in by_label), key=len, default=[]
        )
        chosen = [
            one
            for one in few
            if _same_space(one.of.namespace, service.namespace) and selects(selector, one.labels)
        ]
        if len(chosen) > 1 and _is_one_thing(chosen):
            yield service, chosen


def _is_one_thing(chosen: list[Workload]) -> bool:
    """Alike but for a version: `reviews-v1` and `reviews-v2`, `web` and its canary."""
    alike = any(
        len({one.labels.get(key) for one in chosen}) == 1 and chosen[0].labels.get(key)
        for key in _SAME
    )
    apart = any(len({one.labels.get(key) for one in chosen}) == len(chosen) for key in _CANARY)
    return bool(alike and apart)


def _named(groups: list[tuple[str, tuple[Workload, ...]]], notes: list[Note]) -> list[Part]:
    """Each with a name of its own; what two namespaces call the same is told apart by its namespace."""
    fitted = [(fit(name), works) for name, works in groups]
    spaces: dict[str, set[str]] = defaultdict(set)
    for name, works in fitted:
        spaces[name].add(works[0].of.namespace)
    taken: set[str] = set()
    parts = []
    for name, works in fitted:
        of = works[0].of
        own = fit(f"{of.namespace}-{name}") if len(spaces[name]) > 1 and of.namespace else name
        if own != name:
            said = f"{name} runs in several namespaces: this one is called {own}"
            notes.append(of.note(NoteKind.DETECTED, said))
        parts.append(Part(name=_free(own, of, taken), of=of, workloads=works))
    return parts


def _free(name: str, of: Resource, taken: set[str]) -> str:
    """`name`, or where another one has it already, with its kind behind it."""
    wanted, number = name, 2
    if wanted in taken:
        wanted = fit(f"{name[:50]}-{of.kind.lower()}")
    while wanted in taken:
        wanted, number = f"{name[:50]}-{number}", number + 1
    taken.add(wanted)
    return wanted


def _answers(
    parts: list[Part],
    by_kind: dict[str, list[Resource]],
    taken: set[str],
    spaces: frozenset[str],
) -> tuple[dict[str, dict[str, tuple[Part, ...]]], list[Part]]:
    """Who answers to each Service, and what lies outside of the cluster."""
    answers: dict[str, dict[str, tuple[Part, ...]]] = defaultdict(dict)
    aliases: list[tuple[Resource, str]] = []
    outside: list[Part] = []
    index = _index(parts)
    for service in by_kind["Service"]:
        target = nodes.text(service.spec, "externalName")
        if nodes.text(service.spec, "type") == "ExternalName" and ".svc" in f"{target}.":
            aliases.append((service, target))
            continue
        if target or _has_endpoints(service, by_kind):
            part = Part(
                name=_free(fit(_short(service)), service, taken),
                of=service,
                outside=target or "endpoints",
            )
            outside.append(part)
            found: tuple[Part, ...] = (part,)
        else:
            found = _behind(service, index)
        for name in filter(None, (service.name, service.was)):
            answers[name].setdefault(service.namespace, found)
    for part in parts:
        for name in _own_answers(part):
            answers[name].setdefault(part.namespace, (part,))
    whole = Cluster(parts=tuple(parts), resources=by_kind, services=answers, spaces=spaces)
    for service, target in aliases:
        meant = whole.answering(target, service.namespace)
        answers[service.name].setdefault(service.namespace, meant or ())
    return dict(answers), outside


def _own_answers(part: Part) -> list[str]:
    if part.store is not None:
        return list(operators.services(part.of, part.store))
    return [one.of.name for one in part.workloads if one.of.group == KNATIVE]


def _index(parts: Sequence[Part]) -> Index:
    """Workloads by each of their labels, so that a selector looks at few."""
    found: Index = defaultdict(list)
    for part in parts:
        for one in part.workloads:
            for pair in one.labels.items():
                found[pair].append((part, one))
    return found


def _behind(service: Resource, index: Index) -> tuple[Part, ...]:
    selector = at(service.spec, "selector")
    pairs = nodes.texts(selector)
    if not pairs:
        return ()
    few = min((found for pair in pairs.items() if (found := index.get(pair))), key=len, default=[])
    chosen = [
        (part, one)
        for part, one in few
        if _same_space(one.of.namespace, service.namespace) and selects(selector, one.labels)
    ]
    parts = list(dict.fromkeys(part for part, _ in chosen))
    if len(parts) < 2:
        return tuple(parts)
    serving = [part for part, one in chosen if _has_port(one, service)]
    named = [part for part in parts if part.of.name == service.name]
    return tuple(dict.fromkeys(named or serving or parts))


def _has_port(one: Workload, service: Resource) -> bool:
    wanted = {
        nodes.text(port, "targetPort") or nodes.text(port, "port")
        for port in nodes.items(service.spec, "ports")
    }
    has: Counter[str] = Counter()
    for container in one.working:
        for port in nodes.items(container.node, "ports"):
            has.update((nodes.text(port, "name"), nodes.text(port, "containerPort")))
    return any(has[port] for port in wanted if port)


def _has_endpoints(service: Resource, by_kind: dict[str, list[Resource]]) -> bool:
    """A Service without a selector whose addresses somebody wrote down: it leads out of the cluster."""
    if at(service.spec, "selector") is not None:
        return False
    if any(one.name == service.name for one in by_kind.get("Endpoints", ())):
        return True
    slices = by_kind.get("EndpointSlice", ())
    return any(one.labels.get("kubernetes.io/service-name") == service.name for one in slices)
