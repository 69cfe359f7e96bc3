"""The published documents as pages: of the running service, or of a file and a folder on this disk."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from typing import TYPE_CHECKING

from standfast import spec
from standfast.app.answers import answers_of
from standfast.drivers.files import Files, Tree
from standfast.errors import StandfastError
from standfast.publish import FOLDERS, plan
from standfast.publish.edition import Edition
from standfast.publish.figures import body
from standfast.publish.render import documents
from standfast.publish.shelf import page
from standfast.review import Measured, examine
from standfast_kit.clock import Clock, utc_now

if TYPE_CHECKING:
    from collections.abc import Callable

    from standfast.dashboards.measurements import Measurements
    from standfast.publish.shelf import DocumentPage
    from standfast.review import Review
    from standfast.review.feedback import Reply
    from standfast.spec.system import System

INDEX = "docs/operations/README.md"
_FRESH = timedelta(seconds=5)


def current(
    system: System,
    review: Review,
    replies: tuple[Reply, ...],
    measured: Measurements,
    path: str,
    now: datetime,
) -> DocumentPage:
    """A document as the running service knows its subject at this moment."""
    edition = _edition(system, review, replies, now)
    texts = {one.path: one.text for one in documents(edition, {})}
    return page(texts, path, measured=body(edition, path, measured) if path in texts else "")


def _edition(system: System, review: Review, replies: tuple[Reply, ...], now: datetime) -> Edition:
    return Edition(
        system=system,
        review=review,
        as_of=now.date(),
        version=version("standfast"),
        replies=replies,
    )


class Shelf:
    """The documents that publishing a file into a folder would give just now, hand-written text included."""

    def __init__(
        self,
        file: str,
        out: str,
        ask: Callable[[], Measurements] | None = None,
        clock: Clock = utc_now,
    ) -> None:
        self._file, self._tree, self._ask, self._now = file, Tree(out), ask, clock
        self._lock = threading.Lock()
        self._kept: tuple[datetime, Edition, dict[str, str], Measurements | None, str] | None = None

    def document(self, path: str) -> DocumentPage:
        """Raises FileError where the file cannot be used, StandfastError on broken markers."""
        with self._lock:
            if self._kept is None or self._now() - self._kept[0] > _FRESH:
                self._kept = self._read()
            _, edition, texts, measured, problem = self._kept
        told = body(edition, path, measured) if measured and path in texts else ""
        return page(texts, path, measured=told, problem=problem)

    def _read(self) -> tuple[datetime, Edition, dict[str, str], Measurements | None, str]:
        now = self._now()
        system = spec.read(self._file, Files())
        noon = datetime.combine(now.date(), datetime.min.time(), UTC) + timedelta(hours=12)
        review = examine(system, Measured(), noon)
        edition = _edition(system, review, answers_of(self._file)(), now)
        present = self._tree.present(*FOLDERS)
        outputs = documents(edition, present)
        writes = plan(outputs, present).writes
        # By the names that links use, though a text may stand beside somebody's own file.
        texts = {one.path: write.text for one, write in zip(outputs, writes, strict=True)}
        try:
            return now, edition, texts, self._ask() if self._ask else None, ""
        except StandfastError as error:
            return now, edition, texts, None, f"No current figures: {error.problem}"
