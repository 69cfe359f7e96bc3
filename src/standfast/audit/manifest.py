"""Manifests of reports: the digest of each of their files, signed as a note by the log's key.

https://c2sp.org/signed-note. The first line tells it from a checkpoint, which begins with its origin.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from standfast.audit.checkpoint import BadCheckpoint, open_note

if TYPE_CHECKING:
    from collections.abc import Mapping

    from standfast.audit.checkpoint import VerifyingKey
    from standfast.audit.keys import Keys

FORMAT = "standfast-report/1"
PURPOSE = "sla-report"
"""What the signing key is called after the log's name, so that no signature serves for two things."""
LARGEST = 64 * 1024  # bytes of a manifest
_FILE = re.compile(
    r"sha256 ([0-9a-f]{64}) ([0-9]{1,12}) ([A-Za-z0-9][A-Za-z0-9._-]{0,199})", re.ASCII
)
_FIELD = re.compile(r"([a-z-]{1,40}): ([^\n\r]{0,500})", re.ASCII | re.DOTALL)


class BadManifest(ValueError):
    """Not a report's manifest, or not signed by the key it should be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """`about` says which report it is: system, period, edition ..."""

    about: Mapping[str, str]
    files: Mapping[str, tuple[str, int]]  # name -> SHA-256 in hex, bytes

    def text(self) -> str:
        about = [f"{name}: {' '.join(value.split())}" for name, value in self.about.items()]
        files = [f"sha256 {digest} {size} {name}" for name, (digest, size) in self.files.items()]
        return "\n".join([FORMAT, *about, *files]) + "\n"

    def differs(self, name: str, data: bytes) -> str:
        """What is wrong with a file, in words; "" where it is as it was signed."""
        if name not in self.files:
            return "is no file of this report"
        digest, size = self.files[name]
        found = hashlib.sha256(data).hexdigest()
        if found == digest:
            return ""
        told = f"{len(data):,} bytes, not {size:,}; " if len(data) != size else ""
        return f"was changed: {told}its SHA-256 is {found}, signed was {digest}"


def manifest_of(about: Mapping[str, str], files: Mapping[str, bytes]) -> Manifest:
    digests = {name: (hashlib.sha256(data).hexdigest(), len(data)) for name, data in files.items()}
    return Manifest(about=about, files=digests)


def signed(manifest: Manifest, keys: Keys) -> str:
    return keys.sign_text(manifest.text(), PURPOSE)


def verified(note: str, key: VerifyingKey) -> Manifest:
    """What stands in a manifest that `key` signed; raises BadManifest."""
    try:
        text = open_note(note, key.origin(PURPOSE), key.public)
    except BadCheckpoint as error:
        raise BadManifest(str(error)) from error
    head, *lines = text.removesuffix("\n").split("\n")
    if head != FORMAT:
        raise BadManifest(f"not a manifest of the form {FORMAT}")
    about: dict[str, str] = {}
    files: dict[str, tuple[str, int]] = {}
    for line in lines:
        if found := _FILE.fullmatch(line):
            files[found[3]] = found[1], int(found[2])
        elif field := _FIELD.fullmatch(line):
            about[field[1]] = field[2]
        else:
            raise BadManifest(f"a line that is neither a file nor a field: {line[:60]!r}")
    return Manifest(about=about, files=files)
