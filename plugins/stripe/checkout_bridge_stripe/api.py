"""A small client of Stripe's API: reads one object, or says why it cannot."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from checkout_bridge.platform_api import PlatformApi


class StripeApi:
    """``key`` is a secret or a restricted key that may read payments, sessions and promotion codes. Reading raises what
    ``PlatformApi`` raises.
    """

    def __init__(self, url: str, key: str, account: str | None = None) -> None:
        self._url, self._key = url, key
        of_account = {"Stripe-Account": account} if account else {}
        self._api = PlatformApi("Stripe", url, {"Authorization": f"Bearer {key}", **of_account})

    def of_account(self, account: str) -> StripeApi:
        """The same, for a connected account."""
        return StripeApi(self._url, self._key, account)

    def payment_intent(self, id: str) -> dict[str, Any]:
        """A payment intent."""
        return self._api.get_object(f"/v1/payment_intents/{quote(id, safe='')}")

    def charge(self, id: str) -> dict[str, Any]:
        """A charge."""
        return self._api.get_object(f"/v1/charges/{quote(id, safe='')}")

    def promotion_code(self, id: str) -> dict[str, Any]:
        """A promotion code; ``code`` is what shoppers enter."""
        return self._api.get_object(f"/v1/promotion_codes/{quote(id, safe='')}")

    def line_items(self, session_id: str) -> dict[str, Any]:
        """The lines of a session, all of them: it has a hundred at most."""
        return self._api.get_object(f"/v1/checkout/sessions/{quote(session_id, safe='')}/line_items?limit=100")
