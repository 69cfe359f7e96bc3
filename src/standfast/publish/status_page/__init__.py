"""The status page as files: a page without script, its data as JSON, its incidents as a feed, badges."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import msgspec

from standfast.publish.status_page.badges import badges
from standfast.publish.status_page.feed import feed
from standfast.publish.status_page.page import page as drawn

if TYPE_CHECKING:
    from standfast.dashboards.status_page import StatusPage


def render(page: StatusPage) -> dict[str, str]:
    """Path -> text, in the order to write them: the page once its data is there, the many badges last."""
    return {
        "status.json": json.dumps(msgspec.to_builtins(page), ensure_ascii=False, indent=2) + "\n",
        "feed.atom": feed(page),
        "index.html": drawn(page),
        **badges(page),
    }
