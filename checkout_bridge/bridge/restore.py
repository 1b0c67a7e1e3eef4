"""What is given back when something happens to an order: the default, what is set, what the platform's plugin says."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, get_args

from checkout_bridge.bridge.mapping import CARDS
from checkout_bridge.events import Kind, Occasion, Restoring

Row = dict[str, Any]
Rules = Mapping[tuple[Occasion, Kind], Restoring]
# (platform, order reference, occasion, kind) -> what its plugin says, if anything
Ask = Callable[[str, str, Occasion, Kind], Restoring | None]

_KINDS: Mapping[str, Kind] = {
    "GIFT_VOUCHER": "gift_card",
    "LOYALTY_CARD": "points",
    "PROMOTION_TIER": "promotion",
}

# Everything goes back when an order does not stand; a part of it leaves discounts used; and what a dispute is about has
# been consumed: a person may decide otherwise.
DEFAULTS: Rules = {
    **{(occasion, kind): "restore" for occasion in get_args(Occasion) for kind in get_args(Kind)},
    ("partial_refund", "coupon"): "full_only",
    ("partial_refund", "promotion"): "full_only",
    **{("chargeback", kind): "keep" for kind in get_args(Kind)},
}


def kind_of(type: str) -> Kind:
    """The kind of redeemable behind a type of voucher."""
    return _KINDS.get(type, "coupon")


class RestorePolicy:
    """Asks the plugin, then what is set, then the default."""

    def __init__(self, rules: Rules, ask: Ask) -> None:
        self._rules = {**DEFAULTS, **rules}
        self._ask = ask

    def says(self, row: Row, occasion: Occasion, part: Row) -> Restoring:
        """What becomes of one redeemable."""
        kind = kind_of(part["type"])
        ref = row["order_ref"] or row["id"]
        return self._ask(row["platform"], ref, occasion, kind) or self._rules[occasion, kind]

    def kept(
        self, row: Row, parts: Sequence[Row], occasion: Occasion | None, *, after_parts: bool = False
    ) -> list[int]:
        """The positions of what is not given back when an order ends; without an occasion nothing is kept.

        With ``after_parts`` refunds of parts came before: what those let nobody have back stays used. Discounts share
        one rollback: they are kept only if all of them are.
        """
        if occasion is None:
            return []
        said = {part["position"]: self.says(row, occasion, part) for part in parts}
        discounts = [part for part in parts if part["type"] not in CARDS]
        if after_parts:
            said |= {part["position"]: "keep" for part in discounts if self.says(row, "partial_refund", part) == "keep"}
        kept = [position for position, restoring in said.items() if restoring == "keep"]
        if not all(part["position"] in kept for part in discounts):
            kept = [position for position in kept if position not in {part["position"] for part in discounts}]
        return kept
