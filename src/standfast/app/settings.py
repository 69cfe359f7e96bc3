"""What a server is told when it starts; everything else is in the reliability file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from standfast.errors import StandfastError

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    file: str  # the reliability file
    database: str  # a URL of SQLite or PostgreSQL
    data: Path  # keys, anchors and the spool: what must not lie in the database
    host: str = "127.0.0.1"
    port: int = 8600

    @property
    def address(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"


def database_url(text: str, data: Path) -> str:
    """The database to use; none given is a SQLite file in the data folder."""
    if not text:
        return f"sqlite:///{data / 'standfast.db'}"
    try:
        url = make_url(text)
    except ArgumentError as error:
        raise StandfastError(
            "not the address of a database", fix="sqlite:///PATH or postgresql://USER@HOST/NAME"
        ) from error
    if url.get_backend_name() not in {"sqlite", "postgresql"}:
        raise StandfastError(
            f"no {url.get_backend_name()} here",
            fix="use sqlite:///PATH or postgresql://USER@HOST/NAME",
        )
    return text
