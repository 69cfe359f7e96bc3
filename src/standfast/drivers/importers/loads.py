"""Load generators: they run beside a demo or a test, and no user waits for them."""

from __future__ import annotations

import re

_LOAD = re.compile(
    r"(?:^|[-_/ ])(?:load-?(?:gen(?:erator)?|test(?:er)?)|locust|k6|vegeta|traffic-gen(?:erator)?)"
    r"(?:$|[-_: ])"
)


def is_load(*names: str) -> bool:
    """By the name of what runs, or of its image."""
    return any(_LOAD.search(name) for name in names)
