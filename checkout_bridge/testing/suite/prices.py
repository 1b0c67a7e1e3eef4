"""From cart to order to effects and back: what the platform takes off is what applies, or it is named."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from checkout_bridge.events import Cart, CartUpdate, Effect, Effects, FreeItem, WriteBack
from checkout_bridge.money import allocate, read_json
from checkout_bridge.testing.samples import Sample
from checkout_bridge.testing.store import Store

GIFT = "GIFT_VOUCHER"


@pytest.fixture(autouse=True)
def _carts(store: Store) -> None:
    if store.samples.cart is None:
        pytest.skip("prices_carts: the platform cannot be told what applies to a cart")


def _sample(store: Store) -> Sample:
    assert store.samples.cart is not None
    return store.samples.cart


def _ways(store: Store) -> dict[str, Cart]:
    """The cart of the samples as each way reads it: a delivery that asks, a door that is given it."""
    sample = _sample(store)
    carts: dict[str, Cart] = {}
    if "parse_cart" in store.platform.hooks:
        carts["quote"] = store.hooks.parse_cart(payload=read_json(sample.body))
    if store.platform.sends and store.identify(sample).asks:
        (asked,) = store.events(sample)
        assert isinstance(asked, CartUpdate), f"a delivery that asks must be a CartUpdate, not {asked}"
        carts["delivery"] = asked.cart
    assert carts, "neither does `parse_cart` read the cart, nor is it a delivery that asks"
    return carts


def _cart(store: Store) -> Cart:
    return next(iter(_ways(store).values()))


def _ask(store: Store, way: str) -> Any:
    """What the platform is answered."""
    sample = _sample(store)
    if way == "delivery":
        return store.tell(sample)
    where = json.dumps({"platform": store.platform.name, "shop": store.samples.shop}).encode()[1:]
    answer = store.post("/bridge/quote", b'{"cart": ' + sample.body + b", " + where)
    return answer["write_back"] if "write_back" in store.platform.hooks else answer


def _after(store: Store, answer: Any) -> int:
    sample = _sample(store)
    assert store.samples.total_after is not None, "the samples have no `total_after`"
    body = json.loads(sample.body) if isinstance(sample.payload, bytes) else sample.payload
    return store.samples.total_after(body, answer)


def _written(store: Store, effects: Effects) -> WriteBack | None:
    """What the hook makes of effects: the same each time, and JSON."""
    written: WriteBack | None = store.hooks.write_back(effects=effects)
    assert written == store.hooks.write_back(effects=effects), "write_back is not pure: the second answer differs"
    if written is not None:
        json.dumps(written.body, allow_nan=False)
        for warning in written.warnings:
            assert warning.name, f"a warning has no name: {warning}"
            assert warning.message, f"a warning has no message: {warning}"
            assert warning.code in [effect.code for effect in effects.applied], f"{warning} is of no code that applies"
    return written


def _check(store: Store, effects: Effects, answer: Any, written: WriteBack | None) -> None:
    """Every minor unit that applies is taken off, but for effects that a warning names; never more."""
    warned = {warning.code for warning in written.warnings} if written else set()
    all_off = effects.cart.total - effects.total
    must = all_off - sum(effect.amount for effect in effects.applied if effect.code in warned)
    off = effects.cart.total - _after(store, answer)
    assert must <= off <= all_off, (
        f"{all_off} apply, {off} are taken off, and the warnings name only {sorted(warned) or 'nothing'}"
    )


def test_the_cart_is_read_to_the_last_minor_unit(store: Store) -> None:
    for way, cart in _ways(store).items():
        assert cart.total == store.samples.cart_total, f"by {way} the cart comes to {cart.total}"
        assert store.samples.code in cart.codes, f"by {way} the code is not in the cart"


VOUCHERS: Mapping[str, Callable[[Store, str, int], None]] = {
    "nothing": lambda store, code, total: None,
    "percent coupon": lambda store, code, total: store.coupon(code, type="PERCENT", percent_off=12.5),
    "amount coupon": lambda store, code, total: store.coupon(code, type="AMOUNT", amount_off=total // 7 + 1),
    "coupon of all": lambda store, code, total: store.coupon(code, type="AMOUNT", amount_off=total),
    "gift card under the code": lambda store, code, total: store.gift_card(code, total // 3),
}


@pytest.mark.parametrize("voucher", [*VOUCHERS, "gift card"])
def test_what_applies_is_taken_off_by_the_platform(store: Store, voucher: str) -> None:
    ways, code = _ways(store), store.samples.code
    if voucher == "gift card":
        card = store.samples.gift_card
        if card not in [one.code for cart in ways.values() for one in cart.gift_cards]:
            pytest.skip("gift_cards: the platform's cart carries none")
        assert card is not None
        store.gift_card(card, _cart(store).total // 3)
        store.coupon(code, type="PERCENT", percent_off=10)
    else:
        VOUCHERS[voucher](store, code, _cart(store).total)

    for way, cart in ways.items():
        effects = store.effects(cart)
        written = _written(store, effects)
        answer = _ask(store, way)
        if written is not None:
            assert answer == json.loads(json.dumps(written.body)), f"by {way} another body is answered"
        _check(store, effects, answer, written)
        if voucher != "nothing":
            assert effects.total < cart.total, "the voucher did not apply: nothing was tried"


def _effect(cart: Cart, code: str, amount: int, **more: Any) -> Effect:
    parts = allocate(amount, [line.amount for line in cart.lines])
    by_line = {line.line_id: part for line, part in zip(cart.lines, parts, strict=True)}
    return Effect(code, more.pop("type", "DISCOUNT_VOUCHER"), amount, by_line, **more)


def _one_line(cart: Cart, code: str) -> Effect:
    dearest = max(cart.lines, key=lambda line: line.amount)
    amount = dearest.amount // 2
    by_line = {line.line_id: amount if line is dearest else 0 for line in cart.lines}
    return Effect(code, "DISCOUNT_VOUCHER", amount, by_line)


FREE = (FreeItem(2, sku="GIFT-SKU", value=500),)
COMBINATIONS: Mapping[str, Callable[[Cart], tuple[Effect, ...]]] = {
    "nothing": lambda cart: (),
    "one line": lambda cart: (_one_line(cart, "ONE"),),
    "two codes": lambda cart: (_effect(cart, "A", cart.total // 3), _effect(cart, "B", cart.total // 7)),
    "five codes": lambda cart: tuple(_effect(cart, f"C{i}", cart.total // 11) for i in range(5)),
    "all by two": lambda cart: (_effect(cart, "A", cart.total // 3), _effect(cart, "B", cart.total - cart.total // 3)),
    "a minor unit": lambda cart: (_effect(cart, "A", 1),),
    "code and card": lambda cart: (_effect(cart, "A", cart.total // 3), _effect(cart, "G", cart.total // 5, type=GIFT)),
    "free item": lambda cart: (_effect(cart, "F", 0, free_items=FREE),),
    "amount and free item": lambda cart: (_effect(cart, "F", cart.total // 9, free_items=FREE),),
}


@pytest.mark.parametrize("combination", COMBINATIONS)
def test_every_effect_is_carried_or_named_by_a_warning(store: Store, combination: str) -> None:
    if "write_back" not in store.platform.hooks:
        pytest.skip("write_back: the platform has no terms of its own for what applies")
    cart = _cart(store)
    applied = COMBINATIONS[combination](cart)
    effects = Effects(cart, applied, (), cart.total - sum(effect.amount for effect in applied))

    written = _written(store, effects)

    assert written is not None, "write_back gives nothing"
    _check(store, effects, json.loads(json.dumps(written.body)), written)
    if any(effect.free_items for effect in applied) and not store.platform.capabilities.free_items:
        assert "F" in [warning.code for warning in written.warnings], "the free item is dropped without a warning"
    if not applied:
        assert written.warnings == ()
