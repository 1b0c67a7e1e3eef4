"""What a checkout, and the shop it is of, are known by."""

from __future__ import annotations

import secrets
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Source:
    """Which shop of which platform a cart or an order is of."""

    platform: str
    shop: str

    def metadata(self) -> dict[str, str]:
        """What the order upstream is told of it."""
        return {"platform": self.platform, "shop": self.shop}


def new_checkout_id() -> str:
    """The id that a checkout has before its shop has given it an order reference."""
    return "chk_" + secrets.token_hex(12)
