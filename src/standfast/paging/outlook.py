"""Is anything that ought to have left the house still in it, and why?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from standfast.paging.notification import Kind

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from standfast.paging.notification import Notification


def undelivered(late: Sequence[Notification], now: datetime) -> tuple[str, ...]:
    """One sentence for each channel that has something waiting; `late` the oldest first."""
    by_channel: dict[str, list[Notification]] = {}
    for one in late:
        by_channel.setdefault(one.channel, []).append(one)
    return tuple(_sentence(channel, rows, now) for channel, rows in by_channel.items())


def _sentence(channel: str, rows: Sequence[Notification], now: datetime) -> str:
    oldest = rows[0]
    age = int((now - oldest.created_at).total_seconds())
    what = "page" if any(one.kind is Kind.PAGE for one in rows) else "resolved notice"
    many = f"1 {what} waits" if len(rows) == 1 else f"{len(rows)} {what}s wait"
    tried = next((one.reason for one in rows if one.reason), "")
    why = tried or ("nobody has claimed it" if not oldest.attempts else "no answer came back")
    return f"{many} for the channel {channel}, the oldest for {age} s: {why}"
