"""Carts into the promotions API's words, and its answers into the facts that the ledger keeps."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from checkout_bridge.contract.errors import load
from checkout_bridge.contract.orders import OrderRequest
from checkout_bridge.contract.validations import StackRequest
from checkout_bridge.errors import MalformedAnswer
from checkout_bridge.events import Cart, Customer, GiftCard, Line
from checkout_bridge.money import allocate

# What is paid with: its credits or points go back bit by bit, while a coupon stays used until its order ends.
CARDS = ("GIFT_VOUCHER", "LOYALTY_CARD")
_STACK = StackRequest()
_ORDER = OrderRequest()


@dataclass(frozen=True, slots=True)
class Applied:
    """One redeemable that was redeemed. ``amount`` and ``allocations`` (by line id) are in minor units.

    ``credits`` is what went off a card, in its own units: minor units, or points; None for what is no card.
    """

    code: str
    type: str
    redemption_id: str
    amount: int
    allocations: Mapping[str, int]
    credits: int | None


def fingerprint(cart: Cart) -> str:
    """The same for the same cart."""
    told = asdict(cart)
    for line in told["lines"]:
        if line["exact_amount"] is None:
            del line["exact_amount"]  # carts that were kept before it was known have to stay the same
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def order_payload(cart: Cart, *, source_id: str | None, metadata: Mapping[str, str]) -> dict[str, Any]:
    """The order of a cart, validated by the contract. Amounts are integer minor units."""
    return load(_ORDER, _order(cart, source_id, metadata))


def _order(cart: Cart, source_id: str | None, metadata: Mapping[str, str]) -> dict[str, Any]:
    order: dict[str, Any] = {
        "amount": cart.total,
        "items": [_item(line) for line in cart.lines],
        "metadata": dict(metadata),
    }
    if source_id is not None:
        order["source_id"] = source_id
    if customer := _customer(cart):
        order["customer"] = customer
    return order


def stack_payload(
    cart: Cart,
    *,
    source_id: str | None,
    metadata: Mapping[str, str],
    without: Sequence[str] = (),
    session: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The validation or redemption of a cart, validated by the contract; redeemables in ``without`` are left out."""
    redeemables: list[dict[str, Any]] = [{"object": "voucher", "id": code} for code in cart.codes]
    for card in cart.gift_cards:
        gift = {"gift": {"credits": card.amount}} if card.amount is not None else {}
        redeemables.append({"object": "voucher", "id": card.code, **gift})
    payload: dict[str, Any] = {
        "redeemables": [item for item in redeemables if item["id"] not in without],
        "order": _order(cart, source_id, metadata),
        "options": {"expand": ["order"]},
    }
    if customer := _customer(cart):
        payload["customer"] = customer
    if session is not None:
        payload["session"] = dict(session)
    return load(_STACK, payload)


def applied_by(cart: Cart, answer: Mapping[str, Any]) -> list[Applied]:
    """What a redemption answer says was applied, each on the lines it was about, or spread over all in
    proportion to what was left of them.

    Raises MalformedAnswer when the answer does not tell.
    """
    try:
        redemptions = answer["redemptions"]
        left = [line.amount for line in cart.lines]
        return [_applied(cart, redemption, left) for redemption in redemptions]
    except (KeyError, TypeError, IndexError) as error:
        raise MalformedAnswer(f"the redemption answer lacks {error}") from None


def _applied(cart: Cart, redemption: Mapping[str, Any], left: list[int]) -> Applied:
    voucher, order = redemption["voucher"], redemption.get("order") or {}
    amount = int(order.get("total_applied_discount_amount", redemption.get("amount") or 0))
    own = _own_shares(order, left)
    on_order = amount - int(order.get("items_applied_discount_amount") or 0)
    left[:] = [value - part for value, part in zip(left, own, strict=True)]
    shares = allocate(max(0, min(on_order, sum(left))), left)
    left[:] = [value - part for value, part in zip(left, shares, strict=True)]
    parts = [part + share for part, share in zip(own, shares, strict=True)]
    by_line = {line.line_id: part for line, part in zip(cart.lines, parts, strict=True)}
    credits = int(redemption.get("amount") or amount) if voucher["type"] in CARDS else None
    return Applied(voucher["code"], voucher["type"], redemption["id"], amount, by_line, credits)


def _own_shares(order: Mapping[str, Any], left: list[int]) -> list[int]:
    """What an incentive on lines took off each; lines that it added are not the cart's."""
    items = order.get("items") or ()
    taken = [int(item.get("applied_discount_amount") or 0) for item in items[: len(left)]]
    taken += [0] * (len(left) - len(taken))
    return [min(part, value) for part, value in zip(taken, left, strict=True)]


def rejected_by(answer: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The redeemables that a validation found not to apply, or skipped for a limit: ``{code, key, message}``.

    The message is the merchant's own where there is one, with the numbers where they are told. Those skipped only
    because an earlier one failed are not named: nothing is known of them yet.
    """
    rejected = []
    for item in [*answer.get("inapplicable_redeemables", ()), *answer.get("skipped_redeemables", ())]:
        result = item.get("result") or {}
        told = {**(result.get("error") or {}), **(result.get("details") or {})}
        if told.get("key") != "preceding_validation_failed":
            words = [told.get("message") or "does not apply", told.get("reason")]
            message = ": ".join(word for word in words if word)
            rejected.append({"code": item["id"], "key": told.get("key") or "rejected", "message": message})
    return rejected


def cart_facts(cart: Cart) -> dict[str, Any]:
    """What the ledger keeps of a cart: its money and its lines, nothing of the person but the shop's own id."""
    return {
        "currency": cart.currency,
        "lines": [asdict(line) for line in cart.lines],
        "codes": list(cart.codes),
        "gift_cards": [asdict(card) for card in cart.gift_cards],
        "customer_id": cart.customer.id if cart.customer else None,
    }


def cart_of(facts: Mapping[str, Any]) -> Cart:
    """The cart that was kept, as far as allocations need it."""
    return Cart(facts["currency"], tuple(Line(**line) for line in facts["lines"]))


def whole_cart_of(facts: Mapping[str, Any]) -> Cart:
    """The cart that was kept, to redeem it once more; of the customer there is the shop's own id."""
    customer = Customer(id=facts["customer_id"]) if facts["customer_id"] else None
    cards = tuple(GiftCard(**card) for card in facts["gift_cards"])
    return replace(cart_of(facts), customer=customer, codes=tuple(facts["codes"]), gift_cards=cards)


def _item(line: Line) -> dict[str, Any]:
    item: dict[str, Any] = {
        "source_id": line.sku or line.product_id or line.line_id,
        "related_object": "product" if line.product_id and not line.sku else "sku",
        "quantity": line.quantity,
        "price": line.unit_price,
        "amount": line.amount,
    }
    if line.name:
        item["product"] = {"name": line.name}
    return item


def _customer(cart: Cart) -> dict[str, Any] | None:
    """Known by the shop's own id, else by e-mail, so that the next order finds the same customer."""
    customer = cart.customer
    if customer is None or not (customer.id or customer.email):
        return None
    named = {"source_id": customer.id or customer.email, "email": customer.email, "name": customer.name}
    return {name: value for name, value in named.items() if value}
