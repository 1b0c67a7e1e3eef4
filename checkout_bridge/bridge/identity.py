"""What a checkout, and the shop it is of, are known by."""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass

# The ids of most platforms, as they are; others by a digest, since what is known upstream must be short.
_PLAIN = re.compile(r"[A-Za-z0-9._:#/-]{1,80}")


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


def new_refund_id(order_ref: str) -> str:
    """The id of a refund that its shop has given none: every request that succeeds is a refund of its own."""
    return f"{order_ref[:200]}:{secrets.token_hex(8)}"


def credit_source(source_id: str, refund_id: str, position: int) -> str:
    """What a movement on a card is known by upstream; the end of the order is named ``final``."""
    if not refund_id:
        name = "final"
    elif refund_id != "final" and _PLAIN.fullmatch(refund_id):
        name = refund_id
    else:
        name = "~" + hashlib.sha256(refund_id.encode()).hexdigest()[:40]
    return f"{source_id}:{name}:{position}"
