"""What qualifies, as answered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from checkout_bridge.contract.qualifications import CAMPAIGN, STACK, TIER
from checkout_bridge.contract.vouchers import GIFT, LOYALTY
from checkout_bridge.engine.services import assignments, orders, resources, standing
from checkout_bridge.engine.services.checked import Told
from checkout_bridge.engine.services.evaluation import Tried
from checkout_bridge.engine.services.offers import Offer
from checkout_bridge.engine.services.unit import Unit

Row = dict[str, Any]
Body = dict[str, Any]


class Qualified:
    """Tells the offers of one request, in the detail that its ``options.expand`` asks for."""

    def __init__(self, unit: Unit, request: Mapping[str, Any], request_id: str) -> None:
        self._unit, self._request_id = unit, request_id
        self._expand: Sequence[str] = request.get("options", {}).get("expand", ())
        self._tells_locked = request.get("session", {}).get("type") == "LOCK"
        detail = ["order", *(name for name in self._expand if name == "redeemable")]
        self._request = {**request, "options": {"expand": detail}}

    def answers(self, offers: Sequence[Offer]) -> list[Body]:
        """One body for each, in their order."""
        assigned = self._assigned(offers)
        return [self._answer(offer, assigned) for offer in offers]

    def _assigned(self, offers: Sequence[Offer]) -> Mapping[str, list[Row]]:
        """The rule assignments of all of them and of their campaigns, where these are asked for."""
        if "validation_rules" not in self._expand:
            return {}
        found = [one.incentive for offer in offers for one in offer.tried if one.incentive is not None]
        ids = {id for incentive in found for id in (incentive.row["id"], incentive.row["campaign_id"]) if id}
        return assignments.of_each(self._unit, ids)

    def _answer(self, offer: Offer, assigned: Mapping[str, list[Row]]) -> Body:
        told = Told(offer.evaluation, self._request, self._request_id)
        bodies = [self._one(told, one, assigned) for one in offer.tried]
        if offer.candidate.object == STACK:
            return self._stack(offer, bodies)
        (body,) = bodies
        if offer.candidate.object == CAMPAIGN:
            body["created_at"] = offer.candidate.created_at
            if "redeemable" in self._expand and offer.thing is not None:
                body["name"] = offer.thing["name"]
                del body["campaign_id"], body["campaign_name"]
        return body

    def _one(self, told: Told, one: Tried, assigned: Mapping[str, list[Row]]) -> Body:
        row = one.row
        assert row is not None
        body: Body = {"id": None, "object": None, "created_at": row["created_at"]} | told.applicable(one)
        del body["status"]
        if row["type"] in (GIFT, LOYALTY):
            body["result"] = self._card(row)
        if "redeemable" in self._expand and one.sent["object"] == TIER:
            body["banner"] = row["tier"].get("banner")
        if "category" in self._expand:
            body.setdefault("categories", [])
        if "validation_rules" in self._expand:
            rows = [*assigned.get(row["id"], ()), *assigned.get(row["campaign_id"], ())]
            body["validation_rules_assignments"] = assignments.listed(rows)
        return body

    def _card(self, row: Row) -> Body:
        """What may be used of a card: its credits, or its points and how many there were in all."""
        available = standing.available_on(row)
        if row["type"] == LOYALTY:
            return {"loyalty_card": {"points": row["gift_amount"], "balance": available}}
        locked = {"locked_credits": row["locked_credits"]} if self._tells_locked else {}
        return {"gift": {"credits": available, **locked}}

    def _stack(self, offer: Offer, tiers: list[Body]) -> Body:
        """A promotion stack with its tiers, and the order after them all."""
        row, draft = offer.thing, offer.evaluation.draft
        assert row is not None
        body: Body = {"id": row["id"], "object": STACK, "created_at": row["created_at"], "result": {}}
        if draft is not None:
            end = offer.tried[-1].outcome.state
            calculated = orders.calculated(draft.told, end, offer.evaluation.start)
            body["order"] = {"metadata": {}, **calculated, "customer_id": None, "referrer_id": None}
        body |= {"metadata": row["body"].get("metadata", {}), "redeemables": tiers}
        if "redeemable" in self._expand:
            incentive = offer.tried[0].incentive
            campaign = incentive.campaign if incentive is not None else None
            body |= {"name": row["name"], "campaign_id": row["parent_id"]}
            body |= {"campaign_name": campaign["name"]} if campaign else {}
        return body | self._category(row)

    def _category(self, row: Row) -> Body:
        """That of a promotion stack."""
        category_id = row["body"].get("category_id")
        found = resources.by_ids(self._unit, resources.CATEGORY, [category_id] if category_id else [])
        categories = [resources.answer(category) for category in found.values()]
        return {"categories": categories} if categories or "category" in self._expand else {}
