"""Validations: ``/v1/validations``."""

from __future__ import annotations

from typing import Any

from checkout_bridge.client.transport import Transport, path_of


class Validations:
    """Asking what would apply, without using it up."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def validate_stacked_discounts(
        self, request: dict[str, Any], *, idempotency_key: str | None = None, deadline: float | None = None
    ) -> dict[str, Any]:
        """``request`` is ``{redeemables[{object, id}], order, customer, session, options}``.

        Answers ``{valid, redeemables[], order, stacking_rules, ...}``. What does not apply is an answer with
        ``valid: false``, not an error. A ``session`` of type ``LOCK`` holds what it validated.
        """
        return self._transport.request(
            "POST", path_of("validations"), body=request, idempotency_key=idempotency_key, deadline=deadline
        )
