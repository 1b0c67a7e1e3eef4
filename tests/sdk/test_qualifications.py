"""The published Python SDK asks what qualifies, page by page as its own guide says, and decodes the answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from voucherify import ApiClient

voucherify = pytest.importorskip("voucherify", reason="the published SDK is not installed")


def qualify(sdk: ApiClient, **request: Any) -> Any:
    body = {"order": {"amount": 1000}, "customer": {"source_id": "ann"}, **request}
    asked = voucherify.QualificationsCheckEligibilityRequestBody.from_dict(body)
    return voucherify.QualificationsApi(sdk).check_eligibility(asked).redeemables


def test_pages_follow_one_another_and_all_is_decoded(sdk: ApiClient) -> None:
    action = {"discount": {"type": "AMOUNT", "amount_off": 100}}
    tiers = [{"name": f"T{number}", "action": action} for number in range(3)]
    campaign = {"name": "Sale", "campaign_type": "PROMOTION", "promotion": {"tiers": tiers}}
    voucherify.CampaignsApi(sdk).create_campaign(voucherify.CampaignsCreateRequestBody.from_dict(campaign))
    gift = {"type": "GIFT_VOUCHER", "gift": {"amount": 500}}
    request = voucherify.VouchersCreateWithSpecificCodeRequestBody.from_dict(gift)
    voucherify.VouchersApi(sdk).create_voucher("GIFT", request)

    pages = [qualify(sdk, options={"limit": 2, "expand": ["redeemable"]})]
    pages.append(qualify(sdk, options={"limit": 2, "starting_after": pages[0].data[-1].created_at.isoformat()}))
    best = qualify(sdk, options={"limit": 1, "sorting_rule": "BEST_DEAL"})

    seen = [one for page in pages for one in page.data]
    assert [page.has_more for page in pages] == [True, False]
    assert len({one.id for one in seen}) == 4
    assert seen[0].result.gift.credits == seen[0].order.total_applied_discount_amount == 500
    assert (seen[1].name, seen[1].campaign_name) == ("T2", "Sale")
    assert seen[2].result.discount.amount_off == 100
    assert [one.id for one in best.data] == ["GIFT"]
