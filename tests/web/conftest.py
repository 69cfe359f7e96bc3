"""One running standfast for all tests of the web in this folder."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from web_server import Standfast, running

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def standfast(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Standfast]:
    with running(tmp_path_factory.mktemp("web")) as found:
        yield found
