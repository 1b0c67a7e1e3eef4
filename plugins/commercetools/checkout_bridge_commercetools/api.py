"""A small client of the commercetools HTTP API: the orders and payments that messages only refer to."""

from __future__ import annotations

import time
from base64 import b64encode
from threading import Lock
from typing import Any
from urllib.parse import quote, urlencode

from checkout_bridge.errors import BackendUnauthorized, BackendUnreachable, MalformedAnswer
from checkout_bridge.options import setting_of
from checkout_bridge.platform_api import PlatformApi, not_known

NAME = "commercetools"
_MARGIN = 60.0  # seconds before its end from which a token is not used any more
_FORM = "application/x-www-form-urlencoded"


class Api:
    """One project. Without ``client_id`` it is asked without a token. It may be shared by threads.

    Reading raises what ``PlatformApi`` raises, and BackendUnreachable where no address is set: whichever it is, the
    delivery can be tried again.
    """

    def __init__(self, url: str, project: str, auth_url: str, client_id: str, client_secret: str) -> None:
        self._api = PlatformApi(NAME, f"{url.rstrip('/')}/{quote(project, safe='')}") if url else None
        basic = b64encode(f"{client_id}:{client_secret}".encode()).decode()
        self._tokens = PlatformApi(NAME, auth_url, {"Authorization": f"Basic {basic}"}) if client_id else None
        self._lock = Lock()
        self._token, self._token_ends = "", 0.0

    def order(self, order_id: str) -> dict[str, Any]:
        """An order."""
        return self._get(f"/orders/{quote(order_id, safe='')}")

    def payment(self, payment_id: str) -> dict[str, Any]:
        """A payment with its transactions."""
        return self._get(f"/payments/{quote(payment_id, safe='')}")

    def order_paid_with(self, payment_id: str) -> dict[str, Any]:
        """The order that a payment is for, which knows the payment, not the other way round."""
        where = f'paymentInfo(payments(id="{payment_id}"))'
        found = self._get(f"/orders?{urlencode({'where': where, 'limit': 1})}").get("results")
        if not isinstance(found, list) or not found or not isinstance(found[0], dict) or "id" not in found[0]:
            raise not_known(NAME, f"the order of payment {payment_id}")
        order: dict[str, Any] = found[0]
        return order

    def _get(self, path: str) -> dict[str, Any]:
        if self._api is None:
            wanted = setting_of(NAME, "API_URL")
            raise BackendUnreachable(f"{NAME} cannot be asked", details=f"for {path} set {wanted}")
        headers = {"Authorization": f"Bearer {self._bearer(self._tokens)}"} if self._tokens else {}
        try:
            return self._api.get_object(path, headers=headers)
        except BackendUnauthorized:
            with self._lock:
                self._token_ends = 0.0  # it may have been revoked: the next attempt gets another
            raise

    def _bearer(self, tokens: PlatformApi) -> str:
        """A token, asked for anew shortly before it ends."""
        with self._lock:
            if time.monotonic() >= self._token_ends:
                asked_at = time.monotonic()
                told = tokens.post("/oauth/token", b"grant_type=client_credentials", _FORM)
                token, lasts = told.get("access_token"), told.get("expires_in")
                if not isinstance(token, str) or not isinstance(lasts, int):
                    raise MalformedAnswer("The answer to a token request has no access_token")
                self._token, self._token_ends = token, asked_at + lasts - _MARGIN
            return self._token
