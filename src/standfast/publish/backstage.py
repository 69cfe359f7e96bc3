"""backstage/catalog-info.yaml: components with their owners and needs, as Backstage's catalogue holds them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from standfast.publish.artefact import FOLDER, Owed, stamp
from standfast.publish.document import Generated
from standfast.publish.yaml_text import text_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from standfast.publish.artefact import Artefacts
    from standfast.publish.edition import Edition
    from standfast.spec.system import Component, System

PATH = "backstage/catalog-info.yaml"
Entity = dict[str, object]
_API = "backstage.io/v1alpha1"
_NOBODY = "unknown"
_SERVICES = {"web": "website", "http": "service", "grpc": "service", "worker": "service"}


def backstage(edition: Edition) -> Artefacts:
    entities = list(_entities(edition))
    text = stamp(edition) + "---\n".join(text_of(one) for one in entities)
    yield Generated(path=f"{FOLDER}/{PATH}", text=text)
    for part in edition.system.components.values():
        if part.owner is None:
            yield Owed(
                path=PATH,
                lacks=f"{part.name} has no owner, which Backstage asks for: it says `{_NOBODY}`",
                rule="INP-02",
                to="DevOps/Platform",
            )


def _entities(edition: Edition) -> Iterator[Entity]:
    system = edition.system
    refs = references(system)
    yield _entity("System", name(system.name), {"owner": _owner_of(system)})
    for team in system.teams.values():
        profile = {"displayName": team.name}
        yield _entity(
            "Group", name(team.name), {"type": "team", "profile": profile, "children": []}
        )
    for part in system.components.values():
        yield _part(edition, part, refs)


def references(system: System) -> Mapping[str, str]:
    """How each component is pointed at. What keeps data, or belongs to others, is a resource to Backstage."""
    taken: set[str] = set()
    found = {}
    for part in system.components.values():
        kind = "component" if part.type in _SERVICES else "resource"
        wanted, turn = f"{kind}:default/{name(part.name)}", 1
        # Names differ in more than capitals there.
        while wanted.lower() in taken:
            turn += 1
            wanted = f"{kind}:default/{name(part.name)[:60]}-{turn}"
        taken.add(wanted.lower())
        found[part.name] = wanted
    return found


def name(text: str) -> str:
    """Letters and digits in stretches parted by one of `-_.`, at most 63."""
    parted = re.sub(r"[^A-Za-z0-9._-]+", "-", text)[:63]
    return re.sub(r"([._-])[._-]+", r"\1", parted).strip("-_.") or "unnamed"


def _entity(kind: str, called: str, content: Entity, **more: object) -> Entity:
    return {"apiVersion": _API, "kind": kind, "metadata": {"name": called, **more}, "spec": content}


def _owner_of(system: System) -> str:
    """The team that owns most of it; of several the first in the file."""
    counts = dict.fromkeys(system.teams, 0)
    for part in system.components.values():
        if part.owner in counts:
            counts[part.owner] += 1
    return name(max(counts, key=lambda team: counts[team])) if any(counts.values()) else _NOBODY


def _part(edition: Edition, part: Component, refs: Mapping[str, str]) -> Entity:
    system = edition.system
    kind, _, called = refs[part.name].partition(":default/")
    content: Entity = {"type": _SERVICES.get(part.type, part.type)}
    if kind == "component":
        content["lifecycle"] = "production"
    content |= {
        "owner": name(part.owner) if part.owner else _NOBODY,
        "system": name(system.name),
    }
    if needs := [refs[need.to] for need in part.needs.values() if need.to in refs]:
        content["dependsOn"] = needs
    links = list(_links(edition, part))
    return _entity(kind.title(), called, content, **({"links": links} if links else {}))


def _links(edition: Edition, part: Component) -> Iterator[Entity]:
    if part.url:
        yield {"url": part.url, "title": "Address"}
    if part.status_page:
        yield {"url": part.status_page, "title": "Status page"}
    if base := edition.system.server.public_url:
        yield {"url": f"{base.rstrip('/')}/services/{part.name}", "title": "In standfast"}
