"""The names of validation rules: what each reads of an order, a customer or a redemption, and whose fault it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, NamedTuple

from checkout_bridge.contract.fields import timestamp
from checkout_bridge.contract.vouchers import GIFT
from checkout_bridge.engine.pricing.effects import Effect, Points
from checkout_bridge.engine.pricing.order import Line, OrderState
from checkout_bridge.engine.pricing.stack import Outcome
from checkout_bridge.engine.services import segments
from checkout_bridge.engine.services.redeemables import Context, Incentive
from checkout_bridge.engine.store import usage

Row = dict[str, Any]
_ORDER = ("order_rules_violated", "order does not match validation rules")
_CUSTOMER = ("customer_rules_violated", "customer does not match validation rules")
_REDEMPTION = ("redemption_rules_violated", "redemption does not match validation rules")


@dataclass(frozen=True, slots=True)
class Situation:
    """What a rule is checked on: an incentive, the order before its effect, and the effect; both None without order."""

    context: Context
    incentive: Incentive
    state: OrderState | None
    effect: Effect | None
    # What the rule was assigned to, and is counted over: kind and id.
    related: tuple[str, str]
    # What came of those of the same campaign that are redeemed with it, before it.
    earlier: Sequence[Outcome] = ()

    @property
    def together(self) -> Sequence[Outcome]:
        """What counts with it though it is not stored yet; over its campaign only, since it itself is there once."""
        return self.earlier if self.related[0] == "campaign" else ()

    @property
    def lines(self) -> Sequence[tuple[int, Line]]:
        """The lines of the order with their indices, without those that were taken back."""
        return [(i, line) for i, line in enumerate(self.state.lines) if line != Line()] if self.state else []

    @property
    def after(self) -> OrderState | None:
        """The order after the effect."""
        return self.state.after(self.effect.change(self.state)) if self.state and self.effect else self.state

    @property
    def customer_id(self) -> str | None:
        """The stored customer."""
        known = self.context.facts.customer or {}
        return known.get("id")

    def since(self, period: str) -> str | None:
        """When the day, week or month began in which this happens; None for all time."""
        if not period:
            return None
        day = self.context.unit.moment.replace(hour=0, minute=0, second=0, microsecond=0)
        back = {"day": 0, "week": day.weekday(), "month": day.day - 1}[period]
        return timestamp(day - timedelta(days=back))


Value = Callable[[Situation, Mapping[str, Any]], Any]


class Name(NamedTuple):
    """One name: what it reads, whose fault it is, and how its numbers are told.

    ``how`` says of a list of values how many must fit: ``one`` value, ``any``, ``each``. ``is_money``: in minor units.
    """

    value: Value
    error: tuple[str, str]
    whose: str
    how: str = "one"
    is_money: bool = False
    needs_property: bool = False
    needs_customer: bool = False


def _order_name(read: Callable[[OrderState], Any], *, is_money: bool = True) -> Name:
    return Name(lambda now, rule: None if now.state is None else read(now.state), _ORDER, "cart", is_money=is_money)


def _metadata(read: Callable[[Situation], Mapping[str, Any]], error: tuple[str, str], whose: str, **facts: Any) -> Name:
    return Name(lambda now, rule: read(now).get(rule["property"]), error, whose, needs_property=True, **facts)


def _of_lines(read: Callable[[Situation, int, Line, Mapping[str, Any]], Any], how: str, **facts: Any) -> Name:
    return Name(lambda now, rule: [read(now, i, line, rule) for i, line in now.lines], _ORDER, "cart", how=how, **facts)


def _line_metadata(now: Situation, index: int, line: Line, rule: Mapping[str, Any]) -> Any:
    return (now.context.facts.item(index).get("metadata") or {}).get(rule["property"])


def _known_as(kind: str) -> Callable[[Situation, Mapping[str, Any]], Any]:
    return lambda now, rule: [name for _, line in now.lines for its, name in line.names if its == kind]


def _product_metadata(now: Situation, index: int, line: Line, rule: Mapping[str, Any]) -> Any:
    return now.context.facts.product_metadata(now.context.facts.item(index)).get(rule["property"])


def _count(period: str = "", *, per_customer: bool = False) -> Name:
    """How often it was redeemed, this time included."""

    def value(now: Situation, rule: Mapping[str, Any]) -> int:
        if per_customer and now.customer_id is None:
            return 1 + len(now.together)  # a customer who is not stored yet never redeemed anything
        customer_id = now.customer_id if per_customer else None
        connection, (kind, id) = now.context.unit.connection, now.related
        return (
            1 + len(now.together) + usage.count(connection, kind, id, customer_id=customer_id, since=now.since(period))
        )

    whose = "customer" if per_customer else "redemptions"
    return Name(value, _REDEMPTION, whose, needs_customer=per_customer)


def _customers_count(period: str = "") -> Name:
    """By how many customers it was redeemed, this one included."""

    def value(now: Situation, rule: Mapping[str, Any]) -> int:
        connection, (kind, id) = now.context.unit.connection, now.related
        since = now.since(period)
        known = now.customer_id is not None and usage.count(
            connection, kind, id, customer_id=now.customer_id, since=since
        )
        return usage.customers(connection, kind, id, since=since) + (0 if known else 1)

    return Name(value, _REDEMPTION, "campaign")


def _orders_amount(now: Situation, rule: Mapping[str, Any]) -> int:
    before = usage.order_amount(now.context.unit.connection, *now.related)
    before += sum(one.before.amount for one in now.together if one.before)
    return before + (now.state.amount if now.state else 0)


def _orders_discounted(now: Situation, rule: Mapping[str, Any]) -> int:
    before = usage.discount_amount(now.context.unit.connection, *now.related)
    return before + sum(one.applied for one in now.together) + _taken_off(now)


def _taken_off(now: Situation) -> int:
    return now.effect.change(now.state).total if now.state and now.effect else 0


def _credits(now: Situation, rule: Mapping[str, Any]) -> int | None:
    if now.incentive.row["type"] != GIFT:
        return None
    return _taken_off(now) if now.state else int(now.incentive.sent.get("gift", {}).get("credits", 0))


def _points(now: Situation, rule: Mapping[str, Any]) -> int | None:
    if not isinstance(now.effect, Points):
        return None
    return now.effect.spent(_taken_off(now))


def _segments(now: Situation, rule: Mapping[str, Any]) -> frozenset[str]:
    asked = {str(one) for values in rule["conditions"].values() for one in values or ()}
    return segments.of_customer(now.context.unit, now.context.facts.customer, asked)


def _linked(now: Situation, rule: Mapping[str, Any]) -> bool:
    holder = now.incentive.row["holder_id"]
    return holder is None or holder == now.customer_id


NAMES: Mapping[str, Name] = {
    "order.amount": _order_name(lambda state: state.total),
    "order.initial_amount": _order_name(lambda state: state.before_units),
    "order.total_amount": Name(lambda now, rule: now.after and now.after.total, _ORDER, "cart", is_money=True),
    # Where a redeemable's line was taken back an empty one may remain.
    "order.items.count": Name(lambda now, rule: len(now.lines) if now.state else None, _ORDER, "cart"),
    "order.items.price_any": _of_lines(lambda now, i, line, rule: line.price, "any", is_money=True),
    "order.items.price_each": _of_lines(lambda now, i, line, rule: line.price, "each", is_money=True),
    "order.items.metadata_any": _of_lines(_line_metadata, "any", needs_property=True),
    "order.items.metadata_each": _of_lines(_line_metadata, "each", needs_property=True),
    "order.metadata": _metadata(lambda now: now.context.facts.order.get("metadata") or {}, _ORDER, "cart"),
    "product.id": Name(_known_as("product"), _ORDER, "cart"),
    "product.price": _of_lines(lambda now, i, line, rule: line.price, "any", is_money=True),
    "product.quantity": _of_lines(lambda now, i, line, rule: line.quantity, "any"),
    "product.metadata": _of_lines(_product_metadata, "any", needs_property=True),
    "sku.id": Name(_known_as("sku"), _ORDER, "cart"),
    "sku.price": _of_lines(lambda now, i, line, rule: line.price, "any", is_money=True),
    "sku.quantity": _of_lines(lambda now, i, line, rule: line.quantity, "any"),
    "customer.segment": Name(_segments, _CUSTOMER, "customer", needs_customer=True),
    "customer.metadata": _metadata(
        lambda now: (now.context.facts.customer or {}).get("metadata") or {}, _CUSTOMER, "customer", needs_customer=True
    ),
    "redemption.metadata": _metadata(lambda now: now.context.facts.metadata, _REDEMPTION, "redemption"),
    "redemption.api_key": Name(lambda now, rule: now.context.unit.app_id, _REDEMPTION, "redemption"),
    "redemption.count": _count(),
    "redemption.count.daily": _count("day"),
    "redemption.count.weekly": _count("week"),
    "redemption.count.monthly": _count("month"),
    "redemption.count.per_api_key": _count(),
    "redemption.count.per_customer": _count(per_customer=True),
    "redemption.count.per_customer.daily": _count("day", per_customer=True),
    "redemption.count.per_customer.weekly": _count("week", per_customer=True),
    "redemption.count.per_customer.monthly": _count("month", per_customer=True),
    "redemption.gift.amount": Name(_credits, _REDEMPTION, "card", is_money=True),
    "redemption.reward.pay_with_points.points_used": Name(_points, _REDEMPTION, "card"),
    "campaign.redemptions.count": _count(),
    "campaign.redemptions.count.daily": _count("day"),
    "campaign.redemptions.count.weekly": _count("week"),
    "campaign.redemptions.count.monthly": _count("month"),
    "campaign.redemptions.customers_count": _customers_count(),
    "campaign.redemptions.customers_count.daily": _customers_count("day"),
    "campaign.redemptions.customers_count.weekly": _customers_count("week"),
    "campaign.redemptions.customers_count.monthly": _customers_count("month"),
    "campaign.orders.amount": Name(_orders_amount, _REDEMPTION, "campaign", is_money=True),
    "campaign.orders.amount_discounted": Name(_orders_discounted, _REDEMPTION, "campaign", is_money=True),
    "publication.redeemable_by_linked_customer": Name(_linked, _CUSTOMER, "customer"),
}
