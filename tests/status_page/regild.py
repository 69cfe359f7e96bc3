"""Writes the golden files anew: run it after a change that was meant, and read the diff."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

from status_story import NAMES, NOW, told  # noqa: E402  the path comes first

from standfast.drivers.files import Tree  # noqa: E402  the path comes first
from standfast.engine.announce import write  # noqa: E402  the path comes first
from standfast.store.columns import metadata  # noqa: E402  the path comes first
from standfast.store.database import Database  # noqa: E402  the path comes first

with tempfile.TemporaryDirectory() as folder:
    database = Database(
        f"sqlite:///{folder}/standfast.db", append=lambda _tx, _events: None, clock=lambda: NOW
    )
    metadata.create_all(database.engine.execution_options(writes=True))
    texts = write(Tree(folder), told(database))
    for name in NAMES:
        Tree(str(HERE / "golden")).write(name, texts[name])
    database.close()
