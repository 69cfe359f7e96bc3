from __future__ import annotations

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text

from standfast.errors import NewerDatabase
from standfast.store.columns import metadata
from standfast.store.database import Database
from standfast.store.migration import migrate


@pytest.fixture
def empty(database_url: str, log):
    database = Database(database_url, append=log)
    yield database
    database.close()


def test_the_migrations_make_exactly_the_tables_that_the_rooms_describe(empty: Database) -> None:
    migrate(empty)

    with empty.engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), metadata)
    assert differences == []


def test_migrating_again_changes_nothing(empty: Database) -> None:
    migrate(empty)
    migrate(empty)


def test_a_database_of_a_newer_program_is_left_alone(empty: Database) -> None:
    migrate(empty)
    writer = empty.engine.execution_options(writes=True)
    with writer.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    with pytest.raises(NewerDatabase, match="9999"):
        migrate(empty)


def test_the_log_refuses_changes_in_a_migrated_database_too(empty: Database) -> None:
    migrate(empty)
    writer = empty.engine.execution_options(writes=True)
    with writer.begin() as connection:
        triggers = {
            "sqlite": "SELECT count(*) FROM sqlite_master WHERE type = 'trigger'",
            "postgresql": "SELECT count(*) FROM pg_trigger WHERE NOT tgisinternal",
        }
        assert connection.execute(text(triggers[connection.dialect.name])).scalar_one() > 0
