"""What deliveries leave out, read from BigCommerce's API: all of one delivery over one connection, in time."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

from checkout_bridge.errors import BackendUnreachable, MalformedAnswer
from checkout_bridge.options import require_address, setting_of
from checkout_bridge.platform_api import PlatformApi, Read

NAME = "BigCommerce"
PAGE = 250  # the most that a list of v2 gives at once


class Api:
    """A store's API: ``https://api.bigcommerce.com/stores/<hash>`` and the token of an API account.

    Raises InvalidInput for an address that is none.
    """

    def __init__(self, url: str = "", token: str = "") -> None:
        if url:
            require_address("bigcommerce", "API_URL", url)
        before, _, store = url.rstrip("/").rpartition("/")
        # The hash of the store, where the address tells it.
        self.store = store if before.endswith("/stores") else None
        self._api = PlatformApi(NAME, url, {"X-Auth-Token": token}) if url and token else None

    def reading(self) -> AbstractContextManager[Read]:
        """Reads what one delivery needs. Raises what ``PlatformApi`` raises, and BackendUnreachable where it is not
        set: whichever it is, the delivery can be tried again.
        """
        if self._api is None:
            needed = " and ".join(setting_of("bigcommerce", name) for name in ("API_URL", "ACCESS_TOKEN"))
            raise BackendUnreachable(f"{NAME} cannot be asked", details=f"{needed} must be set")
        return self._api.reading()


def pages(read: Read, path: str) -> list[Any]:
    """The whole of a list of the v2 API."""
    found: list[Any] = []
    for page in range(1, 10):
        part = read(f"{path}?limit={PAGE}&page={page}") or []
        if not isinstance(part, list):
            raise MalformedAnswer("BigCommerce's answer is not a list", details=path)
        found += part
        if len(part) < PAGE:
            break
    return found
