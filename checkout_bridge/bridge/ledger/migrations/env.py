"""Runs the ledger's migrations on the connection that the caller opened."""

from __future__ import annotations

from alembic import context

from checkout_bridge.bridge.ledger.model import metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata, transactional_ddl=False)
context.run_migrations()
