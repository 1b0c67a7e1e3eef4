"""Exported orders of a platform, made into the promotions API's orders by the platform's own plugin."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

from sqlalchemy import select

from checkout_bridge.bridge import mapping, states
from checkout_bridge.bridge.doors import Doors
from checkout_bridge.bridge.identity import Source
from checkout_bridge.bridge.ledger.model import checkouts
from checkout_bridge.cli.export_files import Row
from checkout_bridge.cli.order_files import ReadOrder
from checkout_bridge.database import reading
from checkout_bridge.errors import BackendError, InvalidInput, OutcomeUnknown
from checkout_bridge.events import Cancellation, Capabilities, Checkout, Delivery, Event, Ignored, Refund

# What an order may be known by upstream.
_LONGEST = 500


@dataclass(frozen=True, slots=True)
class Mapped(ReadOrder):
    """A row of an export as an order to import, or why it is none: a ``fault``, or ``left_out`` for a good reason."""

    order_ref: str | None = None
    left_out: str | None = None


class Exported:
    """The exported orders of one shop. Raises InvalidInput for a platform whose plugin cannot map any."""

    def __init__(self, doors: Doors, source: Source) -> None:
        self._doors, self._source = doors, source
        self._hooks = doors.hooks(source.platform)
        can: Capabilities | None = self._hooks.capabilities()
        if can is None or can.order_topic is None:
            raise InvalidInput(
                f"the plugin of {source.platform} does not map exported orders",
                message="Orders cannot be imported",
                key="unsupported_platform",
            )
        self._topic = can.order_topic
        self._seen: set[str] = set()

    def mapped(self, rows: Iterable[Row]) -> list[Mapped]:
        """The orders in some rows. What is told of one that has none names fields, never what is in them."""
        found = [self._mapped(row) for row in rows]
        known = self._known([str(one.order_ref) for one in found if one.order])
        return [self._unless_known(one, known) for one in found]

    def _mapped(self, row: Row) -> Mapped:
        ref = _reference_in(row.value)
        if row.fault is not None:
            return Mapped(row.number, {}, row.fault, row.end, ref)
        try:
            checkout = self._checkout(row)
            if isinstance(checkout, str):
                return Mapped(row.number, {}, None, row.end, ref, checkout)
            ref = checkout.order_ref
            return Mapped(row.number, self._order(checkout), None, row.end, ref)
        except InvalidInput as error:
            return Mapped(row.number, {}, error.details or error.message, row.end, ref)
        except (BackendError, OutcomeUnknown) as error:
            return Mapped(row.number, {}, f"the platform could not be asked: {error.key}", row.end, ref)

    def _checkout(self, row: Row) -> Checkout | str:
        """The order that was paid and stands, or why there is none."""
        delivery = Delivery(self._source.shop, f"history:{row.number}", self._topic)
        try:
            found: Event | tuple[Event, ...] | None = self._hooks.event_of(delivery=delivery, body=row.body)
        except (InvalidInput, BackendError, OutcomeUnknown):
            raise
        except Exception as error:  # a row that a foreign plugin stumbles over must not stop the others
            raise InvalidInput(f"the plugin failed: {type(error).__name__}") from error
        events = found if isinstance(found, tuple) else (found,)
        checkouts = [event for event in events if isinstance(event, Checkout)]
        if not checkouts:
            reasons = [event.reason for event in events if isinstance(event, Ignored)]
            return "; ".join(reasons) or "it tells of no order that was paid"
        if any(_ends_it(event) for event in events):
            return "the order does not stand"
        return checkouts[0]

    def _known(self, refs: Collection[str]) -> set[str]:
        """Those of the orders that the bridge has: they are upstream under other ids, with what was redeemed."""
        its = (checkouts.c.platform == self._source.platform, checkouts.c.shop == self._source.shop)
        statement = select(checkouts.c.order_ref).where(*its, checkouts.c.order_ref.in_(refs))
        with reading(self._doors.ledger.database) as connection:
            return set(connection.execute(statement.where(checkouts.c.state != states.FAILED)).scalars())

    def _unless_known(self, one: Mapped, known: Collection[str]) -> Mapped:
        if not one.order:
            return one
        if one.order_ref in known:
            return replace(one, order={}, left_out="the bridge has this order")
        if one.order_ref in self._seen:
            return replace(one, order={}, left_out="an earlier row has the same order")
        self._seen.add(str(one.order_ref))
        return one

    def _order(self, checkout: Checkout) -> dict[str, Any]:
        """As it is sent. Coupons are noted, not redeemed; gift cards are not even noted, for they are money."""
        metadata = {**self._source.metadata(), "order_ref": checkout.order_ref}
        source_id = source_id_of(self._source, checkout.order_ref)
        order = {**mapping.order_payload(checkout.cart, source_id=source_id, metadata=metadata), "status": "PAID"}
        if checkout.cart.codes:
            order["metadata"] = {**metadata, "codes": list(checkout.cart.codes)}
        return order


def source_id_of(source: Source, order_ref: str) -> str:
    """What an order of the past is known by upstream: ``<platform>:<shop>:<order_ref>``, each as in a URL.

    The same order has the same one whenever it is imported, and no two orders share one. One that were too long is a
    digest.
    """
    named = ":".join(quote(part, safe="") for part in (source.platform, source.shop, order_ref))
    return named if len(named) <= _LONGEST else f"{source.platform}:~{hashlib.sha256(named.encode()).hexdigest()}"


def _ends_it(event: Event | None) -> bool:
    is_whole_refund = isinstance(event, Refund) and event.lines is None and event.amount is None
    return isinstance(event, Cancellation) or is_whole_refund


def _reference_in(value: dict[str, Any]) -> str | None:
    """How most platforms name an order, for a row of which no more is known."""
    id = value.get("id")
    return str(id) if isinstance(id, str | int) and not isinstance(id, bool) and len(str(id)) <= 255 else None
