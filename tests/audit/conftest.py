from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from audit_log import Log, open_log

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def audited(database_url: str, tmp_path: Path, clock) -> Iterator[Log]:
    """An empty log, on SQLite and then on PostgreSQL."""
    log = open_log(database_url, tmp_path, clock)
    yield log
    log.database.close()


@pytest.fixture
def small(tmp_path: Path, clock) -> Iterator[Log]:
    """An empty log on SQLite."""
    log = open_log(f"sqlite:///{tmp_path / 'standfast.db'}", tmp_path, clock)
    yield log
    log.database.close()
