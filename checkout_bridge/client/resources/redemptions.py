"""Redemptions and their rollbacks: ``/v1/redemptions``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from checkout_bridge.client.paging import items_of
from checkout_bridge.client.transport import Transport, path_of


class Redemptions:
    """Using vouchers up, and giving them back."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def redeem_stacked_discounts(
        self, request: dict[str, Any], *, idempotency_key: str | None = None, deadline: float | None = None
    ) -> dict[str, Any]:
        """``request`` is ``{redeemables[{object, id}], order, customer, session, options}``.

        Answers ``{redemptions[], parent_redemption, order, inapplicable_redeemables[], skipped_redeemables[]}``.
        Raises BackendRefused when a redeemable does not apply: nothing was redeemed.
        """
        return self._transport.request(
            "POST", path_of("redemptions"), body=request, idempotency_key=idempotency_key, deadline=deadline
        )

    def rollback_redemption(
        self,
        redemption_id: str,
        rollback: dict[str, Any] | None = None,
        *,
        reason: str | None = None,
        tracking_id: str | None = None,
        idempotency_key: str | None = None,
        deadline: float | None = None,
    ) -> dict[str, Any]:
        """Give one redemption back. ``rollback`` is ``{reason, metadata, order, customer}``; answers the rollback.

        Raises BackendRefused with key ``already_rolled_back`` when it was given back before.
        """
        return self._transport.request(
            "POST",
            path_of("redemptions", redemption_id, "rollback"),
            params={"reason": reason, "tracking_id": tracking_id},
            body=rollback,
            idempotency_key=idempotency_key,
            deadline=deadline,
        )

    def rollback_stacked_redemptions(
        self,
        parent_redemption_id: str,
        rollback: dict[str, Any] | None = None,
        *,
        reason: str | None = None,
        tracking_id: str | None = None,
        idempotency_key: str | None = None,
        deadline: float | None = None,
    ) -> dict[str, Any]:
        """Give back all that was redeemed together. Answers ``{rollbacks[], parent_rollback, order}``.

        Raises BackendRefused with key ``already_rolled_back`` when it was given back before.
        """
        return self._transport.request(
            "POST",
            path_of("redemptions", parent_redemption_id, "rollbacks"),
            params={"reason": reason, "tracking_id": tracking_id},
            body=rollback,
            idempotency_key=idempotency_key,
            deadline=deadline,
        )

    def get_redemption(self, redemption_id: str, *, deadline: float | None = None) -> dict[str, Any]:
        """Answer the redemption, or the rollback, of this id. Raises BackendNotFound."""
        return self._transport.request("GET", path_of("redemptions", redemption_id), deadline=deadline)

    def get_voucher_redemptions(self, code: str, *, deadline: float | None = None) -> dict[str, Any]:
        """Answer the uses of one voucher: ``{quantity, redeemed_quantity, redemption_entries[]}``."""
        return self._transport.request("GET", path_of("vouchers", code, "redemption"), deadline=deadline)

    def list_redemptions(self, *, deadline: float | None = None, **params: Any) -> dict[str, Any]:
        """Answer one page: ``{object, data_ref, redemptions[], total}``.

        Params: ``limit``, ``page``, ``result``, ``campaign``, ``customer``, ``order``, ``created_at``, ``filters``.
        """
        return self._transport.request("GET", path_of("redemptions"), params=params, deadline=deadline)

    def iter_redemptions(self, *, deadline: float | None = None, **params: Any) -> Iterator[dict[str, Any]]:
        """Every redemption and rollback. Params as of ``list_redemptions``; ``deadline`` bounds each page."""
        return items_of(self.list_redemptions, "redemptions", {**params, "deadline": deadline})
