"""PrestaShop's webservice, as far as an order whose cart rules were posted without their codes needs it."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from checkout_bridge.errors import InvalidInput, MalformedAnswer
from checkout_bridge.platform_api import PlatformApi, not_known


class Webservice:
    """Reads with a webservice key. Raises what ``PlatformApi`` raises."""

    def __init__(self, address: str, key: str) -> None:
        basic = b64encode(f"{key}:".encode()).decode()
        self._api = PlatformApi("PrestaShop", f"{address.rstrip('/')}/api", {"Authorization": f"Basic {basic}"})

    def codes_of(self, ids: Sequence[str]) -> Mapping[str, str]:
        """The codes of these cart rules by their ids; empty for one that applied by itself."""
        if not all(one.isascii() and one.isdecimal() for one in ids):
            raise InvalidInput("Property .order_cart_rules must have numbers as ids")
        asked = {"output_format": "JSON", "display": "[id,code]", "filter[id]": f"[{'|'.join(ids)}]"}
        codes = _codes_in(self._api.get(f"/cart_rules?{urlencode(asked)}"))
        if gone := sorted(set(ids) - set(codes)):
            raise not_known("PrestaShop", f"cart rule {', '.join(gone)}")
        return codes


def _codes_in(answer: Any) -> dict[str, str]:
    """``{cart_rules: [{id, code}]}``; where there are none, PrestaShop answers ``[]``."""
    try:
        rules = answer["cart_rules"] if answer != [] else []
        return {str(rule["id"]): str(rule.get("code") or "") for rule in rules}
    except (TypeError, KeyError, AttributeError):
        raise MalformedAnswer("PrestaShop's answer is not a list of cart rules") from None
