"""Vouchers, coupons and gift cards alike: ``/v1/vouchers``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from checkout_bridge.client.paging import items_of
from checkout_bridge.client.transport import Transport, path_of


class Vouchers:
    """A voucher is ``{code, type, discount | gift, redemption{quantity}, active, start_date, expiration_date, ...}``.

    Codes may hold any character. Every method that takes one raises BackendNotFound when there is no such voucher.
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def generate_random_code(
        self, voucher: dict[str, Any], *, idempotency_key: str | None = None, deadline: float | None = None
    ) -> dict[str, Any]:
        """Create a voucher whose code the backend makes up, by ``code_config`` if given. Answers the voucher."""
        return self._transport.request(
            "POST", path_of("vouchers"), body=voucher, idempotency_key=idempotency_key, deadline=deadline
        )

    def create_voucher(
        self, code: str, voucher: dict[str, Any], *, idempotency_key: str | None = None, deadline: float | None = None
    ) -> dict[str, Any]:
        """Create the voucher and answer it. Raises BackendRefused (409, ``duplicate_found``) when the code is taken."""
        return self._transport.request(
            "POST", path_of("vouchers", code), body=voucher, idempotency_key=idempotency_key, deadline=deadline
        )

    def get_voucher(self, code: str, *, deadline: float | None = None) -> dict[str, Any]:
        """Answer the voucher."""
        return self._transport.request("GET", path_of("vouchers", code), deadline=deadline)

    def list_vouchers(self, *, deadline: float | None = None, **params: Any) -> dict[str, Any]:
        """Answer one page: ``{object, data_ref, vouchers[], total}``.

        Params: ``limit``, ``page``, ``order``, ``campaign``, ``customer``, ``code``, ``created_at``, ``filters``, ...
        """
        return self._transport.request("GET", path_of("vouchers"), params=params, deadline=deadline)

    def iter_vouchers(self, *, deadline: float | None = None, **params: Any) -> Iterator[dict[str, Any]]:
        """Every voucher. Params as of ``list_vouchers``; ``deadline`` bounds each page."""
        return items_of(self.list_vouchers, "vouchers", {**params, "deadline": deadline})

    def update_voucher(
        self, code: str, voucher: dict[str, Any], *, idempotency_key: str | None = None, deadline: float | None = None
    ) -> dict[str, Any]:
        """Change the fields that are given; a null date is cleared. Answers the voucher."""
        return self._transport.request(
            "PUT", path_of("vouchers", code), body=voucher, idempotency_key=idempotency_key, deadline=deadline
        )

    def delete_voucher(
        self,
        code: str,
        *,
        force: bool | None = None,
        idempotency_key: str | None = None,
        deadline: float | None = None,
    ) -> dict[str, Any]:
        """Delete the voucher, past the bin when ``force`` is true. Answers ``{}``."""
        return self._transport.request(
            "DELETE",
            path_of("vouchers", code),
            params={"force": force},
            idempotency_key=idempotency_key,
            deadline=deadline,
        )

    def enable_voucher(
        self, code: str, *, idempotency_key: str | None = None, deadline: float | None = None
    ) -> dict[str, Any]:
        """Let the voucher be used. Answers the voucher."""
        return self._transport.request(
            "POST", path_of("vouchers", code, "enable"), idempotency_key=idempotency_key, deadline=deadline
        )

    def disable_voucher(
        self, code: str, *, idempotency_key: str | None = None, deadline: float | None = None
    ) -> dict[str, Any]:
        """Keep the voucher from being used. Answers the voucher."""
        return self._transport.request(
            "POST", path_of("vouchers", code, "disable"), idempotency_key=idempotency_key, deadline=deadline
        )

    def update_voucher_balance(
        self, code: str, balance: dict[str, Any], *, idempotency_key: str | None = None, deadline: float | None = None
    ) -> dict[str, Any]:
        """Add to a gift card, or take from it.

        ``balance`` is ``{amount, source_id, reason}``, the amount in minor units and negative to take; the same
        ``source_id`` counts once. Answers ``{amount, total, balance, type, object, related_object, operation_type}``.
        """
        return self._transport.request(
            "POST",
            path_of("vouchers", code, "balance"),
            body=balance,
            idempotency_key=idempotency_key,
            deadline=deadline,
        )

    def list_voucher_transactions(self, code: str, *, deadline: float | None = None, **params: Any) -> dict[str, Any]:
        """Answer one page of balance changes: ``{object, data_ref, data[], has_more, more_starting_after}``.

        Params: ``limit``, ``order``, ``starting_after_id``.
        """
        return self._transport.request(
            "GET", path_of("vouchers", code, "transactions"), params=params, deadline=deadline
        )

    def release_validation_session(
        self, code: str, session_key: str, *, idempotency_key: str | None = None, deadline: float | None = None
    ) -> dict[str, Any]:
        """Let go of what a validation session holds of this voucher. Answers ``{}``."""
        return self._transport.request(
            "DELETE",
            path_of("vouchers", code, "sessions", session_key),
            idempotency_key=idempotency_key,
            deadline=deadline,
        )
