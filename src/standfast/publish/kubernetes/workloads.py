"""How pods are probed, and how many of them a drained node may take: patches on top of one's own manifests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from standfast.publish.artefact import FOLDER, Noted, Owed, dump
from standfast.publish.document import Generated
from standfast.publish.kubernetes import manifest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from standfast.publish.artefact import Artefacts
    from standfast.publish.edition import Edition
    from standfast.publish.kubernetes.manifest import Manifest
    from standfast.spec.system import Check, Component, System

FOREIGN = frozenset({"external", "cdn"})
"""Somebody else runs these."""
_KINDS = {"live": "livenessProbe", "ready": "readinessProbe"}
_BUDGETS = "poddisruptionbudgets.yaml"


def workloads(edition: Edition) -> Artefacts:
    known = manifest.names(edition.system)
    patched = [part for part in _own(edition.system) if not part.stateful and _checks(part)]
    for part in patched:
        path = f"{FOLDER}/k8s/workloads/patches/{known[part.name]}.yaml"
        yield Generated(path=path, text=dump(edition, list(_patch(part))))
        if part.scrape is None and manifest.port_of(part.url) in {80, 443}:
            yield Noted(
                path=f"k8s/workloads/patches/{known[part.name]}.yaml",
                said=f"no `scrape` tells the port of {part.name}: its probes use the port named http",
            )
    kept = [part for part in _own(edition.system) if _spread(part)]
    if kept:
        budgets = [_budget(edition, known[part.name]) for part in kept]
        yield manifest.several(edition, f"workloads/{_BUDGETS}", budgets)
    if patched or kept:
        patches = [_target(known[part.name]) for part in patched]
        yield manifest.component(edition, "workloads", [_BUDGETS] if kept else [], patches)
    yield from _owed(edition.system)


def _own(system: System) -> Iterator[Component]:
    for part in system.components.values():
        if part.type not in FOREIGN and not part.vendor:
            yield part


# ------------------------------------------------------------------ probes


def _checks(part: Component) -> dict[str, Check]:
    """What the kubelet can ask: it carries no token."""
    return {
        kind: part.health[kind]
        for kind in _KINDS
        if kind in part.health and not part.health[kind].authenticated
    }


def _patch(part: Component) -> Iterator[Manifest]:
    """By place and not by name: a strategic merge would add a container where the name differs."""
    for kind, check in _checks(part).items():
        yield {
            "op": "add",
            "path": f"/spec/template/spec/containers/0/{_KINDS[kind]}",
            "value": {
                "httpGet": {"path": check.path, "port": _port(part)},
                "periodSeconds": manifest.whole_seconds(check.every),
                "timeoutSeconds": manifest.whole_seconds(check.timeout),
                "failureThreshold": 3,
            },
        }


def _port(part: Component) -> int | str:
    """Where the kit's metrics are its health answers are too; a public URL ends at a proxy."""
    port = manifest.port_of(part.scrape) if part.scrape else manifest.port_of(part.url)
    return port if port and (part.scrape or port not in {80, 443}) else "http"


def _target(name: str) -> Manifest:
    return {"path": f"patches/{name}.yaml", "target": {"kind": "Deployment", "name": name}}


# ------------------------------------------------------------------ disruption budgets


def _spread(part: Component) -> bool:
    """With one replica a budget could only block every drain."""
    return max(part.replicas.values(), default=0) >= 2


def _budget(edition: Edition, name: str) -> Manifest:
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": manifest.metadata(edition, name),
        "spec": {
            # Capacity is planned with one replica lost (BAS-04), in every region, whatever its size.
            "maxUnavailable": 1,
            "selector": manifest.selected(name),
            # Pods that are broken anyway must not keep a node from being drained.
            "unhealthyPodEvictionPolicy": "AlwaysAllow",
        },
    }


# ------------------------------------------------------------------ what is left out


def _owed(system: System) -> Iterator[Owed]:
    for part in _own(system):
        if part.serves and (missing := [kind for kind in _KINDS if kind not in part.health]):
            yield Owed(
                path="k8s/workloads/patches/",
                lacks=f"{part.name} has no {' and no '.join(missing)} endpoint",
                rule="HLT-02",
                to="Developer",
            )
        if not part.replicas:
            yield Owed(
                path=f"k8s/workloads/{_BUDGETS}",
                lacks=f"{part.name}: nobody says how many replicas it has",
                rule="INP-11",
                to="DevOps/Platform",
            )
        elif not _spread(part):
            yield Owed(
                path=f"k8s/workloads/{_BUDGETS}",
                lacks=f"{part.name} runs once, and a budget of none could never be drained",
                rule="DEP-05",
                to="DevOps/Platform",
            )
