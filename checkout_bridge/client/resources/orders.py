"""Orders: ``/v1/orders``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from checkout_bridge.client.paging import items_of
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
        """Answer one page: ``{object, data_ref, orders[], total}``.

        Params: ``limit``, ``page``, ``order``; our engine also takes ``starting_after_id``, ``status``, ``customer``,
        ``created_at``, ``filters``, ...
        """
        return self._transport.request("GET", path_of("orders"), params=params, deadline=deadline)

    def iter_orders(self, *, deadline: float | None = None, **params: Any) -> Iterator[dict[str, Any]]:
        """Every order. Params as of ``list_orders``; ``deadline`` bounds each page."""
        return items_of(self.list_orders, "orders", {**params, "deadline": deadline})

    def import_orders(
        self,
        orders: Sequence[dict[str, Any]],
        *,
        idempotency_key: str | None = None,
        deadline: float | None = None,
    ) -> dict[str, Any]:
        """Import orders of the past, later; at most 2,000. Answers ``{async_action_id}``.

        ``client.async_actions.wait_for_async_action`` tells how it went.
        """
        return self._transport.request(
            "POST",
            path_of("orders", "import"),
            body=list(orders),
            idempotency_key=idempotency_key,
            deadline=deadline,
        )

    def create_order_export(
        self,
        export: dict[str, Any] | None = None,
        *,
        idempotency_key: str | None = None,
        deadline: float | None = None,
    ) -> dict[str, Any]:
        """Have orders written into a CSV file, later. ``export`` is ``{parameters{order, fields[], filters}}``.

        Answers the export, as ``client.exports.create_export`` does.
        """
        return self._transport.request(
            "POST",
            path_of("orders", "export"),
            body=export or {},
            idempotency_key=idempotency_key,
            deadline=deadline,
        )
