"""Qualifications: what would apply to an order, each redeemable alone. Nothing is written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from checkout_bridge.contract import qualifications as contract
from checkout_bridge.engine.services import customers, filters, orders, stacking
from checkout_bridge.engine.services.offers import Offer, Question, offers
from checkout_bridge.engine.services.offers_of_products import is_about_items
from checkout_bridge.engine.services.orders import Draft
from checkout_bridge.engine.services.qualified import Qualified
from checkout_bridge.engine.services.rule_bodies import ITEM_NAMES
from checkout_bridge.engine.services.rule_names import NAMES
from checkout_bridge.engine.services.unit import Unit
from checkout_bridge.engine.store import customers as customer_store
from checkout_bridge.engine.store import qualifications as store
from checkout_bridge.engine.store.qualifications import Candidate, Wanted
from checkout_bridge.errors import InvalidInput

Row = dict[str, Any]

# How many candidates one request looks at.
MOST_TRIED = 2000
# Limits that only a redemption is held to.
_BUDGETS = ("campaign.orders.", "campaign.redemptions.count", "redemption.count.per_customer")
# Cards are worth what their reward says, which is chosen when they are redeemed.
_OF_REWARDS = "redemption.reward."
_EVERY_NAME = frozenset((*NAMES, *ITEM_NAMES))
# A time is kept in milliseconds; what is left of a cursor's microseconds counts those of one time.
_MOST_OF_ONE_TIME = 999

# What is shown, and where to go on, if there may be more.
_Page = tuple[list[Offer], str | None]


def qualify(unit: Unit, request: Mapping[str, Any], *, request_id: str, in_public: bool = False) -> dict[str, Any]:
    """A page of what applies, newest first or by what it takes off.

    ``in_public``: whoever asks is not known for sure, so that gift cards that nobody holds are not told.
    Raises InvalidInput for filters that cannot be evaluated, NotFound for an order that does not exist.
    """
    options = request.get("options", {})
    draft = orders.draft(unit, request.get("order"))
    customer = _customer(unit, request, draft)
    question = Question(unit, request, draft, stacking.current(unit), _ignored(request.get("scenario", "ALL")))
    page = _newest_first if options.get("sorting_rule", "DEFAULT") == "DEFAULT" else _by_deal
    shown, cursor = page(question, _wanted(request, customer, in_public=in_public))
    answer: dict[str, Any] = {"redeemables": _listed(Qualified(unit, request, request_id).answers(shown), cursor)}
    tracking_id = request.get("tracking_id") or customers.tracking_id(customer)
    if tracking_id:
        answer["tracking_id"] = tracking_id
    if draft is not None:
        answer["order"] = _order(draft, customer)
    return answer | {"stacking_rules": stacking.told(question.rules)}


def _listed(told: list[dict[str, Any]], cursor: str | None) -> dict[str, Any]:
    if cursor is not None and told and _read(cursor)[0] == told[-1]["created_at"]:
        # Clients go on from the time of the last one, which alone does not tell it from others of the same time.
        told[-1]["created_at"] = cursor
    page = {"object": "list", "data_ref": "data", "data": told, "total": len(told), "has_more": cursor is not None}
    return page | ({} if cursor is None else {"more_starting_after": cursor})


def _customer(unit: Unit, request: Mapping[str, Any], draft: Draft | None) -> Row | None:
    """The stored customer who asks: the one told, else the order's."""
    told = request.get("customer") or (request.get("order") or {}).get("customer")
    if told is None:
        told = {"id": draft.customer_id} if draft is not None and draft.customer_id else {}
    return customer_store.find(unit.connection, id=told.get("id"), source_id=told.get("source_id"))


def _ignored(scenario: str) -> frozenset[str]:
    """The names of the rules that are not checked."""
    if scenario == contract.AUDIENCE:
        return frozenset(name for name in _EVERY_NAME if not name.startswith("customer."))
    starts: tuple[str, ...] = (*_BUDGETS, _OF_REWARDS)
    if scenario in (contract.PRODUCTS, contract.PRODUCTS_DISCOUNT):
        starts += ("customer.",)
    return frozenset(name for name in _EVERY_NAME if name.startswith(starts))


def _wanted(request: Mapping[str, Any], customer: Row | None, *, in_public: bool) -> Wanted:
    """What the scenario and the filters ask for. Raises InvalidInput."""
    told, scenario = request.get("options", {}).get("filters", {}), request.get("scenario")
    filters.check(told, contract.FILTERED, (), at=".options.filters")
    return Wanted(
        customer["id"] if customer else None,
        told,
        only_held=scenario == contract.WALLET,
        only_stacks=scenario == contract.STACKS,
        no_loose_cards=in_public,
    )


def _newest_first(question: Question, wanted: Wanted) -> _Page:
    options = question.request.get("options", {})
    limit, after = options.get("limit", contract.USUAL), options.get("starting_after")
    before, passed = _read(after) if after else (None, 0)
    candidates, is_cut = _candidates(question.unit, wanted, before, passed)
    cursors = _cursors(candidates, before, passed)
    found = list(islice(_fitting(question, candidates), limit + 1))
    if len(found) > limit:
        last, following = found[limit - 1], found[limit]
        is_alone = last.candidate.created_at != following.candidate.created_at
        return found[:limit], last.candidate.created_at if is_alone else cursors[last.number]
    return found, cursors[-1] if is_cut else None


def _by_deal(question: Question, wanted: Wanted) -> _Page:
    """By what they take off, equals newest first. Only so many candidates are compared, the newest of all."""
    options = question.request.get("options", {})
    limit, after = options.get("limit", contract.USUAL), options.get("starting_after")
    candidates, _ = _candidates(question.unit, wanted)
    sign = -1 if options["sorting_rule"] == contract.BEST_DEAL else 1
    found = sorted(_fitting(question, candidates), key=lambda offer: sign * offer.applied)
    places = _cursors(candidates)
    cursors = [places[offer.number] for offer in found]
    if after and after not in cursors:
        raise InvalidInput("Property .options.starting_after must be where a page in this order ended")
    start = cursors.index(after) + 1 if after else 0
    shown = found[start : start + limit]
    return shown, cursors[start + limit - 1] if len(found) > start + limit else None


def _candidates(unit: Unit, wanted: Wanted, before: str | None = None, passed: int = 0) -> tuple[list[Candidate], bool]:
    """As many as one request looks at, and whether there are more."""
    candidates = store.candidates(
        unit.connection, wanted, unit.moment, now=unit.now, limit=MOST_TRIED + 1, before=before, passed=passed
    )
    return candidates[:MOST_TRIED], len(candidates) > MOST_TRIED


def _fitting(question: Question, candidates: Sequence[Candidate]) -> Iterator[Offer]:
    """Those that apply and that the scenario is about."""
    scenario = question.request.get("scenario")
    found = offers(question, candidates)
    if scenario not in contract.OF_PRODUCTS:
        return found
    discounted = scenario.startswith(contract.PRODUCTS_DISCOUNT)
    return (offer for offer in found if is_about_items(offer, discounted=discounted))


def _cursors(candidates: Sequence[Candidate], before: str | None = None, passed: int = 0) -> list[str]:
    """Where each candidate is: its time, and how many of that time there are up to it."""
    cursors = []
    time, count = before, passed
    for candidate in candidates:
        time, count = candidate.created_at, count + 1 if candidate.created_at == time else 1
        cursors.append(f"{time[:-1]}{count:03}Z" if count <= _MOST_OF_ONE_TIME else time)
    return cursors


def _read(cursor: str) -> tuple[str, int]:
    """The time of a cursor, and how many of that time are passed: none told means all."""
    return f"{cursor[:23]}Z", int(cursor[23:26].rstrip("Z") or 0)


def _order(draft: Draft, customer: Row | None) -> dict[str, Any]:
    body = {"metadata": {}, **orders.calculated(draft.told, draft.start)}
    if draft.row is not None:
        body |= {name: draft.row[name] for name in ("id", "source_id", "status")}
    body |= {"customer_id": customer["id"] if customer else None, "referrer_id": None}
    return body | ({"customer": {"id": customer["id"], "object": "customer"}} if customer else {})
