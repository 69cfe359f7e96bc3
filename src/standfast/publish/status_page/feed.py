"""The incidents as an Atom feed (RFC 4287)."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from standfast.publish.status_page.writing import instant, safe

if TYPE_CHECKING:
    from standfast.dashboards.status_notice import Notice
    from standfast.dashboards.status_page import StatusPage

_MOST = 50  # entries


def feed(page: StatusPage) -> str:
    newest = sorted((*page.open, *page.past), key=lambda one: (one.updated, one.id), reverse=True)
    entries = newest[:_MOST]
    updated = entries[0].updated if entries else page.as_of
    lines = [
        '<?xml version="1.0" encoding="utf-8"?>',
        '<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="en">',
        f"  <id>{_id(page.name)}</id>",
        f"  <title>{safe(page.name)} status</title>",
        f"  <updated>{instant(updated)}</updated>",
        f"  <author><name>{safe(page.name)}</name></author>",
        '  <link rel="self" type="application/atom+xml" href="feed.atom"/>',
        '  <link rel="alternate" type="text/html" href="index.html"/>',
        "  <generator>standfast</generator>",
    ]
    for one in entries:
        lines += _entry(page, one)
    return "\n".join([*lines, "</feed>"]) + "\n"


def _entry(page: StatusPage, one: Notice) -> list[str]:
    told = [f"{update.at:%Y-%m-%d %H:%M} UTC: {update.words}" for update in one.updates]
    affects = [f"Affects: {', '.join(one.affects)}."] if one.affects else []
    return [
        "  <entry>",
        f"    <id>{_id(f'{page.name}/{one.id}')}</id>",
        f"    <title>{safe(one.impact)}: {safe(one.title)} ({one.state})</title>",
        f"    <published>{instant(one.started)}</published>",
        f"    <updated>{instant(one.updated)}</updated>",
        f'    <link rel="alternate" type="text/html" href="index.html#{safe(one.id)}"/>',
        f'    <content type="text">{safe(chr(10).join([f"{one.words}.", *affects, *told]))}</content>',
        "  </entry>",
    ]


def _id(name: str) -> str:
    """A UUID of the name (version 8, RFC 9562): the same for as long as the name is."""
    digest = bytearray(hashlib.sha256(f"standfast status page/{name}".encode()).digest()[:16])
    digest[6] = digest[6] & 0x0F | 0x80
    digest[8] = digest[8] & 0x3F | 0x80
    found = digest.hex()
    return f"urn:uuid:{found[:8]}-{found[8:12]}-{found[12:16]}-{found[16:20]}-{found[20:]}"
