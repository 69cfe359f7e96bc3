"""Reading: each screen's rows in one read transaction, then the function that makes the screen of them."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from standfast.app.platform import Platform

_SHOWN = timedelta(minutes=15)
_UNSIGNED = timedelta(seconds=10)


class Read:
    def __init__(self, platform: Platform) -> None:
        self._platform = platform

    def revision(self) -> str:
        """Differs whenever a page might look different."""
        return self._store.read(
            lambda tx: f"{tx.files.newest_number()} {tx.monitoring.newest_look()}"
        )

    @property
    def _store(self):  # type: ignore[no-untyped-def]
        return self._platform.keeping.database
