from __future__ import annotations

import sys
from pathlib import Path

for folder in ("paging", "observe"):  # their hand-built systems
    sys.path.insert(0, str(Path(__file__).parents[1] / folder))
