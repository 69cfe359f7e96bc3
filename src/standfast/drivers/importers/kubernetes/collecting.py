"""All objects of the sources, each once: overlays chosen, repetitions told, what cannot run left out."""

from __future__ import annotations

import posixpath
import re
from collections import Counter, defaultdict
from functools import lru_cache
from typing import TYPE_CHECKING

from standfast.drivers.importers.bounding import listed
from standfast.drivers.importers.kubernetes import documents
from standfast.drivers.importers.kubernetes.kinds import (
    KNATIVE,
    OF_OTHERS,
    QUIET,
    SYSTEM_NAMESPACES,
    USED,
    is_ours,
)
from standfast.drivers.importers.kubernetes.kustomize import Kustomizer, is_kustomization, is_part
from standfast.drivers.importers.kubernetes.operators import operated
from standfast.drivers.importers.source import place
from standfast.spec.drafting.draft import Note, NoteKind
from standfast.spec.tree import Node

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from standfast.drivers.importers.kubernetes.resource import Resource
    from standfast.drivers.importers.source import Folder, Source

# Of several environments the one that people depend on is read.
_BEST = ("prod", "production", "prd", "live")
_LESSER = frozenset({
    "dev", "develop", "development", "test", "testing", "staging", "stage", "stg", "qa", "uat", "local",
    "ci", "e2e", "sandbox", "preview", "minikube", "kind", "example", "examples", "variant", "legacy",
})  # fmt: skip
# Ways to run the same thing: of one name in one namespace there is one.
_ALTERNATIVES = frozenset(
    {
        "Deployment",
        "StatefulSet",
        "DaemonSet",
        "ReplicationController",
        "ReplicaSet",
        "DeploymentConfig",
    }
)
_WORDS = re.compile(r"[^a-z0-9]+")
_FEWEST = 3  # workloads that two files must share to be ways to run the same
_HOOK = "helm.sh/hook"


def collect(sources: Sequence[Source], folder: Folder) -> tuple[list[Resource], list[Note]]:
    """What the sources define, and what is to be told about the rest."""
    kustomizer = Kustomizer(folder=folder)
    notes: list[Note] = []
    found = _kustomized(sources, kustomizer, notes)
    plain = [
        one
        for one in sources
        if not is_kustomization(one.path) and posixpath.normpath(one.path) not in kustomizer.used
    ]
    for source in plain:
        more, told = documents.objects(source)
        found += more
        notes += told
    return _sifted(_once(found, notes), notes), notes


def _note(path: str, said: str, kind: NoteKind = NoteKind.SKIPPED) -> Note:
    return Note(kind=kind, place=place(Node(path, 1, 1)), text=said)


def _kustomized(
    sources: Sequence[Source], kustomizer: Kustomizer, notes: list[Note]
) -> list[Resource]:
    """What the kustomizations make that no other one uses; of overlays over one base, one."""
    every = {posixpath.normpath(one.path): one for one in sources if is_kustomization(one.path)}
    parts = {path for path, source in every.items() if is_part(source)}
    built = {path: kustomizer.build(every[path]) for path in sorted(every, key=parts.__contains__)}
    outer = _outer(every, kustomizer)
    optional = [path for path in outer if is_part(every[path])]
    if optional:
        said = f"optional parts (`kind: Component`) that no kustomization uses: {listed(optional)}"
        notes.append(_note(optional[0], said))
    groups: list[tuple[set[str], list[str]]] = []
    for path in outer:
        if path in optional:
            continue
        reached = set(kustomizer.reached(path))
        shared = [group for group in groups if group[0] & reached]
        groups = [group for group in groups if group not in shared]
        merged = reached.union(*(group[0] for group in shared))
        groups.append((merged, [*(one for group in shared for one in group[1]), path]))
    chosen, unread = [], set()
    for reached_by_all, paths in groups:
        best, *rest = sorted(paths, key=lambda path: (_rank(path), -len(built[path]), len(path)))
        chosen.append(best)
        if rest:
            others = listed(sorted(rest))
            said = (
                f"{best} is read; {others} build on the same files: name one to import it instead"
            )
            notes.append(_note(rest[0], said))
        unread |= (reached_by_all | set(rest)) - kustomizer.reached(best) - {best}
    notes += [one for one in kustomizer.notes if posixpath.normpath(one.place.file) not in unread]
    return [one for path in chosen for one in built[path]]


def _outer(every: Iterable[str], kustomizer: Kustomizer) -> list[str]:
    """Those that no other one uses; of those that use each other in a circle the first."""
    found = [path for path in every if path not in kustomizer.used]
    covered = set(found).union(*(kustomizer.reached(path) for path in found))
    for path in every:
        if path not in covered:
            found.append(path)
            covered |= {path, *kustomizer.reached(path)}
    return found


def _rank(path: str) -> int:
    words = set(_WORDS.split(path.lower()))
    if words.intersection(_BEST):
        return 0
    return 2 if words & _LESSER else 1


def _once(found: Iterable[Resource], notes: list[Note]) -> list[Resource]:
    """Of an object that is defined several times the best: production, then the first."""
    spaces = _one_space(found := list(found))
    groups: dict[tuple[str, str, str], list[Resource]] = defaultdict(list)
    for one in found:
        space = spaces.get((one.kind, one.name), one.namespace)
        kind = "workload" if one.kind in _ALTERNATIVES else one.kind
        groups[kind, _without_environment(space), one.name].append(one)
    left: dict[str, list[tuple[Resource, str]]] = defaultdict(list)
    sizes = Counter(one.node.file for one in found)
    kept, beaten = [], Counter[tuple[str, str]]()
    for group in groups.values():
        best = min(group, key=lambda one: _worth(one, sizes))
        kept.append(best)
        for one in group:
            if one is not best and one.kind not in QUIET:
                left[_whence(best, one)].append((one, _whence(one, best)))
            if one.kind in _ALTERNATIVES and one.node.file != best.node.file:
                beaten[one.node.file, best.node.file] += 1
    kept = _without_variants(kept, beaten, notes)
    for won, lost in left.items():
        titles, files = (one.title for one, _ in lost), (where for _, where in lost)
        said = f"{listed(titles)} of {listed(files)} not read: {won} has the same, which counts"
        notes.append(lost[0][0].note(NoteKind.SKIPPED, said))
    return kept


def _without_variants(
    kept: list[Resource], beaten: Mapping[tuple[str, str], int], notes: list[Note]
) -> list[Resource]:
    """Of a file that is another way to run what a better one runs, nothing at all is read."""
    runs = Counter(one.node.file for one in kept if one.kind in _ALTERNATIVES)
    better = {
        file: best
        for (file, best), many in beaten.items()
        if many >= _FEWEST and many > 2 * runs[file]
    }
    rest: dict[str, list[Resource]] = defaultdict(list)
    for one in kept:
        if one.node.file in better and one.kind not in QUIET:
            rest[one.node.file].append(one)
    for file, mine in rest.items():
        said = (
            f"{listed(one.title for one in mine)} of {file} not read: it is another way to run what "
            f"{better[file]} runs; name one of them to import it alone"
        )
        notes.append(mine[0].note(NoteKind.SKIPPED, said))
    return [one for one in kept if one.node.file not in better]


def _worth(one: Resource, sizes: Counter[str]) -> tuple[int, bool, int, int]:
    """The lower the better: production first, then the file that has most of the system in it."""
    old = one.kind == "ReplicationController"
    rank = _rank(f"{one.namespace}/{one.node.file}")
    return rank, old, -sizes[one.node.file], len(one.node.file)


def _whence(one: Resource, other: Resource) -> str:
    """Told by what tells the two apart: the namespace, the folder, the file, the line."""
    if one.namespace != other.namespace and one.namespace:
        return f"namespace {one.namespace}"
    mine, theirs = one.node.file, other.node.file
    if posixpath.dirname(mine) != posixpath.dirname(theirs):
        return posixpath.dirname(mine) or mine
    return mine if mine != theirs else f"line {one.node.line}"


def _one_space(found: Iterable[Resource]) -> dict[tuple[str, str], str]:
    """An object without a namespace is the one of that name in the only namespace that is named for it."""
    seen: dict[tuple[str, str], set[str]] = defaultdict(set)
    for one in found:
        seen[one.kind, one.name].add(one.namespace)
    return {
        key: next(iter(spaces - {""}))
        for key, spaces in seen.items()
        if "" in spaces and len(spaces) == 2
    }


@lru_cache(maxsize=1024)
def _without_environment(space: str) -> str:
    words = [word for word in _WORDS.split(space.lower()) if word]
    rest = [word for word in words if word not in _LESSER and word not in _BEST]
    return space if len(rest) == len(words) else "*" + "-".join(rest)


def _sifted(found: list[Resource], notes: list[Note]) -> list[Resource]:
    """Without the cluster's own and what nothing runs in; each told in one line."""
    everything_is_system = all(one.namespace in SYSTEM_NAMESPACES for one in found)
    quiet: Counter[str] = Counter()
    unknown: Counter[tuple[str, str]] = Counter()
    firsts: dict[object, Resource] = {}
    kept, system, hooks = [], [], []
    for one in found:
        if not is_ours(one.group, one.kind) or (one.group, one.kind) in OF_OTHERS:
            continue
        if one.namespace in SYSTEM_NAMESPACES and not everything_is_system:
            system.append(one)
        elif _HOOK in one.annotations and one.kind in {"Pod", "Job"}:
            hooks.append(one)
        elif one.kind in USED or one.group == KNATIVE or operated(one) is not None:
            kept.append(one)
        elif one.kind in QUIET or one.group == "rbac.authorization.k8s.io":
            quiet[one.kind] += 1
            firsts.setdefault("quiet", one)
        else:
            unknown[one.kind, one.group] += 1
            firsts.setdefault((one.kind, one.group), one)
    if quiet:
        counts = ", ".join(f"{many} {kind}" for kind, many in sorted(quiet.items()))
        said = f"nothing runs in {counts}"
        notes.append(firsts["quiet"].note(NoteKind.SKIPPED, said))
    for group, told in (
        (system, "the cluster's own namespaces"),
        (hooks, "Helm's hooks, run by a release"),
    ):
        if group:
            said = f"{told}: {listed(one.title for one in group)}"
            notes.append(group[0].note(NoteKind.SKIPPED, said))
    notes += [
        firsts[key].note(NoteKind.UNSUPPORTED, _untold(key[0], key[1], many))
        for key, many in unknown.items()
    ]
    return kept


_RENDERED = {
    ("HelmRelease", "helm.toolkit.fluxcd.io"), ("HelmChart", "helm.cattle.io"),
    ("Application", "argoproj.io"), ("ApplicationSet", "argoproj.io"),
    ("Kustomization", "kustomize.toolkit.fluxcd.io"),
}  # fmt: skip


def _untold(kind: str, group: str, many: int) -> str:
    if (kind, group) in _RENDERED:
        how = "import what it deploys, as `helm template` or `kubectl kustomize` prints it"
        return f"{many} {kind} of {group}: names what runs elsewhere; {how}"
    return f"{many} {kind}{f' of {group}' if group else ''}: the file has no word for it"
