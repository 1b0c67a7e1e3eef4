"""Orders: ``/v1/orders``."""

from __future__ import annotations

from typing import Any

from checkout_bridge.client.transport import Transport, path_of


class Orders:
    """An order is ``{source_id, status, amount, items[], customer, metadata}``; amounts are minor units."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def create_order(
        self, order: dict[str, Any], *, idempotency_key: str | None = None, deadline: float | None = None
    ) -> dict[str, Any]:
        """Create the order, or update the one that has its ``source_id``. Answers the order."""
        return self._transport.request(
            "POST", path_of("orders"), body=order, idempotency_key=idempotency_key, deadline=deadline
        )

    def get_order(self, order_id: str, *, deadline: float | None = None) -> dict[str, Any]:
        """Answer the order of this id or source id. Raises BackendNotFound."""
        return self._transport.request("GET", path_of("orders", order_id), deadline=deadline)

    def update_order(
        self, order_id: str, order: dict[str, Any], *, idempotency_key: str | None = None, deadline: float | None = None
    ) -> dict[str, Any]:
        """Change the fields that are given. Answers the order. Raises BackendNotFound."""
        return self._transport.request(
            "PUT", path_of("orders", order_id), body=order, idempotency_key=idempotency_key, deadline=deadline
        )

    def list_orders(self, *, deadline: float | None = None, **params: Any) -> dict[str, Any]:
        """Answer one page: ``{object, data_ref, orders[], total}``. Params: ``limit``, ``page``, ``order``."""
        return self._transport.request("GET", path_of("orders"), params=params, deadline=deadline)
