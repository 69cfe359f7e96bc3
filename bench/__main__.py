"""Runs every benchmark, prints one table and keeps it, dated, in bench/RESULTS.md."""

from __future__ import annotations

import importlib
import os
import platform
from pathlib import Path

from standfast_kit.clock import utc_now

MODULES = (
    "cli_start",
    "kit_breaker",
    "kit_middleware",
    "audit_append",
    "review_publish",
    "service_levels",
)
RESULTS = Path(__file__).with_name("RESULTS.md")
_BEGIN, _END = "<!-- bench -->", "<!-- /bench -->"


def main() -> None:
    lines = ["| What | Figure | Beside |", "|---|---|---|"]
    for name in MODULES:
        print(f"{name} ...", flush=True)
        lines += [
            f"| {' | '.join(row)} |" for row in importlib.import_module(f"bench.{name}").rows()
        ]
    table = "\n".join(lines)
    print(table)
    machine = f"{os.cpu_count()} cores, Python {platform.python_version()}, {platform.system()}"
    _keep(f"{_BEGIN}\n## Measured {utc_now():%Y-%m-%d} ({machine})\n\n{table}\n{_END}")


def _keep(block: str) -> None:
    text = RESULTS.read_text(encoding="utf-8")
    before, _, rest = text.partition(_BEGIN)
    _, _, after = rest.partition(_END)
    RESULTS.write_text(before + block + after, encoding="utf-8")


if __name__ == "__main__":
    main()
