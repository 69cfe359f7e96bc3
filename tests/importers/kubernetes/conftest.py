"""Manifests read as an import reads them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from imported_drafts import draft, is_taken_whole
from standfast.drivers.importers.kubernetes.importer import Kubernetes

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from standfast.spec.drafting.draft import Draft


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., Draft]:
    """The draft of one manifest, or of files by name; whatever comes of it must be a valid file."""

    def reading(text: str = "", *named: str, **files: str) -> Draft:
        by_name = {name.replace("__", "/") + ".yaml": text for name, text in files.items()}
        by_name |= {"all.yaml": text} if text else {}
        found = draft(Kubernetes(), tmp_path, by_name, *named)
        assert is_taken_whole(found)
        return found

    return reading
