"""The published Python SDK drives the engine over HTTP: what it sends is understood, what it gets it decodes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from voucherify import ApiClient

voucherify = pytest.importorskip("voucherify", reason="the published SDK is not installed")


def create(sdk: ApiClient, code: str, **properties: Any) -> Any:
    """Create a voucher with this code."""
    request = voucherify.VouchersCreateWithSpecificCodeRequestBody.from_dict(properties)
    return voucherify.VouchersApi(sdk).create_voucher(code, request)


def coupon(sdk: ApiClient, code: str, percent_off: float) -> Any:
    return create(sdk, code, type="DISCOUNT_VOUCHER", discount={"type": "PERCENT", "percent_off": percent_off})


def gift_card(sdk: ApiClient, code: str, amount: int) -> Any:
    return create(sdk, code, type="GIFT_VOUCHER", gift={"amount": amount, "balance": amount})


def stack(*codes: str, **more: Any) -> dict[str, Any]:
    """The body of a validation or redemption of these codes on an order of 200000."""
    item = {"source_id": "shirt", "related_object": "product", "quantity": 2, "price": 100_000}
    return {
        "redeemables": [{"object": "voucher", "id": code} for code in codes],
        "order": {"source_id": "cart-1", "items": [item]},
        "customer": {"source_id": "ann", "name": "Ann"},
        **more,
    }


def redeem(sdk: ApiClient, *codes: str, **more: Any) -> Any:
    request = voucherify.RedemptionsRedeemRequestBody.from_dict(stack(*codes, **more))
    return voucherify.RedemptionsApi(sdk).redeem_stacked_discounts(request)


def validate(sdk: ApiClient, *codes: str, **more: Any) -> Any:
    request = voucherify.ValidationsValidateRequestBody.from_dict(stack(*codes, **more))
    return voucherify.ValidationsApi(sdk).validate_stacked_discounts(request)


def test_vouchers_are_made_found_and_listed(sdk: ApiClient) -> None:
    vouchers = voucherify.VouchersApi(sdk)
    made = coupon(sdk, "TWENTY", 12.5)
    amount_off = {"type": "DISCOUNT_VOUCHER", "discount": {"type": "AMOUNT", "amount_off": 500}}
    random = vouchers.generate_random_code(voucherify.VouchersCreateRequestBody.from_dict(amount_off))
    card = gift_card(sdk, "GIFT", 100)

    assert made.discount.percent_off == vouchers.get_voucher("TWENTY").discount.percent_off == 12.5
    assert made.created_at.tzinfo is not None
    assert random.discount.amount_off == 500
    assert (card.gift.amount, card.gift.balance) == (100, 100)
    listed = vouchers.list_vouchers(limit=10)
    assert listed.total == 3
    assert [voucher.code for voucher in listed.vouchers] == ["GIFT", random.code, "TWENTY"]


def test_a_voucher_is_switched_changed_and_deleted(sdk: ApiClient) -> None:
    vouchers = voucherify.VouchersApi(sdk)
    coupon(sdk, "TWENTY", 20)

    assert vouchers.disable_voucher("TWENTY").active is False
    assert vouchers.enable_voucher("TWENTY").active is True
    changes = voucherify.VouchersUpdateRequestBody.from_dict({"metadata": {"team": "web"}})
    assert vouchers.update_voucher("TWENTY", changes).metadata == {"team": "web"}
    vouchers.delete_voucher("TWENTY")
    with pytest.raises(voucherify.exceptions.NotFoundException, match="Cannot find voucher with id TWENTY"):
        vouchers.get_voucher("TWENTY")


def test_a_validation_tells_what_would_apply(sdk: ApiClient) -> None:
    gift_card(sdk, "GIFT", 100)
    coupon(sdk, "TWENTY", 20)

    answer = validate(sdk, "GIFT", "TWENTY", session={"type": "LOCK"})

    assert answer.valid is True
    gift, discount = answer.redeemables
    assert gift.result.gift.credits == 100
    assert discount.result.discount.percent_off == 20
    assert discount.result.discount.effect == "APPLY_TO_ORDER"
    assert discount.order.total_amount == answer.order.total_amount == 159_920
    assert answer.stacking_rules.applicable_redeemables_limit == 5
    assert answer.session.key.startswith("ssn_")
    assert answer.inapplicable_redeemables is None
    voucherify.VouchersApi(sdk).release_validation_session("GIFT", answer.session.key)


def test_a_validation_tells_why_not(sdk: ApiClient) -> None:
    answer = validate(sdk, "NONE")

    assert answer.valid is False
    assert answer.order is None
    (fault,) = answer.inapplicable_redeemables
    assert (fault.result.error.code, fault.result.error.key) == (404, "not_found")


def test_two_vouchers_are_redeemed_and_given_back(sdk: ApiClient) -> None:
    redemptions, orders = voucherify.RedemptionsApi(sdk), voucherify.OrdersApi(sdk)
    vouchers = voucherify.VouchersApi(sdk)
    gift_card(sdk, "GIFT", 100)
    coupon(sdk, "TWENTY", 20)

    redeemed = redeem(sdk, "GIFT", "TWENTY")

    parent = redeemed.parent_redemption
    assert [child.redemption for child in redeemed.redemptions] == [parent.id, parent.id]
    assert [child.order.applied_discount_amount for child in redeemed.redemptions] == [100, 39_980]
    assert redeemed.redemptions[0].amount == 100
    assert redeemed.redemptions[0].customer.name == "Ann"
    order = orders.get_order("cart-1")
    assert (order.status, order.total_amount) == ("PAID", 159_920)
    assert order.items[0].subtotal_amount == 200_000
    assert order.redemptions[parent.id]["stacked"] == [child.id for child in redeemed.redemptions]
    assert redemptions.get_redemption(parent.id).status == "SUCCEEDED"
    assert vouchers.get_voucher("GIFT").gift.balance == 0

    undone = redemptions.rollback_stacked_redemptions(parent.id, reason="changed their mind")

    assert [one.redemption for one in undone.rollbacks] == [child.id for child in redeemed.redemptions]
    assert undone.rollbacks[0].amount == -100
    assert undone.parent_rollback.reason == "changed their mind"
    assert (undone.order.status, undone.order.total_amount) == ("CANCELED", 200_000)
    assert redemptions.get_redemption(parent.id).status == "ROLLED_BACK"
    assert vouchers.get_voucher("GIFT").gift.balance == 100
    assert vouchers.get_voucher("TWENTY").redemption.redeemed_quantity == 0
    movements = vouchers.list_voucher_transactions("GIFT").data
    assert [movement.type for movement in movements] == ["CREDITS_REFUND", "CREDITS_REDEMPTION"]
    assert redemptions.get_voucher_redemptions("GIFT").total == 2


def test_one_redemption_is_given_back(sdk: ApiClient) -> None:
    redemptions = voucherify.RedemptionsApi(sdk)
    coupon(sdk, "TWENTY", 20)
    redeemed = redeem(sdk, "TWENTY")
    assert redeemed.parent_redemption is None

    undone = redemptions.rollback_redemption(redeemed.redemptions[0].id)

    assert (undone.result, undone.order.total_amount) == ("SUCCESS", 200_000)
    with pytest.raises(voucherify.exceptions.BadRequestException, match="already_rolled_back"):
        redemptions.rollback_redemption(redeemed.redemptions[0].id)


def test_a_balance_is_changed(sdk: ApiClient) -> None:
    gift_card(sdk, "GIFT", 100)
    request = voucherify.VouchersBalanceUpdateRequestBody.from_dict({"amount": 50, "source_id": "refund-1"})

    for _ in range(2):
        answer = voucherify.VouchersApi(sdk).update_voucher_balance("GIFT", request)
        assert (answer.amount, answer.total, answer.balance) == (50, 150, 150)


def test_orders_and_customers_are_kept(sdk: ApiClient) -> None:
    orders, customers = voucherify.OrdersApi(sdk), voucherify.CustomersApi(sdk)
    sent = {"source_id": "cart-2", "amount": 5, "customer": {"source_id": "bob"}}
    made = orders.create_order(voucherify.OrdersCreateRequestBody.from_dict(sent))
    paid = orders.update_order("cart-2", voucherify.OrdersUpdateRequestBody.from_dict({"status": "PAID"}))

    assert (paid.id, paid.status, paid.amount) == (made.id, "PAID", 5)
    assert customers.get_customer("bob").id == made.customer_id
    named = customers.create_customer(
        voucherify.CustomersCreateRequestBody.from_dict({"source_id": "bob", "name": "Bob"})
    )
    assert (named.id, named.name) == (made.customer_id, "Bob")


def test_wrong_keys_are_refused(sdk: ApiClient) -> None:
    sdk.configuration.api_key["X-App-Token"] = "wrong"

    with pytest.raises(voucherify.exceptions.UnauthorizedException):
        voucherify.VouchersApi(sdk).list_vouchers()
