"""Sending orders of the past to the promotions API in batches, and being told what became of each."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from checkout_bridge.cli.background import PATIENCE
from checkout_bridge.cli.order_files import ReadOrder
from checkout_bridge.client import Client
from checkout_bridge.contract.orders import MAX_IMPORTED
from checkout_bridge.errors import InvalidInput

# How large a batch may be, in characters of JSON: below the API's limit of 10 MiB.
BATCH_SIZE = 8_000_000
Read = TypeVar("Read", bound=ReadOrder)


def batches(rows: Iterable[Read], largest: int = BATCH_SIZE) -> Iterator[list[Read]]:
    """The rows, as many together as the API takes at once."""
    batch: list[Read] = []
    left = largest
    for row in rows:
        size = len(json.dumps(row.order))
        if batch and (len(batch) == MAX_IMPORTED or size > left):
            yield batch
            batch, left = [], largest
        batch.append(row)
        left -= size
    if batch:
        yield batch


def send(client: Client, rows: Sequence[ReadOrder]) -> str:
    """Ask for the import of these orders; gives the id of the action that does it later."""
    action_id: str = client.orders.import_orders([row.order for row in rows])["async_action_id"]
    return action_id


def result_of(client: Client, action_id: str) -> Mapping[str, Any]:
    """Wait for the end of an import: ``{done_count, failed[{index, source_id, reason}]}``.

    Raises InvalidInput when it ended before it was through, and BackendNotFound when there is none.
    """
    ended = client.async_actions.wait_for_async_action(action_id, timeout=PATIENCE, every=0.1)
    result: Mapping[str, Any] = ended.get("result") or {}
    if ended["status"] != "DONE":
        # `jobs retry` goes on where it stopped.
        raise InvalidInput(f"{ended['id']} ended early: {result.get('message')}", message="The import failed")
    return result


def refused(result: Mapping[str, Any], rows: Sequence[Read]) -> list[tuple[Read, str]]:
    """The rows that the API did not take, of those sent, each with its reason."""
    by_source = {row.order.get("source_id"): row for row in rows}
    found = []
    for one in result.get("failed") or []:
        row = rows[one["index"]] if "index" in one else by_source.get(one.get("source_id"))
        found.append((row or rows[0], str(one["reason"])))
    return found
