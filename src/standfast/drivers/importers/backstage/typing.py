"""What a component or resource of the catalogue is in the reliability file."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from standfast.drivers.importers import nodes
from standfast.drivers.importers.stores import by_words

if TYPE_CHECKING:
    from standfast.drivers.importers.backstage.entity import Entity

# Nothing of these runs.
STILL = frozenset({
    "library", "documentation", "docs", "template", "package", "sdk", "cli", "tool", "plugin", "module",
    "backstage-plugin", "frontend-plugin", "backend-plugin", "backstage-frontend-plugin",
    "backstage-backend-plugin", "backstage-backend-plugin-module", "backstage-node-library",
    "backstage-web-library", "backstage-common-library", "backstage-cli-module", "repository",
    "github-action", "terraform-module", "helm-chart", "action", "config", "configuration",
    "infrastructure-as-code",
})  # fmt: skip
_COMPONENTS = {
    "service": "http", "api": "http", "backend": "http", "microservice": "http", "server": "http",
    "gateway": "http", "bff": "http", "website": "web", "frontend": "web", "webapp": "web", "web": "web",
    "spa": "web", "grpc": "grpc", "worker": "worker", "consumer": "worker", "daemon": "worker",
    "cronjob": "cron", "cron": "cron", "job": "cron", "scheduler": "cron", "cdn": "cdn", "external": "external",
    "third-party": "external", "saas": "external", "queue": "queue", "broker": "queue",
}  # fmt: skip
_RESOURCES = {
    "bucket": "object-store", "blob": "object-store", "queue": "queue", "topic": "queue", "pubsub": "queue",
    "broker": "queue", "volume": "volume", "filesystem": "volume", "efs": "volume", "disk": "volume",
    "cdn": "cdn", "cloudfront": "cdn", "cluster": "host", "host": "host", "vm": "host", "server": "host",
    "ec": "host", "external": "external", "saas": "external", "search": "search",
}  # fmt: skip


def component_type(one: Entity, grpc: bool) -> str:
    """The type of a Component; `grpc` where it provides an API of that kind."""
    if one.type in _COMPONENTS:
        kind = _COMPONENTS[one.type]
        return "grpc" if grpc and kind == "http" else kind
    return by_words(one.type) or _first(one.type, _COMPONENTS) or "other"


def resource_type(one: Entity) -> tuple[str, bool]:
    """The type of a Resource, and whether anything says which store it is."""
    told = by_words(one.type) or _first(one.type, _RESOURCES)
    if told:
        return told, True
    tags = [nodes.text(tag) for tag in nodes.items(one.node, "metadata", "tags")]
    title = nodes.text(one.node, "metadata", "title")
    for text in (*tags, one.name, title):
        if kind := by_words(text):
            return kind, True
    return "other", False


def is_still(one: Entity) -> bool:
    return one.type in STILL or one.type.endswith(("-library", "-plugin", "-plugin-module"))


def _first(text: str, known: dict[str, str]) -> str:
    words = (word.rstrip("0123456789") for word in re.split(r"[^a-z0-9]+", text))
    return next((known[word] for word in words if word in known), "")
