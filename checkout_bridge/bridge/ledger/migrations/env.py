"""Runs the ledger's migrations on the connection that the caller opened."""

from __future__ import annotations

from checkout_bridge.bridge.ledger.model import metadata
from checkout_bridge.database import run_migrations

run_migrations(metadata)
