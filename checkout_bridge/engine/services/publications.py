"""Publications: giving vouchers to customers, who hold them from then on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from isodate import parse_duration

from checkout_bridge.contract.campaigns import AUTO_UPDATE, LOYALTY_PROGRAM
from checkout_bridge.contract.fields import timestamp
from checkout_bridge.contract.ids import new_id
from checkout_bridge.contract.publications import MOST_PUBLISHED
from checkout_bridge.engine.services import campaigns, customers, vouchers
from checkout_bridge.engine.services.unit import Unit
from checkout_bridge.engine.store import campaign_vouchers
from checkout_bridge.engine.store import campaigns as campaign_store
from checkout_bridge.engine.store import publications as store
from checkout_bridge.engine.store import resources as resource_store
from checkout_bridge.errors import InvalidInput, NotFound, RequestError

Row = dict[str, Any]


def publish(unit: Unit, request: Mapping[str, Any], *, campaign: Row | None = None, join_once: bool = False) -> Row:
    """Give the ``voucher`` of a request, else vouchers of its ``campaign`` (or of this one), to its customer.

    Where a customer joins once and holds a voucher already, that publication is given again. Raises NotFound for a
    voucher or campaign that does not exist, RequestError when there is nothing that can be published.
    """
    _check_source(unit, request)
    customer = customers.upsert(unit, request["customer"])
    if customer is None:
        raise InvalidInput("Property .customer must not be empty")
    named, campaign = _named(unit, request, campaign)
    if campaign is not None:
        campaign_store.lock(unit.connection, [campaign["id"]])
        once = join_once or campaign["campaign_type"] == LOYALTY_PROGRAM or campaign["body"].get("join_once")
        if once and (earlier := _earlier(unit, customer, campaign)):
            return earlier
    count = request.get("campaign", {}).get("count", 1)
    chosen = [named] if named is not None else _suitable(unit, campaign, count)
    for voucher in chosen:
        _give(unit, voucher, customer, campaign)
    return _record(unit, request, customer, campaign, chosen)


def _earlier(unit: Unit, customer: Row, campaign: Row) -> Row | None:
    """The publication by which a customer holds a voucher of a campaign."""
    if not campaign_vouchers.is_held(unit.connection, campaign["id"], customer["id"]):
        return None
    return store.latest_of(unit.connection, customer["id"], campaign["id"])


def _check_source(unit: Unit, request: Mapping[str, Any]) -> None:
    source_id = request.get("source_id")
    if source_id is not None and store.find_by_source(unit.connection, source_id) is not None:
        details = f"Property .source_id {source_id} was used for another publication"
        raise RequestError("Duplicated source id", key="duplicate_source_id", details=details)


def _named(unit: Unit, request: Mapping[str, Any], campaign: Row | None) -> tuple[Row | None, Row | None]:
    """The voucher that a request names, if it does, and the campaign that it is about."""
    code, told = request.get("voucher"), request.get("campaign")
    if campaign is None and (code is None) == (told is None):
        details = "Payload should have either property 'voucher' or property 'campaign'"
        raise InvalidInput(details, message="Invalid publish params", key="invalid_publish_params")
    if code is None:
        return None, campaign or campaigns.get(unit, (told or {})["name"])
    voucher = vouchers.get(unit, code, for_change=True)
    if campaign is not None and voucher["campaign_id"] != campaign["id"]:
        raise NotFound.of("voucher", code)
    found = campaign_store.by_ids(unit.connection, [voucher["campaign_id"]] if voucher["campaign_id"] else [])
    return voucher, found.get(voucher["campaign_id"])


def _suitable(unit: Unit, campaign: Row | None, count: int) -> list[Row]:
    """The oldest vouchers of a campaign that nobody holds; where it may grow, new ones when there are too few."""
    if count > MOST_PUBLISHED:
        details = f"Property .campaign.count must be from 1 to {MOST_PUBLISHED}"
        raise RequestError("Too many vouchers requested", key="too_many_vouchers_requested", details=details)
    if campaign is None or "voucher" not in campaign["body"]:
        raise _unsuitable(campaign)
    found = campaign_vouchers.unpublished(unit.connection, campaign["id"], limit=count, now=unit.now)
    if campaign["body"]["type"] == AUTO_UPDATE or campaign["campaign_type"] == LOYALTY_PROGRAM:
        return found + [campaigns.add_voucher(unit, campaign, None, {}) for _ in range(count - len(found))]
    if not found:
        raise _unsuitable(campaign)
    if len(found) < count:
        details = f"Campaign {campaign['name']} has {len(found)} vouchers left, {count} were asked for"
        raise RequestError("Missing vouchers", key="missing_vouchers", details=details)
    return found


def _unsuitable(campaign: Row | None) -> RequestError:
    return RequestError(
        "No voucher suitable for publication",
        key="no_voucher_suitable_for_publication",
        details=f"Campaign {campaign['name'] if campaign else None} has no voucher left that can be published",
    )


def _give(unit: Unit, voucher: Row, customer: Row, campaign: Row | None) -> None:
    """Make a customer the holder of a voucher."""
    is_over = voucher["expiration_date"] is not None and voucher["expiration_date"] <= unit.now
    if is_over or not voucher["active"]:
        raise RequestError(
            "Voucher cannot be published",
            key="voucher_cannot_be_published",
            details=f"{voucher['code']} {'is expired' if is_over else 'is disabled'}",
        )
    values = {"holder_id": customer["id"], "updated_at": unit.now}
    lasting = campaign["body"].get("activity_duration_after_publishing") if campaign else None
    if lasting is not None:
        values["expiration_date"] = timestamp(unit.moment + parse_duration(lasting))
    if not campaign_vouchers.hold(unit.connection, voucher["id"], values):
        details = f"{voucher['code']} is held by a customer already"
        raise RequestError("Voucher already published", key="voucher_already_published", details=details)


def _record(unit: Unit, request: Mapping[str, Any], customer: Row, campaign: Row | None, chosen: Sequence[Row]) -> Row:
    row = {
        "kind": store.KIND,
        "id": new_id("pub_"),
        "name": request.get("source_id"),
        "parent_id": None,
        "body": {
            "customer_id": customer["id"],
            "campaign_id": campaign["id"] if campaign else None,
            "vouchers_id": [voucher["id"] for voucher in chosen],
            "metadata": request.get("metadata", {}),
            "channel": request.get("channel", "API"),
        },
        "created_at": unit.now,
        "updated_at": None,
    }
    resource_store.add(unit.connection, row)
    return row


def held(unit: Unit, publication: Row) -> Row:
    """The voucher of a publication of one, as it is now."""
    voucher_id = publication["body"]["vouchers_id"][0]
    return campaign_vouchers.by_ids(unit.connection, [voucher_id])[voucher_id]


def answers(unit: Unit, rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Publications as answered: with their customers, and with their voucher or the codes of their vouchers."""
    found = campaign_vouchers.by_ids(unit.connection, {one for row in rows for one in row["body"]["vouchers_id"]})
    answered = dict(zip(found, vouchers.answers(unit, list(found.values())), strict=True))
    people = store.customers_in(unit.connection, rows)
    return [_answer(row, people.get(row["body"]["customer_id"]), answered) for row in rows]


def _answer(row: Row, customer: Row | None, found: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    body = row["body"]
    shown = [found[voucher_id] for voucher_id in body["vouchers_id"] if voucher_id in found]
    its_vouchers: dict[str, Any] = {"vouchers": [one["code"] for one in shown]}
    if len(body["vouchers_id"]) == 1 and shown:
        its_vouchers = {"voucher": shown[0]}
    return {
        "id": row["id"],
        "object": "publication",
        "created_at": row["created_at"],
        "customer_id": body["customer_id"],
        "tracking_id": customers.tracking_id(customer),
        "metadata": body["metadata"],
        "channel": body["channel"],
        "source_id": row["name"],
        "result": "SUCCESS",
        **({"customer": customers.answer(customer)} if customer else {}),
        "vouchers_id": body["vouchers_id"],
        **its_vouchers,
    }
