"""Alembic's entry: runs the migrations on the connection that `store.migration` hands over."""

from alembic import context

from standfast.store.columns import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,  # SQLite alters a table by making it again
    transaction_per_migration=False,
)
context.run_migrations()
