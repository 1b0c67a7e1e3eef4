"""Redeemables as answered after they were tried: what each is worth, or why it does not apply."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from checkout_bridge.contract.vouchers import GIFT, LOYALTY
from checkout_bridge.engine.services import orders, resources
from checkout_bridge.engine.services.evaluation import Evaluation, Tried
from checkout_bridge.engine.services.faults import Fault
from checkout_bridge.engine.services.incentives import COLLECTION, entries_of, entry_names
from checkout_bridge.engine.store.vouchers import TIER

Body = dict[str, Any]


class Told:
    """Tells the redeemables of one evaluation, in the detail that the request's ``options.expand`` asks for."""

    def __init__(self, evaluation: Evaluation, request: Mapping[str, Any], request_id: str) -> None:
        self._evaluation, self._request, self._request_id = evaluation, request, request_id
        self._expand = request.get("options", {}).get("expand", ["order"])
        self._rules = evaluation.rules

    def applicable(self, one: Tried) -> Body:
        """What it takes off, on which lines, and the order right after it."""
        assert one.row is not None
        body = self._named(one, "APPLICABLE") | {
            "applicable_to": self._listed(one, "included"),
            "inapplicable_to": self._listed(one, "excluded"),
            "result": _result(one),
            "metadata": one.row["metadata"],
        }
        if self._evaluation.draft is not None and "order" in self._expand:
            calculated = orders.calculated(self._evaluation.draft.told, one.outcome.state, one.outcome.before)
            body["order"] = {"metadata": {}, **calculated, "customer_id": None, "referrer_id": None}
        return body | self._expanded(one)

    def inapplicable(self, one: Tried) -> Body:
        """The error, and the reason with its numbers."""
        fault = one.outcome.fault
        assert fault is not None
        told, reason = (fault.told, fault.reason) if isinstance(fault, Fault) else (None, fault.details)
        details = {"key": fault.key, "message": told or fault.message}
        details |= {"reason": reason} if reason else {}
        result = {"error": fault.to_dict(self._request_id), "details": details}
        return self._named(one, "INAPPLICABLE") | {"result": result, "metadata": {}} | self._expanded(one)

    def skipped(self, one: Tried) -> Body:
        """Why it was left out, though nothing is wrong with it."""
        assert one.outcome.skipped is not None
        result = {"details": one.outcome.skipped._asdict()}
        return self._named(one, "SKIPPED") | {"result": result, "metadata": {}} | self._expanded(one)

    def _named(self, one: Tried, status: str) -> Body:
        return {"status": status, "id": one.sent["id"], "object": one.kind}

    def _expanded(self, one: Tried) -> Body:
        """Categories where there are any, and what ``expand`` asks for beside the order."""
        incentive = one.incentive
        if incentive is None:
            return {}
        body: Body = {}
        if incentive.categories:
            body["categories"] = [self._category(category) for category in incentive.categories]
        if "redeemable" in self._expand:
            body["metadata"] = incentive.row["metadata"]
            if incentive.campaign is not None:
                body |= {"campaign_id": incentive.campaign["id"], "campaign_name": incentive.campaign["name"]}
            if incentive.row["type"] == TIER:
                body["name"] = incentive.row["tier"].get("name")
        if "redemption" in self._expand:
            body["redemption"] = {"metadata": self._request.get("metadata", {})}
        return body

    def _category(self, row: Body) -> Body:
        body = resources.answer(row)
        for kind in ("exclusive", "joint"):
            if row["id"] in getattr(self._rules, f"{kind}_categories"):
                body["stacking_rules_type"] = kind.upper()
        return body

    def _listed(self, one: Tried, which: str) -> Body:
        """What the rules include or exclude, with the lines of the order that it is; a collection with its members."""
        assert one.incentive is not None
        things = self._evaluation.context.things
        lines = one.outcome.before.lines if one.outcome.before else ()
        data: list[Body] = []
        for entry in entries_of(one.incentive.rules, which):
            names = entry_names(entry, things)
            indices = [i for i, line in enumerate(lines) if line.names & names]
            told = {"strict": False, "effect": "APPLY_TO_EVERY", **entry, "order_item_indices": indices}
            data.append(told)
            if entry["object"] == COLLECTION:
                data += [
                    {**told, "object": kind, "id": name, "strict": True, "order_item_indices": its}
                    for kind, name in sorted(names)
                    if (its := [i for i in indices if (kind, name) in lines[i].names]) and self._is_id(kind, name)
                ]
        return {"data": data, "total": len(data), "data_ref": "data", "object": "list"}

    def _is_id(self, kind: str, name: str) -> bool:
        """Whether something is not called so by its source id: it would be listed twice."""
        draft = self._evaluation.draft
        row = (draft.found.skus if kind == "sku" else draft.found.products).get(name) if draft is not None else None
        return row is None or bool(row["id"] == name)


def _result(one: Tried) -> Body:
    if one.type == GIFT:
        return {"gift": {"credits": one.credits}}
    if one.type == LOYALTY:
        return {"loyalty_card": {"points": one.credits}}
    assert one.discount is not None
    return {"discount": one.discount.resolved(one.outcome.before)}
