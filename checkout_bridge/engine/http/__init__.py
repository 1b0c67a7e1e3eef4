"""The engine's HTTP side: routes, keys, idempotency, errors and the OpenAPI description."""
