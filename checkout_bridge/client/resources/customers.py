"""Customers: ``/v1/customers``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from checkout_bridge.client.paging import items_of
from checkout_bridge.client.transport import Transport, path_of


class Customers:
    """A customer is ``{source_id, name, email, phone, address, metadata}``; every field is optional."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def create_customer(
        self, customer: dict[str, Any], *, idempotency_key: str | None = None, deadline: float | None = None
    ) -> dict[str, Any]:
        """Create the customer, or update the one that has its ``source_id``. Answers the customer."""
        return self._transport.request(
            "POST", path_of("customers"), body=customer, idempotency_key=idempotency_key, deadline=deadline
        )

    def get_customer(self, customer_id: str, *, deadline: float | None = None) -> dict[str, Any]:
        """Answer the customer of this id or source id. Raises BackendNotFound."""
        return self._transport.request("GET", path_of("customers", customer_id), deadline=deadline)

    def update_customer(
        self,
        customer_id: str,
        customer: dict[str, Any],
        *,
        idempotency_key: str | None = None,
        deadline: float | None = None,
    ) -> dict[str, Any]:
        """Change the fields that are given. Answers the customer."""
        return self._transport.request(
            "PUT", path_of("customers", customer_id), body=customer, idempotency_key=idempotency_key, deadline=deadline
        )

    def list_customers(self, *, deadline: float | None = None, **params: Any) -> dict[str, Any]:
        """Answer one page: ``{object, data_ref, customers[], total}``.

        Params: ``limit``, ``page``, ``order``, ``email``, ``name``, ``city``, ``created_at``, ``filters``, ...
        """
        return self._transport.request("GET", path_of("customers"), params=params, deadline=deadline)

    def iter_customers(self, *, deadline: float | None = None, **params: Any) -> Iterator[dict[str, Any]]:
        """Every customer. Params as of ``list_customers``; ``deadline`` bounds each page."""
        return items_of(self.list_customers, "customers", {**params, "deadline": deadline})
