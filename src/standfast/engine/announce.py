"""Telling the public: the status page is written to where it outlives the server that wrote it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

from standfast.publish.status_page import render

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from standfast.dashboards.status_page import StatusPage
    from standfast.spec.bucket import Bucket
    from standfast.spec.system import System

EVERY = timedelta(minutes=5)
"""The page says that it may be trusted for twice as long."""
LOOK = timedelta(seconds=20)


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

    def tick(self, system: System, now: datetime) -> bool:
        """Was it written? Where it was not for long, or where there is news."""
        place = system.server.status_page
        if place is None:
            return False
        page = self._read(now)
        if not self._due(place, page):
            return False
        write(self._open(place), page)
        self._written = place, page
        return True

    def _due(self, place: Bucket | str, page: StatusPage) -> bool:
        if self._written is None:
            return True
        before_place, before = self._written
        old = page.as_of - before.as_of + LOOK > EVERY  # the next look would come too late
        return old or place != before_place or page.news != before.news


def write(folder: Folder, page: StatusPage) -> tuple[str, ...]:
    """Write the files; answers their names."""
    texts = render(page)
    for path, text in texts.items():
        folder.write(path, text)
    return tuple(texts)
