"""The rows of the outbox room."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlalchemy import Connection


class OutboxRows:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection
