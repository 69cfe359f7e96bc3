"""Secrets in somebody else's file: noticed, named by their variable, never kept."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from standfast.spec.drafting.draft import Note, NoteKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from standfast.spec.values import Place

_KEY = re.compile(
    r"passw(?:or)?d|passphrase|(?:^|[_.-])(?:pass|pwd|pw)(?:$|[_.-])|secret|token(?:$|[_.-])|api_?key|private_?key"
    r"|access_?key|encryption_?key|signing_?key|credential|(?:^|[_.-])auth(?:$|[_.-]key)|master_?key"
    r"|(?:^|[_.-])salt$|(?:^|[_.-])otp_",
    re.IGNORECASE,
)
_HARMLESS = re.compile(
    r"_file$|_path$|expir|_ttl|_url$|_host$|_name$|_id$|_length|_type$|_enabled?$|allow_empty|_lifetime"
    r"|_algorithm|_version|random_|_policy|_header|_endpoint$|_days$|_timeout|_username$|_user$|_rounds$|_limit$",
    re.IGNORECASE,
)
_NO_SECRET = re.compile(
    r"|true|false|yes|no|on|off|none|null|\d{1,3}|/\S+|\$.*|\*+|<.*>", re.IGNORECASE
)
_USERINFO = re.compile(r"[a-z][a-z0-9+.-]*://[^/\s:@]*:(?!\$|\*)[^@\s/]+@", re.IGNORECASE)
_KNOWN = re.compile(
    r"AKIA[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{30,}|xox[abprs]-[A-Za-z0-9-]{10,}|sk_live_[A-Za-z0-9]{16,}"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----|hooks\.slack\.com/services/\S+"
)
_LONGEST = 4000


def is_secret(key: str, value: str) -> bool:
    """Is the literal `value` of the variable `key` something that nobody should read?"""
    value = value[:_LONGEST].strip()
    if _NO_SECRET.fullmatch(value):
        return False
    named = _KEY.search(key) and not _HARMLESS.search(key)
    return bool(named or _USERINFO.search(value) or _KNOWN.search(value))


def secret_note(keys: Sequence[str], where: str, place: Place) -> Note:
    """The note that secrets stand in a source; `where` is whose variables they are, `place` the first one's."""
    verb = "is" if len(keys) == 1 else "are"
    said = (
        f"{few(keys)} of {where} {verb} written out; not copied. Use `env:NAME` or a secret store"
    )
    return Note(kind=NoteKind.SECRET, place=place, text=said)


def few(words: Sequence[str], most: int = 5) -> str:
    """The first of many, and how many more there are."""
    rest = f" and {len(words) - most} more" if len(words) > most else ""
    return ", ".join(words[:most]) + rest
