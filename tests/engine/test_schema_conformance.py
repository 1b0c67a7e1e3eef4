"""Whatever is sent, the engine answers as its own description says: no 5xx, no status and no body out of the blue.

schemathesis makes requests from the description, here mixed with what is known to work, about things that exist. How
many for each operation is told by ``CHECKOUT_BRIDGE_FUZZ``; without it there are few, and always the same.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from requests.structures import CaseInsensitiveDict
from schemathesis import Case, GenerationMode, openapi
from schemathesis.checks import CHECKS, load_all_checks
from schemathesis.schemas import APIOperation

from checkout_bridge.engine.app import create_engine_app, dispose
from checkout_bridge.engine.http.doors import ClientSide, Keys

FEW, FUZZ = 5, int(os.environ.get("CHECKOUT_BRIDGE_FUZZ", "0"))
Operation = APIOperation[Any, Any, Any, Any]
KEYS = {
    **{"X-App-Id": "shop", "X-App-Token": "secret"},
    **{"X-Management-Id": "manager", "X-Management-Token": "secret"},
    **{"X-Client-Application-Id": "page", "X-Client-Token": "public", "Origin": "https://shop.example"},
}
CHECKED = ("not_a_server_error", "status_code_conformance", "content_type_conformance", "response_schema_conformance")
TEN = {"type": "PERCENT", "percent_off": 10}
UNITS = {"type": "UNIT", "effect": "ADD_NEW_ITEMS", "unit_off": 1, "unit_type": "shirt"}
POINTS = {"type": "LOYALTY_CARD", "loyalty_card": {"points": 100}}
COIN = {"name": "Cash", "parameters": {"coin": {"exchange_ratio": 0.5, "points_ratio": 10}}}
ANN = {"source_id": "ann", "name": "Ann", "email": "ann@example.com", "metadata": {"vip": True}}
STACK = {
    "redeemables": [{"object": "voucher", "id": code} for code in ("CODE", "GIFT")],
    "order": {"source_id": "cart-1", "items": [{"product_id": "shirt", "quantity": 2, "price": 500}]},
    "customer": {"source_id": "ann"},
    "session": {"type": "LOCK", "key": "mine"},
}
RULE = {
    "name": "over a minimum",
    "rules": {"1": {"name": "order.amount", "conditions": {"$more_than": [100]}}, "logic": "1"},
    "applicable_to": {"included": [{"object": "product", "source_id": "shirt", "effect": "APPLY_TO_CHEAPEST"}]},
}
# What is there before anything is tried: paths with the names of what came before, and bodies.
MADE: tuple[tuple[str, Any], ...] = (
    ("/v1/categories", {"name": "Summer", "hierarchy": 2}),
    ("/v1/products", {"source_id": "shirt", "name": "Shirt", "price": 500, "attributes": ["colour"]}),
    ("/v1/products/shirt/skus", {"source_id": "red", "sku": "Red", "price": 600}),
    ("/v1/product-collections", {"name": "All", "products": [{"object": "product", "id": "shirt"}]}),
    ("/v1/customers", ANN),
    ("/v1/segments", {"name": "Some", "type": "static", "customers": ["ann"]}),
    ("/v1/validation-rules", RULE),
    ("/v1/vouchers", {"discount": UNITS}),
    ("/v1/vouchers/CODE", {"discount": TEN, "redemption": {"quantity": 1000}}),
    ("/v1/vouchers/GIFT", {"type": "GIFT_VOUCHER", "gift": {"amount": 9000}}),
    ("/v1/vouchers/GIFT/balance", {"amount": 500}),
    (
        "/v1/validation-rules/{rule_id}/assignments",
        {"related_object_type": "voucher", "related_object_id": "CODE"},
    ),
    ("/v1/campaigns", {"name": "Spring", "voucher": {"discount": TEN}, "vouchers_count": 2}),
    ("/v1/campaigns/Spring/vouchers", {"metadata": {"a": 1}}),
    ("/v1/campaigns/Spring/vouchers/SPRING", {"redemption": {"quantity": 3}}),
    ("/v1/campaigns", {"name": "Sale", "campaign_type": "PROMOTION"}),
    ("/v1/promotions/Sale/tiers", {"name": "First", "action": {"discount": TEN}}),
    ("/v1/promotions/Sale/stacks", {"name": "Both", "tiers": {"ids": ["{tier_id}"]}}),
    ("/v1/loyalties", {"name": "Club", "voucher": POINTS}),
    ("/v1/loyalties/Club/members", {"customer": {"source_id": "ann"}}),
    ("/v1/vouchers/{code}/balance", {"amount": 7}),
    ("/v1/loyalties/members/{code}/balance", {"points": 7}),
    ("/v1/rewards", COIN),
    ("/v1/rewards/{reward_id}/assignments", {"campaign": "Club", "parameters": {"loyalty": {"points": 20}}}),
    ("/v1/publications", {"voucher": "CODE", "customer": {"source_id": "ann"}}),
    ("/v1/orders", {"source_id": "cart-2", "amount": 100, "customer": {"source_id": "ann"}}),
    ("/v1/exports", {"exported_object": "order", "parameters": {"order": "status", "fields": ["id", "metadata.x"]}}),
    ("/v1/exports", {"exported_object": "voucher", "parameters": {"order": "-code", "fields": ["code"]}}),
    ("/management/v1/projects/p/stacking-rules", {"redeemables_application_mode": "PARTIAL"}),
    ("/v1/validations", STACK),
    ("/v1/redemptions", {**STACK, "redeemables": STACK["redeemables"][:1]}),
    ("/v1/redemptions/{redemption_id}/rollback", {"reason": "late"}),
    ("/v1/redemptions", {**STACK, "redeemables": STACK["redeemables"][:1]}),
    ("/v1/redemptions", STACK),
    ("/v1/validations", STACK),
)


# Which path parameter an id of this kind goes into.
PARAMETERS = {
    **{"cat": "category_id", "pc": "collection_id", "seg": "segment_id", "camp": "campaign_id", "promo": "tier_id"},
    **{"stack": "stack_id", "rew": "reward_id", "rewa": "assignment_id", "asgm": "assignment_id", "val": "rule_id"},
    **{"stk": "rules_id", "r": "redemption_id", "rr": "redemption_id", "cust": "customer_id", "ord": "order_id"},
    **{"prod": "product_id", "sku": "sku_id", "exp": "export_id"},
}


@dataclass
class World:
    """An engine where something is there: names of it by path parameter, and bodies that worked by path."""

    app: Flask
    names: dict[str, list[str]] = field(default_factory=lambda: {"code": ["CODE"], "session_key": ["mine"]})
    bodies: dict[str, Any] = field(default_factory=dict)

    def make(self) -> None:
        """Make everything, and learn its names."""
        for path, body in MADE:
            path, body = (json.loads(self._filled(json.dumps(value))) for value in (path, body))
            answer = self.app.test_client().post(path, json=body, headers=KEYS)
            assert answer.status_code == 200, answer.get_data(as_text=True)
            for kind, rest in re.findall(r'"id":"([a-z]+)_(\w+)"', answer.get_data(as_text=True)):
                if kind in PARAMETERS:
                    self.names.setdefault(PARAMETERS[kind], []).append(f"{kind}_{rest}")
            self.names["code"] += re.findall(r'"code":"(\w+)"', answer.get_data(as_text=True))
            self.bodies[path] = body

    def _filled(self, text: str) -> str:
        return re.sub(r"{(\w+)}", lambda told: self.names[told[1]][-1], text)

    def path(self, parameters: dict[str, str]) -> st.SearchStrategy[dict[str, str]]:
        """Path parameters of what is there, sometimes as they were generated."""
        return st.fixed_dictionaries(
            {name: st.sampled_from([*self.names.get(name, []), value]) for name, value in parameters.items()}
        )

    def body(self, operation: Operation) -> dict[str, Any]:
        """A body that the operation may accept; a change is told in the words of a creation."""
        path = operation.path.rpartition("/")[0] if operation.method == "put" else operation.path
        alike = re.sub(r"{\w+}", "[^/]+", path.replace("/client/", "/"))
        return next((body for made, body in self.bodies.items() if re.fullmatch(alike, made)), {})


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[World, Path]]:
    """The world, and a copy of its database as it was in the beginning."""
    path = tmp_path_factory.mktemp("conformance") / "engine.db"
    client = ClientSide(Keys("page", "public"), frozenset("*"), redemptions=True)
    app = create_engine_app(f"sqlite:///{path}", "shop", "secret", management=Keys("manager", "secret"), client=client)
    world = World(app)
    world.make()
    dispose(app)  # closing the last connection empties the log into the file
    shutil.copy(path, path.with_suffix(".first"))
    yield world, path
    dispose(app)


def operations(app: Flask) -> list[Operation]:
    """All that is described, to be called in process."""
    schema = openapi.from_wsgi("/openapi.json", app)
    return [found.ok() for found in schema.get_all_operations()]


def requests(world: World, operation: Operation) -> st.SearchStrategy[Case]:
    """Requests with right keys: some as the description makes them, some wrong, some nearly like one that works."""
    ways = [operation.as_strategy(generation_mode=GenerationMode.POSITIVE)]
    if operation.body:
        ways.append(operation.as_strategy(generation_mode=GenerationMode.NEGATIVE))

    @st.composite
    def request(draw: st.DrawFn) -> Case:
        case = draw(st.one_of(ways))
        case.headers = CaseInsensitiveDict(KEYS)
        case.path_parameters = draw(world.path(dict(case.path_parameters or {})))
        if isinstance(case.body, dict) and draw(st.booleans()):
            changed = dict(list(case.body.items())[: draw(st.integers(0, 2))])
            case.body = {**world.body(operation), **changed}
        return case

    return request()


def test_every_answer_is_as_described(made: tuple[World, Path], subtests: pytest.Subtests) -> None:
    """Each operation begins with the same database; what it answers is checked after every request."""
    world, path = made
    load_all_checks()
    checks = [CHECKS.get_one(name) for name in CHECKED]
    described, done = operations(world.app), set()
    for operation in described:
        dispose(world.app)
        shutil.copy(path.with_suffix(".first"), path)

        @settings(
            max_examples=FUZZ or FEW,
            derandomize=not FUZZ,
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.generate, Phase.shrink],
        )
        @given(requests(world, operation))
        def holds(case: Case) -> None:
            response = case.call(app=world.app)
            case.validate_response(response, checks=checks)
            if response.status_code < 300:
                done.add(case.operation.label)

        with subtests.test(operation.label):
            holds()
    # Where nearly everything is refused, nearly nothing is tried.
    assert len(done) > len(described) / 2
