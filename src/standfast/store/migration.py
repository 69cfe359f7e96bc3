"""Brings a database to this program's schema at start, once, whoever starts first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from standfast.errors import NewerDatabase
from standfast.store.database import translated

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from standfast.store.database import Database

_LOCK = 0x5F_57A7D_FA57  # an arbitrary number that only we use


def migrate(database: Database) -> None:
    """Run the migrations that are missing, in one transaction.

    Raises NewerDatabase where the database knows a migration that this program does not.
    """
    engine = database.engine.execution_options(writes=True)
    with translated(), engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        config = _config(connection)
        _refuse_newer(connection, ScriptDirectory.from_config(config), str(database.url))
        command.upgrade(config, "head")


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", "standfast.store:migrations")
    config.attributes["connection"] = connection
    return config


def _refuse_newer(connection: Connection, scripts: ScriptDirectory, where: str) -> None:
    known = {script.revision for script in scripts.walk_revisions()}
    unknown = set(MigrationContext.configure(connection).get_current_heads()) - known
    if unknown:
        raise NewerDatabase(
            f"the database was written by a newer standfast (schema {', '.join(sorted(unknown))})",
            where=where,
            fix="start the standfast that wrote it, or a newer one; this one changed nothing",
        )
