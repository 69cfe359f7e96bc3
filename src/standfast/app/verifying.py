"""Verifying a report offline: its files against the manifest, the manifest against the key."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from standfast.app.offline import audit_key
from standfast.audit.manifest import LARGEST, BadManifest, verified
from standfast.errors import StandfastError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from standfast.audit.manifest import Manifest

_ENDING = ".manifest"
_MOST = 256 * 1024 * 1024  # bytes of a file that is looked at


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What was found of each file; "" where it is as it was signed."""

    manifest: str
    about: Mapping[str, str]
    files: tuple[tuple[str, str], ...]
    absent: tuple[str, ...]

    @property
    def clean(self) -> bool:
        return not any(wrong for _, wrong in self.files)


def check(path: str, key: str) -> Checked:
    """`path` is a manifest (then all its files that are here), or one file with its manifest beside it.

    Raises StandfastError where there is no manifest, or its signature is not the key's.
    """
    place = Path(path)
    note = place if place.name.endswith(_ENDING) else place.with_suffix(_ENDING)
    text = _read(note, LARGEST, _missing(note, place)).decode("utf-8", "replace")
    _, verifying = audit_key(key)
    if verifying is None:
        raise StandfastError("a report is verified against a key", where="--key")
    try:
        manifest = verified(text, verifying)
    except BadManifest as error:
        raise StandfastError(
            f"the manifest is not as it was signed: {error}", where=str(note)
        ) from error
    names = [place.name] if place != note else [*manifest.files]
    return _checked(manifest, note, names)


def _checked(manifest: Manifest, note: Path, names: list[str]) -> Checked:
    here = [name for name in names if (note.parent / name).is_file()]
    absent = [name for name in names if name not in here]
    if not here:
        raise StandfastError("none of the report's files is here", where=str(note.parent))
    return Checked(
        manifest=note.name,
        about=manifest.about,
        files=tuple(
            (name, manifest.differs(name, _read(note.parent / name, _MOST, ""))) for name in here
        ),
        absent=tuple(absent),
    )


def _missing(note: Path, place: Path) -> str:
    return "" if note == place else f"the manifest {note.name} is to lie beside {place.name}"


def _read(file: Path, most: int, fix: str) -> bytes:
    try:
        if file.exists() and not file.is_file():
            raise StandfastError("it is a directory or a device", where=str(file))
        with file.open("rb") as opened:
            data = opened.read(most + 1)
    except OSError as error:
        raise StandfastError(
            f"cannot be read: {error.strerror}", where=str(file), fix=fix
        ) from error
    if len(data) > most:
        raise StandfastError(f"larger than {most:,} bytes", where=str(file))
    return data
