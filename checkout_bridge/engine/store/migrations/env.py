"""Runs the engine's migrations on the connection that the caller opened."""

from __future__ import annotations

from alembic import context

from checkout_bridge.engine.store.schema import metadata

attributes = context.config.attributes
context.configure(
    connection=attributes["connection"],
    version_table=attributes["version_table"],
    target_metadata=metadata,
    transactional_ddl=False,
)
context.run_migrations()
