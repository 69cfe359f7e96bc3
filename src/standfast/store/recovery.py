"""The rows of the recovery room."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlalchemy import Connection


class RecoveryRows:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection
