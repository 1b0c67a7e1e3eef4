"""What a customer could use on an order: candidates looked up a batch at a time, and each tried alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from checkout_bridge.contract.qualifications import CAMPAIGN, STACK, TIER
from checkout_bridge.contract.vouchers import GIFT, LOYALTY
from checkout_bridge.engine.pricing.stacking import StackingRules
from checkout_bridge.engine.services import redeemables, resources, standing, voucher_rows
from checkout_bridge.engine.services.evaluation import Evaluation, Tried, try_stack
from checkout_bridge.engine.services.orders import Draft
from checkout_bridge.engine.services.redeemables import Found
from checkout_bridge.engine.services.unit import Unit
from checkout_bridge.engine.store import campaigns as campaign_store
from checkout_bridge.engine.store import vouchers as voucher_store
from checkout_bridge.engine.store.qualifications import Candidate

Row = dict[str, Any]

# How many are looked up at once. They are tried one by one, as long as the asker wants more.
_BATCH = 100


@dataclass(frozen=True, slots=True)
class Offer:
    """A candidate that applies: what came of it (of a promotion stack, of each tier), and what it was tried in.

    ``number`` is its place among all candidates; ``thing`` is the row of a campaign or promotion stack.
    """

    number: int
    candidate: Candidate
    tried: Sequence[Tried]
    evaluation: Evaluation
    thing: Row | None = None

    @property
    def applied(self) -> int:
        """All that it takes off the order."""
        return sum(one.outcome.applied for one in self.tried)


@dataclass(frozen=True, slots=True)
class Question:
    """Who asks for what: the request, its order, and the names of rules that are not checked."""

    unit: Unit
    request: Mapping[str, Any]
    draft: Draft | None
    rules: StackingRules
    ignored: frozenset[str]


def offers(question: Question, candidates: Sequence[Candidate]) -> Iterator[Offer]:
    """Those that apply to the order as it is now, in the order of the candidates."""
    for start in range(0, len(candidates), _BATCH):
        yield from _tried(question, start, candidates[start : start + _BATCH])


@dataclass(frozen=True, slots=True)
class _Part:
    """What is tried of a candidate: a voucher's or tier's row, if it is still there, and its promotion stack's row."""

    number: int
    sent: Mapping[str, Any]
    row: Row | None
    stack: Row | None = None


def _tried(question: Question, start: int, batch: Sequence[Candidate]) -> Iterator[Offer]:
    unit, rules = question.unit, question.rules
    campaigns = campaign_store.by_ids(unit.connection, _ids(batch, CAMPAIGN))
    stacks = resources.by_ids(unit, resources.STACK, _ids(batch, STACK))
    parts = _parts(unit, batch, campaigns, stacks)
    context = redeemables.of_rows(
        unit,
        question.request,
        question.draft,
        [part.sent for part in parts],
        [part.row for part in parts],
        [part.stack["body"].get("category_id") if part.stack else None for part in parts],
        ignored=question.ignored,
    )
    evaluation = Evaluation(question.draft, context.start, (), context, rules)
    its: dict[int, list[Found]] = {}
    for part, found in zip(parts, context.found, strict=True):
        its.setdefault(part.number, []).append(_whole(found))
    for number, candidate in enumerate(batch):
        tried = try_stack(context, its.get(number, ()), rules)
        if tried and all(one.outcome.status == "APPLICABLE" for one in tried):
            thing = campaigns.get(candidate.id) or stacks.get(candidate.id)
            yield Offer(start + number, candidate, tried, evaluation, thing)


def _ids(batch: Sequence[Candidate], kind: str) -> set[str]:
    return {candidate.id for candidate in batch if candidate.object == kind}


def _parts(
    unit: Unit, batch: Sequence[Candidate], campaigns: Mapping[str, Row], stacks: Mapping[str, Row]
) -> list[_Part]:
    of_stacks = {id for row in stacks.values() for id in row["body"]["tiers"]["ids"]}
    ids = {candidate.id for candidate in batch if candidate.object not in (CAMPAIGN, STACK)} | of_stacks
    rows = {row["id"]: row for row in voucher_store.find_many(unit.connection, ids, now=unit.now)} if ids else {}
    parts: list[_Part] = []
    for number, (kind, id, _) in enumerate(batch):
        if kind == STACK and id in stacks:
            tiers = stacks[id]["body"]["tiers"]["ids"]
            parts += [_Part(number, {"object": TIER, "id": tier}, rows.get(tier), stacks[id]) for tier in tiers]
        elif kind == CAMPAIGN and id in campaigns:
            parts.append(_Part(number, {"object": kind, "id": id}, _like_its_vouchers(unit, campaigns[id])))
        elif id in rows:
            parts.append(_Part(number, {"object": kind, "id": rows[id]["code"]}, rows[id]))
    return parts


def _like_its_vouchers(unit: Unit, campaign: Row) -> Row:
    """A voucher of a campaign as it would be made now."""
    told = voucher_rows.like_its_campaign(campaign, {})
    # Its category is looked up with all the others.
    category_id = told.pop("category_id", None)
    row = voucher_rows.row_of(unit, told, campaign["id"])
    return row | {"code": campaign["name"], "category_id": category_id, "locked_quantity": 0, "locked_credits": 0}


def _whole(found: Found) -> Found:
    """A card with all that is on it; what a loyalty card's points are for is chosen later."""
    incentive = found.incentive
    if incentive is None or incentive.row["type"] not in (GIFT, LOYALTY):
        return found
    available = standing.available_on(incentive.row)
    name, unit = ("gift", "credits") if incentive.row["type"] == GIFT else ("reward", "points")
    sent = {**found.sent, name: {unit: available}}
    return Found(sent, replace(incentive, sent=sent))
