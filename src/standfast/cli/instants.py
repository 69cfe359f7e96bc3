"""Instants as people type them for commands that decide until when."""

from __future__ import annotations

from datetime import UTC, datetime

from standfast.errors import FileError
from standfast.spec import units
from standfast_kit.clock import Clock, utc_now


def instant(text: str, clock: Clock = utc_now) -> datetime:
    """ "2026-11-27T18:00" (UTC where no zone is given), "2026-11-27", or "4h": from now on."""
    try:
        return clock() + units.duration(text)
    except (ValueError, OverflowError):
        pass
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise FileError(
            (f"not an instant: {text[:60]!r}",), fix="write 2026-11-27T18:00, or 4h: from now on"
        ) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
