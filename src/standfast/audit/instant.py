"""Instants as the log writes them: UTC, always 27 characters, so that they sort as text."""

from __future__ import annotations

from datetime import UTC, datetime


def stamp(instant: datetime) -> str:
    """`2026-11-20T12:00:00.000000Z`; raises ValueError on an instant without a zone."""
    if instant.tzinfo is None:
        raise ValueError("an instant without a time zone")
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ").rjust(27, "0")


def normal(text: str) -> str:
    """An ISO 8601 instant with a zone, as the log writes it; raises ValueError."""
    try:
        return stamp(datetime.fromisoformat(text))
    except (ValueError, OverflowError):
        raise ValueError(f"{text[:40]!r} is no ISO 8601 instant with a time zone") from None
