"""Why a redeemable does not apply: the contract's error, the merchant's own word for it, and the numbers."""

from __future__ import annotations

from typing import Any

from checkout_bridge.engine.store.vouchers import TIER
from checkout_bridge.errors import RequestError

Row = dict[str, Any]


class Fault(RequestError):
    """``told`` is the merchant's own message; ``reason`` has the numbers: ``needs 50.00, cart has 42.10``."""

    def __init__(self, message: str, *, told: str | None = None, reason: str | None = None, **facts: Any) -> None:
        super().__init__(message, **facts)
        self.told, self.reason = told, reason

    def to_dict(self, request_id: str | None = None) -> dict[str, Any]:
        """The error body of the contract, ``error.message`` when the merchant wrote one, and ``reason``."""
        body = super().to_dict(request_id)
        if self.told:
            body["error"] = {"message": self.told}
        return body | ({"reason": self.reason} if self.reason else {})


def of_voucher(row: Row, key: str, message: str, reason: str | None = None) -> Fault:
    """A fault of a voucher or promotion tier; its details are its code."""
    kind = "promotion_tier" if row["type"] == TIER else "voucher"
    return Fault(message, key=key, details=row["code"], resource_id=row["id"], resource_type=kind, reason=reason)


def money(minor: int) -> str:
    """An amount as people write it: two decimals, since the contract counts in hundredths whatever the currency."""
    return f"{'-' if minor < 0 else ''}{abs(minor) // 100}.{abs(minor) % 100:02}"
