"""Rewards: what points of a loyalty card buy, in which campaigns, for how many points, and how many are left."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from checkout_bridge.engine.services import resources
from checkout_bridge.engine.services.unit import Unit
from checkout_bridge.engine.store import campaigns as campaign_store
from checkout_bridge.engine.store import resources as store
from checkout_bridge.errors import Conflict, InvalidInput, NotFound

Row = dict[str, Any]

_TYPES = {"coin": "COIN", "product": "MATERIAL", "campaign": "CAMPAIGN"}


@dataclass(frozen=True, slots=True)
class OfferedReward:
    """A reward and its assignment to a campaign.

    ``reward["body"]`` has ``type`` COIN with ``parameters.coin`` ``{exchange_ratio, points_ratio}``, or MATERIAL with
    ``parameters.product``; ``assignment["body"]`` has ``parameters.loyalty.points`` for MATERIAL.
    """

    reward: Row
    assignment: Row


def create(unit: Unit, request: Mapping[str, Any]) -> Row:
    """Keep a reward. Raises InvalidInput for a type that cannot be redeemed here."""
    kind = _type_of(request["parameters"])
    _check(request, kind)
    return resources.create(unit, resources.REWARD, {"redeemed": 0, **request, "type": kind})


def update(unit: Unit, reward_id: str, request: Mapping[str, Any]) -> Row:
    """Set what was sent; what is absent stays. Raises NotFound, and InvalidInput for another type."""
    row = resources.get(unit, resources.REWARD, reward_id, for_change=True)
    kind = row["body"]["type"]
    if "parameters" in request and _type_of(request["parameters"]) != kind:
        raise InvalidInput(f"Property .parameters must be those of a {kind} reward")
    _check(request, kind)
    return resources.change(unit, row, request)


def answer(row: Row) -> dict[str, Any]:
    """A reward as answered."""
    return {"stock": None, "metadata": {}, **resources.answer(row)}


def answer_assignment(row: Row) -> dict[str, Any]:
    """An assignment as answered."""
    answered = resources.answer(row) | {"reward_id": row["parent_id"], "related_object_type": "campaign"}
    return {name: value for name, value in answered.items() if name != "name"}


def assign(unit: Unit, reward_id: str, campaign: Row, request: Mapping[str, Any]) -> Row:
    """Let the cards of a loyalty campaign have a reward.

    Raises NotFound for the reward, InvalidInput without a price that it needs, Conflict when they have it already.
    """
    # Whoever else would assign it waits here, so that it is assigned once.
    reward = resources.get(unit, resources.REWARD, reward_id, for_change=True)
    if _assigned(unit, reward_id, campaign["id"]) is not None:
        raise Conflict(
            "Duplicated resource found",
            key="duplicate_found",
            details=f"Duplicated reward assignment exists for reward {reward_id} and campaign {campaign['id']}",
        )
    parameters = _priced(reward, request)
    told = {"related_object_id": campaign["id"], **({"parameters": parameters} if parameters else {})}
    return resources.create(unit, resources.REWARD_ASSIGNMENT, told, parent_id=reward_id)


def reassign(unit: Unit, assignment: Row, request: Mapping[str, Any]) -> Row:
    """Set what was sent of an assignment; what is absent stays."""
    reward = resources.get(unit, resources.REWARD, assignment["parent_id"])
    parameters = _priced(reward, {**assignment["body"], **request})
    return resources.change(unit, assignment, {"parameters": parameters} if parameters else {})


def unassign(unit: Unit, assignment: Row) -> None:
    """Take an assignment away."""
    store.remove(unit.connection, assignment["id"])


def assignment_of(unit: Unit, assignment_id: str, *, reward_id: str | None = None, campaign: Row | None = None) -> Row:
    """The assignment with this id, of that reward or campaign. Raises NotFound."""
    row = resources.find(unit, resources.REWARD_ASSIGNMENT, assignment_id)
    if (
        row is None
        or (reward_id is not None and row["parent_id"] != reward_id)
        or (campaign is not None and row["body"]["related_object_id"] != campaign["id"])
    ):
        raise NotFound.of(resources.REWARD_ASSIGNMENT, assignment_id)
    return row


def loyalty_campaign(unit: Unit, name: str) -> Row:
    """The loyalty campaign with this id or name. Raises NotFound."""
    row = campaign_store.find(unit.connection, name)
    if row is None or row["campaign_type"] != "LOYALTY_PROGRAM":
        raise NotFound.of("campaign", name)
    return row


def for_card(unit: Unit, reward_id: str, campaign_id: str) -> OfferedReward:
    """The reward as cards of a campaign have it. Raises NotFound when they do not."""
    reward = resources.find(unit, resources.REWARD, reward_id)
    assignment = _assigned(unit, reward_id, campaign_id)
    if reward is None or assignment is None:
        raise NotFound.of(resources.REWARD, reward_id)
    return OfferedReward(reward, assignment)


def take(unit: Unit, reward_id: str) -> bool:
    """Count one redemption of a reward; False when its stock is used up, and then nothing is counted.

    Raises NotFound.
    """
    row = resources.get(unit, resources.REWARD, reward_id, for_change=True)
    stock, redeemed = row["body"].get("stock"), row["body"]["redeemed"]
    if stock is not None and redeemed >= stock:
        return False
    store.change(unit.connection, reward_id, {"body": {**row["body"], "redeemed": redeemed + 1}})
    return True


def give_back(unit: Unit, reward_id: str) -> None:
    """Take one redemption of a reward back; of one that is gone there is nothing to count."""
    row = store.find(unit.connection, resources.REWARD, reward_id, for_change=True)
    if row is not None:
        redeemed = max(0, row["body"]["redeemed"] - 1)
        store.change(unit.connection, reward_id, {"body": {**row["body"], "redeemed": redeemed}})


def _type_of(parameters: Mapping[str, Any]) -> str:
    told = [kind for name, kind in _TYPES.items() if name in parameters]
    if len(told) != 1:
        raise InvalidInput("Property .parameters must have one of the properties: coin, product")
    return told[0]


def _check(request: Mapping[str, Any], kind: str) -> None:
    if "CAMPAIGN" in (kind, request.get("type")):
        raise InvalidInput("Property .type CAMPAIGN is not supported by this engine")
    if request.get("type", kind) != kind:
        raise InvalidInput(f"Property .type must be {kind}, as its parameters are")
    if kind == "COIN" and "stock" in request:
        raise InvalidInput("Property .stock is for MATERIAL rewards only")


def _priced(reward: Row, request: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The parameters of an assignment: a material reward has a price, for a coin one says the points oneself."""
    if request.get("validation_rules"):
        raise InvalidInput("Property .validation_rules is not supported by this engine")
    loyalty = (request.get("parameters") or {}).get("loyalty") or {}
    if loyalty.get("auto_redeem"):
        raise InvalidInput("Property .parameters.loyalty.auto_redeem is not supported by this engine")
    if reward["body"]["type"] == "MATERIAL" and "points" not in loyalty:
        raise InvalidInput("Property .parameters.loyalty should have required property 'points'")
    parameters: Mapping[str, Any] | None = request.get("parameters")
    return parameters


def _assigned(unit: Unit, reward_id: str, campaign_id: str) -> Row | None:
    kind = resources.REWARD_ASSIGNMENT
    rows, _ = store.page(unit.connection, kind, limit=1, page=1, parent_id=reward_id, campaign_id=campaign_id)
    return rows[0] if rows else None
