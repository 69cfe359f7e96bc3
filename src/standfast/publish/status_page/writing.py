"""Text for HTML and XML: what came from a file or a person is shown as it is, and never obeyed."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from datetime import datetime

_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What no XML 1.0 document may hold, escaped or not."""


def safe(text: str) -> str:
    return html.escape(_FORBIDDEN.sub("\ufffd", text), quote=True)


def instant(at: datetime) -> str:
    """RFC 3339, in UTC, in whole seconds."""
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def moment(at: datetime, timezone: str) -> str:
    """An instant for people, with its machine form."""
    there = at.astimezone(ZoneInfo(timezone))
    return f'<time datetime="{instant(at)}">{there:%Y-%m-%d %H:%M} {safe(there.tzname() or "UTC")}</time>'
