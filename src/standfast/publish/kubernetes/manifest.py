"""Names, labels and heads that all manifests share."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from standfast.publish.artefact import FOLDER, dump
from standfast.publish.document import Generated
from standfast.publish.yaml_text import text_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from standfast.publish.edition import Edition
    from standfast.spec.system import System

NAME = "app.kubernetes.io/name"
PART_OF = "app.kubernetes.io/part-of"
Manifest = dict[str, object]
_SECOND = timedelta(seconds=1)


def names(system: System) -> Mapping[str, str]:
    """What each component is called in the cluster; two names never become one."""
    found: dict[str, str] = {}
    taken: set[str] = set()
    for name in system.components:
        wanted, turn = label(name), 1
        while wanted in taken:
            turn += 1
            wanted = f"{label(name)[:58]}-{turn}"
        found[name] = wanted
        taken.add(wanted)
    return found


def label(name: str) -> str:
    """A DNS label by RFC 1123: lower case, digits and hyphens, at most 63."""
    return re.sub(r"[^a-z0-9-]+", "-", name.lower())[:63].strip("-") or "unnamed"


def metadata(edition: Edition, name: str) -> Manifest:
    return {"name": name, "labels": {PART_OF: label(edition.system.name)}}


def selected(name: str) -> Manifest:
    """By the label that Helm charts and `kubectl create` agree on."""
    return {"matchLabels": {NAME: name}}


def whole_seconds(length: timedelta) -> int:
    """Kubernetes counts in seconds, and from one up."""
    return max(1, -(-length // _SECOND))


def port_of(url: str | None) -> int | None:
    """The port that the address names, or that its scheme means."""
    if not url:
        return None
    parts = urlsplit(url)
    return parts.port or (443 if parts.scheme == "https" else 80)


def several(edition: Edition, path: str, manifests: Iterable[Manifest]) -> Generated:
    """One file of many documents."""
    first, *others = manifests
    text = dump(edition, first)
    for one in others:
        text += "---\n" + text_of(one)
    return Generated(path=f"{FOLDER}/k8s/{path}", text=text)


def component(
    edition: Edition, folder: str, resources: Sequence[str], patches: Sequence[Manifest] = ()
) -> Generated:
    """The kustomization.yaml that makes a folder one."""
    content: Manifest = {"apiVersion": "kustomize.config.k8s.io/v1alpha1", "kind": "Component"}
    if resources:
        content["resources"] = list(resources)
    if patches:
        content["patches"] = list(patches)
    path = f"{FOLDER}/k8s/{folder}/kustomization.yaml"
    return Generated(path=path, text=dump(edition, content))
