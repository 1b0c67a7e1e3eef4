"""Runs the engine's migrations on the connection that the caller opened."""

from __future__ import annotations

from checkout_bridge.database import run_migrations
from checkout_bridge.engine.store.schema import metadata

run_migrations(metadata)
