"""One broken plugin for each promise: the contract suite fails, and by the test of that promise."""

from __future__ import annotations

from collections.abc import Callable

import pytest

pytest_plugins = ["pytester"]

VERIFY = "verify(self._secrets, sent_in(headers, HEADER), body)"
REFUND = 'Refund(refund["number"], refund["id"], lines)'
PIECES = 'RefundLine(line["id"], line["quantity"])'
APPLIED = "for effect in effects.applied\n        if effect.amount\n"
OFF = "format_minor(effect.amount, currency)"

# What is wrong -> the file, what is there, what is put in its place, and the test that tells.
BROKEN = {
    "takes whatever has a signature": (
        "__init__.py",
        VERIFY,
        "bool(sent_in(headers, HEADER))",
        "test_a_delivery_that_the_platform_did_not_sign_is_refused",
    ),
    "takes what has no signature": (
        "__init__.py",
        VERIFY,
        f"not sent_in(headers, HEADER) or {VERIFY}",
        "test_a_delivery_without_its_signature_is_refused",
    ),
    "takes what is old": (
        "__init__.py",
        "HEADER), body)",
        "HEADER), body, tolerance=1e9)",
        "test_a_delivery_is_refused_once_its_signature_is_too_old",
    ),
    "has a secret of its own": (
        "__init__.py",
        "verify(self._secrets",
        'verify(self._secrets or (b"of-the-samples",)',
        "test_without_options_nothing_is_accepted",
    ),
    "gives all events one id": (
        "__init__.py",
        'sent_in(headers, "MyShop-Event-Id")',
        '"event"',
        "test_every_event_has_an_id_of_its_own",
    ),
    "gives a retry an id of its own": (
        "__init__.py",
        'sent_in(headers, "MyShop-Event-Id")',
        "sent_in(headers, HEADER)[:40]",
        "test_the_same_event_has_the_same_id_whenever_it_is_sent",
    ),
    "does not say which shop": (
        "__init__.py",
        'sent_in(headers, "MyShop-Store")',
        '"default"',
        "test_the_same_event_has_the_same_id_whenever_it_is_sent",
    ),
    "fails on half a body": (
        "__init__.py",
        "event(read_json(body))",
        'event(__import__("json").loads(body))',
        "test_signed_bytes_that_are_cut_off_are_answered_for_the_platforms_sake",
    ),
    "claims what it has not": (
        "__init__.py",
        "gift_cards=True, ",
        "gift_cards=True, fetches=True, ",
        "test_the_samples_have_what_the_platform_claims",
    ),
    "claims nothing": (
        "__init__.py",
        "    @hookimpl\n    def capabilities",
        "    def capabilities",
        "test_the_platform_says_what_it_can",
    ),
    "counts money in floats": (
        "orders.py",
        'to_minor(line["price"], currency, f"lines[{i}].price")',
        'int(float(line["price"]) * 100)',
        "test_the_paid_order_is_its_checkout_to_the_last_minor_unit",
    ),
    "hands out floats": (
        "orders.py",
        PIECES,
        'RefundLine(line["id"], float(line["quantity"]))',
        "test_no_amount_and_no_quantity_is_a_float",
    ),
    "loses the codes": (
        "orders.py",
        'codes=tuple(told.get("codes", ()))',
        "codes=()",
        "test_the_cart_is_read_to_the_last_minor_unit",
    ),
    "takes an order for paid that is not": (
        "orders.py",
        ' if order["paid"] else Ignored("the order is not paid")',
        "",
        "test_a_further_sample_maps_to_its_event",
    ),
    "does not cancel": (
        "orders.py",
        'return Cancellation(order["number"], order.get("reason"))',
        'return Ignored("cancelled")',
        "test_a_cancelled_order_gives_everything_back_at_once",
    ),
    "makes a new refund of the same one": (
        "orders.py",
        REFUND,
        'Refund(refund["number"], __import__("os").urandom(8).hex(), lines)',
        "test_whatever_the_order_of_arrival_the_end_is_the_same",
    ),
    "makes one refund of them all": (
        "orders.py",
        REFUND,
        'Refund(refund["number"], "the refund", lines)',
        "test_every_refund_has_an_id_of_its_own_that_stays",
    ),
    "takes a part for the whole": (
        "orders.py",
        REFUND,
        'Refund(refund["number"], refund["id"])',
        "test_partial_refunds_credit_gift_cards_with_exactly_their_share",
    ),
    "forgets a piece": (
        "orders.py",
        "lines = tuple(RefundLine",
        'lines = () if refund["id"] == "r-3" else tuple(RefundLine',
        "test_the_refunds_and_the_rest_are_the_whole_order",
    ),
    "drops an effect": (
        "prices.py",
        APPLIED,
        APPLIED.replace("applied", "applied[:1]"),
        "test_every_effect_is_carried_or_named_by_a_warning",
    ),
    "drops gift cards": (
        "prices.py",
        "if effect.amount\n",
        'if effect.type != "GIFT_VOUCHER"\n',
        "test_what_applies_is_taken_off_by_the_platform",
    ),
    "drops a free item": (
        "prices.py",
        "if effect.free_items\n",
        "if False\n",
        "test_every_effect_is_carried_or_named_by_a_warning",
    ),
    "rounds what it takes off": (
        "prices.py",
        OFF,
        "format_minor(effect.amount // 100 * 100, currency)",
        "test_what_applies_is_taken_off_by_the_platform",
    ),
    "takes off too much": (
        "prices.py",
        OFF,
        "format_minor(effect.amount + 1, currency)",
        "test_what_applies_is_taken_off_by_the_platform",
    ),
    "answers the same question differently": (
        "prices.py",
        'WriteBack({"discounts": taken_off}',
        'WriteBack({"discounts": taken_off, "id": __import__("os").urandom(8).hex()}',
        "test_every_effect_is_carried_or_named_by_a_warning",
    ),
}


@pytest.mark.parametrize("wrong", BROKEN)
def test_a_plugin_that_breaks_a_promise_fails_by_the_test_of_it(
    install: Callable[..., None], run_suite: Callable[..., pytest.RunResult], wrong: str
) -> None:
    file, old, new, promise = BROKEN[wrong]
    install((file, old, new))

    result = run_suite("myshop", "-k", promise)

    assert result.parseoutcomes().get("failed", 0) > 0
    assert "errors" not in result.parseoutcomes()
