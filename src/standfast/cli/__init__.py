"""The command line: one module per command, none of them imported before it is called."""

from __future__ import annotations

import sys

from standfast.cli.group import main

__all__ = ["main"]

if __name__ == "__main__":
    sys.exit(main())
