"""Where a panel leads: to the page of standfast that explains its figure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from standfast.publish.grafana.panel import Link

if TYPE_CHECKING:
    from standfast.publish.edition import Edition


def page(edition: Edition, path: str, title: str = "Why this figure?") -> tuple[Link, ...]:
    """Nothing where the file does not say at which address standfast is reached."""
    base = edition.system.server.public_url
    return (Link(title=title, url=base.rstrip("/") + path),) if base else ()


def of_service(edition: Edition, component: str) -> tuple[Link, ...]:
    return page(edition, f"/services/{component}", "The service in standfast")
