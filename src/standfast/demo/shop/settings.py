"""What a process of the shop is told by its environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Each field is the variable SHOP_ and its name in capitals."""

    port: str
    control: str  # who knows this may break things
    folder: str = ""  # queue and spool
    database: str = ""
    api: str = ""
    payments: str = ""
    standfast: str = ""
    fallback: str = "queue"  # `off`: an order whose payment fails is refused

    @property
    def listens_at(self) -> int:
        return int(self.port)

    @property
    def place(self) -> Path:
        return Path(self.folder)

    def environment(self) -> dict[str, str]:
        return {f"SHOP_{one.name.upper()}": getattr(self, one.name) for one in fields(self)}


def settings(environment: Mapping[str, str] = os.environ) -> Settings:
    names = [one.name for one in fields(Settings)]
    given = {name: environment.get(f"SHOP_{name.upper()}") for name in names}
    return Settings(**{name: value for name, value in given.items() if value is not None})
