"""A folder of sources, read as an import reads it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from standfast.drivers.importers.compose.importer import Compose
from standfast.drivers.importers.folder import Disk

if TYPE_CHECKING:
    from standfast.spec.drafting.draft import Draft, NoteKind


@dataclass
class Read:
    """A draft, asked in words."""

    draft: Draft

    def type(self, name: str) -> object:
        return self.value("components", name, "type")

    def value(self, *path: str) -> object:
        return next((one.value for one in self.draft.facts if one.path == path), None)

    @property
    def components(self) -> set[str]:
        return set(self.draft.names("components"))

    @property
    def edges(self) -> set[tuple[str, ...]]:
        return set(self.draft.edges)

    def places(self, *path: str) -> list[str]:
        found = [one.places for one in self.draft.facts if one.path[: len(path)] == path]
        return [f"{place.file}:{place.line}" for places in found[:1] for place in places]

    def notes(self, kind: NoteKind) -> list[str]:
        return [one.text for one in self.draft.notes if one.kind == kind]


class Sources:
    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put(self, **files: str) -> None:
        """Files by their names; `__` stands for a dot and `___` for a slash."""
        for name, text in files.items():
            self.write(name.replace("___", "/").replace("__", "."), text)

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def compose(self, *names: str) -> Read:
        disk = Disk(self.folder, [self.folder])
        sources = [disk.read(one) for one in names or ("compose.yaml",)]
        return Read(Compose().read(sources, disk))

    def found(self) -> Read:
        disk = Disk(self.folder, [self.folder])
        mine = [one for one in disk.find(self.folder).sources if Compose().claims(one)]
        return Read(Compose().read(mine, disk))


@pytest.fixture
def sources(tmp_path: Path) -> Sources:
    return Sources(tmp_path)
