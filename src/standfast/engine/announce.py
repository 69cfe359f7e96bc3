"""Telling the public: the status page is written to where it outlives the server that wrote it."""

from __future__ import annotations

from datetime import timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Protocol

from standfast.publish.status_page import render

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from standfast.dashboards.status_page import StatusPage
    from standfast.spec.bucket import Bucket
    from standfast.spec.system import System

EVERY = timedelta(minutes=5)
"""The page says that it may be trusted for twice as long."""
LOOK = timedelta(seconds=20)
_ALL = timedelta(hours=1)
"""So often every badge is written, changed or not, in case that somebody took one away."""


class Folder(Protocol):
    def write(self, path: str, text: str) -> None:
        """Whole or not at all, and soon; raises StandfastError where the disk or the bucket refuses."""


class Announce:
    """`open_folder` answers the folder, or the part of a bucket, that a setting names."""

    def __init__(
        self,
        read: Callable[[datetime], StatusPage],
        open_folder: Callable[[Bucket | str], Folder],
    ) -> None:
        self._read, self._open = read, open_folder
        self._written: tuple[Bucket | str, StatusPage] | None = None
        self._badges: dict[str, str] = {}  # as they lie there
        self._all_at: datetime | None = None  # when each was written last

    def tick(self, system: System, now: datetime) -> bool:
        """Was it written? Where it was not for long, or where there is news."""
        place = system.server.status_page
        if place is None:
            return False
        page = self._read(now)
        if not self._due(place, page):
            return False
        known = self._known(place, now)
        self._badges = {}  # of a write that fails half-way nobody knows what lies there
        texts = write(self._open(place), page, known)
        self._badges = {path: text for path, text in texts.items() if path.endswith(".svg")}
        self._all_at = self._all_at if known else now
        self._written = place, page
        return True

    def _known(self, place: Bucket | str, now: datetime) -> dict[str, str]:
        """The badges that need no writing if they are still the same."""
        same = self._written is not None and self._written[0] == place
        fresh = self._all_at is not None and timedelta(0) <= now - self._all_at < _ALL
        return self._badges if same and fresh else {}

    def _due(self, place: Bucket | str, page: StatusPage) -> bool:
        if self._written is None:
            return True
        before_place, before = self._written
        old = page.as_of - before.as_of + LOOK > EVERY  # the next look would come too late
        return old or place != before_place or page.news != before.news


def write(
    folder: Folder, page: StatusPage, known: Mapping[str, str] = MappingProxyType({})
) -> dict[str, str]:
    """Write the files, but for those that are `known` to lie there already; answers all of them."""
    texts = render(page)
    for path, text in texts.items():
        if known.get(path) != text:
            folder.write(path, text)
    return texts
