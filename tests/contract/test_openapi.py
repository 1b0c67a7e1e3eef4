"""The engine's own description: complete, closed in itself, and true of what the engine answers."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from checkout_bridge.engine.app import create_engine_app, dispose

METHODS = {"get", "post", "put", "delete"}
TYPES: dict[str, type | tuple[type, ...]] = {
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "object": dict,
    "array": list,
}


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Flask]:
    """An engine with nothing in it."""
    app = create_engine_app(f"sqlite:///{tmp_path}/engine.db", "shop", "secret")
    yield app
    dispose(app)


@pytest.fixture
def client(app: Flask) -> Iterator[FlaskClient]:
    """Sends the right keys."""
    with app.test_client() as client:
        client.environ_base |= {"HTTP_X_APP_ID": "shop", "HTTP_X_APP_TOKEN": "secret"}
        yield client


@pytest.fixture
def document(app: Flask) -> Any:
    """The description, which needs no keys."""
    with app.test_client() as client:
        return client.get("/openapi.json").get_json()


def operations(document: Any) -> list[tuple[str, str, Any]]:
    """``(method, path, operation)`` of each."""
    return [
        (method.upper(), path, operation)
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if method in METHODS
    ]


def resolve(document: Any, reference: str) -> Any:
    """What a ``$ref`` points to."""
    target = document
    for part in reference.removeprefix("#/").split("/"):
        target = target[part]
    return target


def departures(document: Any, schema: Any, value: Any, where: str = "answer") -> Iterator[str]:
    """Where a value is not what its schema says."""
    if "anyOf" in schema:  # either null or what is referred to
        schema = next(part for part in schema["anyOf"] if ("$ref" in part) == (value is not None))
    if "$ref" in schema:
        schema = resolve(document, schema["$ref"])
    if value is None:
        if not schema.get("nullable"):
            yield f"{where} is null"
        return
    kind = schema.get("type")
    if kind and (not isinstance(value, TYPES[kind]) or (isinstance(value, bool) and kind != "boolean")):
        yield f"{where} is {value!r} and not {kind}"
        return
    if "enum" in schema and value not in schema["enum"]:
        yield f"{where} is {value!r} and not one of {schema['enum']}"
    if isinstance(value, int) and not schema.get("minimum", value) <= value <= schema.get("maximum", value):
        yield f"{where} is {value!r}, out of its bounds"
    for name in schema.get("required", []):
        if name not in value:
            yield f"{where}.{name} is missing"
    for name, of in schema.get("properties", {}).items():
        if name in value:
            yield from departures(document, of, value[name], f"{where}.{name}")
    for i, item in enumerate(value if kind == "array" else ()):
        yield from departures(document, schema["items"], item, f"{where}[{i}]")


def answer_schema(document: Any, method: str, path: str, status: int) -> Any:
    """What the description says of an answer; None where it promises no body."""
    for its_method, template, operation in operations(document):
        if its_method == method and re.fullmatch(re.sub(r"{\w+}", "[^/]+", template), path):
            content = operation["responses"][str(status)].get("content")
            return content and content["application/json"]["schema"]
    raise AssertionError(f"{method} {path} is not described")


@pytest.mark.parametrize(
    ("schema", "value", "departure"),
    [
        ({"type": "integer"}, 1.5, "answer is 1.5 and not integer"),
        ({"type": "integer"}, True, "answer is True and not integer"),
        ({"type": "string"}, None, "answer is null"),
        ({"type": "integer", "minimum": 0}, -1, "answer is -1, out of its bounds"),
        ({"properties": {"a": {"enum": ["x"]}}}, {"a": "y"}, "answer.a is 'y' and not one of ['x']"),
        ({"type": "array", "items": {"required": ["a"]}}, [{}], "answer[0].a is missing"),
        (
            {"anyOf": [{"type": "object", "nullable": True}, {"$ref": "#/x"}]},
            {"n": "1"},
            "answer.n is '1' and not integer",
        ),
    ],
)
def test_a_departure_from_a_schema_is_seen(schema: Any, value: Any, departure: str) -> None:
    document = {"x": {"type": "object", "properties": {"n": {"type": "integer"}}}}

    assert list(departures(document, schema, value)) == [departure]


def test_every_operation_says_what_it_is_for_and_what_may_come_of_it(document: Any) -> None:
    described = operations(document)

    assert len(described) > 20
    names = [operation["operationId"] for _, _, operation in described]
    assert len(set(names)) == len(names)
    for method, path, operation in described:
        assert operation["summary"]
        assert operation["security"]
        assert any(code.startswith("2") for code in operation["responses"])
        in_path = [one["name"] for one in operation["parameters"] if one["in"] == "path"]
        assert in_path == re.findall(r"{(\w+)}", path)
        headers = [one["name"] for one in operation["parameters"] if one["in"] == "header"]
        only_asks = method == "GET" or path.endswith("/qualifications")
        assert headers == ([] if only_asks else ["Idempotency-Key"])


def test_every_route_is_described_and_every_description_has_its_route(app: Flask, document: Any) -> None:
    routes = {
        (method, re.sub(r"<(?:path:)?(\w+)>", r"{\1}", rule.rule))
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if rule.rule.startswith(("/v1/", "/client/v1/", "/management/v1/"))
    }

    assert {(method, path) for method, path, _ in operations(document)} == routes


def test_every_reference_leads_somewhere(document: Any) -> None:
    references = set(re.findall(r'"\$ref": "([^"]+)"', json.dumps(document)))

    assert len(references) > 10
    assert all(isinstance(resolve(document, reference), dict) for reference in references)


def test_the_page_loads_the_description_from_the_engine_itself(client: FlaskClient) -> None:
    page = client.get("/docs/")

    assert page.status_code == 200
    assert "/openapi.json" in page.get_data(as_text=True)
    for asset in re.findall(r'(?:src|href)="([^"]+)"', page.get_data(as_text=True)):
        assert not asset.startswith(("http:", "https:", "//"))
        with client.get(asset if asset.startswith("/") else f"/docs/{asset}") as response:
            assert response.status_code == 200, asset


Check = Callable[..., Any]


@pytest.fixture
def check(client: FlaskClient, document: Any) -> Check:
    """Asks, and looks whether status and answer are as described."""

    def ask(method: str, path: str, body: Any = None, status: int = 200) -> Any:
        response = client.open(path, method=method, json=body)
        assert response.status_code == status, response.get_data(as_text=True)
        schema = answer_schema(document, method, path.partition("?")[0], status)
        if schema is None:
            assert response.data == b""
            return None
        answer = response.get_json()
        assert list(departures(document, schema, answer)) == []
        return answer

    return ask


def test_answers_are_what_the_description_says(check: Check) -> None:
    stack = {
        "redeemables": [{"object": "voucher", "id": code} for code in ("CODE", "GIFT")],
        "order": {"source_id": "cart-1", "items": [{"source_id": "shirt", "quantity": 2, "price": 500}]},
        "customer": {"source_id": "ann", "name": "Ann"},
        "session": {"type": "LOCK", "key": "mine"},
    }
    check("POST", "/v1/vouchers/CODE", {"discount": {"type": "PERCENT", "percent_off": 10}})
    check("POST", "/v1/vouchers/GIFT", {"type": "GIFT_VOUCHER", "gift": {"amount": 100}})
    check("POST", "/v1/vouchers/CODE", {"discount": {"type": "PERCENT", "percent_off": 10}}, 409)
    check("POST", "/v1/vouchers", {"discount": {"type": "AMOUNT", "amount_off": 10}})
    check("PUT", "/v1/vouchers/CODE", {"expiration_date": "2999-01-01"})
    check("POST", "/v1/vouchers/GIFT/balance", {"amount": 50})
    check("POST", "/v1/vouchers/GIFT/disable")
    check("POST", "/v1/validations", {**stack, "order": {"amount": 1}})
    check("POST", "/v1/vouchers/GIFT/enable")
    check("POST", "/v1/validations", stack)
    check("DELETE", "/v1/vouchers/CODE/sessions/mine", status=204)
    parent_id = check("POST", "/v1/redemptions", stack)["parent_redemption"]["id"]
    check("POST", "/v1/redemptions", {}, 400)
    single = check("POST", "/v1/redemptions", {**stack, "redeemables": stack["redeemables"][:1]})
    single_id = single["redemptions"][0]["id"]
    for path in ("vouchers", "vouchers/GIFT", "vouchers/GIFT/transactions", "vouchers/GIFT/redemption"):
        check("GET", f"/v1/{path}")
    for path in (f"redemptions/{parent_id}", "orders/cart-1", "customers/ann"):
        check("GET", f"/v1/{path}")
    rollback_id = check("POST", f"/v1/redemptions/{single_id}/rollback", {"reason": "late"})["id"]
    check("GET", f"/v1/redemptions/{rollback_id}")
    check("POST", f"/v1/redemptions/{parent_id}/rollbacks", {"reason": "late"})
    check("GET", f"/v1/redemptions/{parent_id}")
    check("PUT", "/v1/orders/cart-1", {"status": "FULFILLED"})
    check("POST", "/v1/orders", {"amount": 1})
    check("PUT", "/v1/customers/ann", {"name": "Anna"})
    check("GET", "/v1/orders/none", status=404)
    check("DELETE", "/v1/vouchers/CODE", status=204)


def test_answers_about_products_and_their_discounts_are_what_the_description_says(check: Check) -> None:
    shirt = {"source_id": "shirt", "name": "Shirt", "price": 900, "attributes": ["colour"], "metadata": {"a": 1}}
    check("POST", "/v1/products", shirt)
    check("POST", "/v1/products", {})
    check("POST", "/v1/products", {"price": -1}, 400)
    red = {"source_id": "red", "sku": "Red", "price": 1000, "attributes": {"colour": "red"}}
    check("POST", "/v1/products/shirt/skus", red)
    check("PUT", "/v1/products/shirt", {"price": 950})
    check("PUT", "/v1/products/shirt/skus/red", {"currency": "EUR"})
    for path in ("products", "products/shirt", "products/shirt/skus", "skus/red"):
        check("GET", f"/v1/{path}")
    check("GET", "/v1/products/none", status=404)
    included = [{"object": "product", "source_id": "shirt", "effect": "APPLY_TO_CHEAPEST", "quantity_limit": 1}]
    over_1 = {"name": "order.amount", "conditions": {"$more_than": [100]}, "error": {"message": "Too little"}}
    sent = {"name": "a", "rules": {"1": over_1, "logic": "1"}, "applicable_to": {"included": included}}
    rule = check("POST", "/v1/validation-rules", sent)
    check("POST", "/v1/validation-rules", {"rules": {"1": {}}}, 400)
    check("POST", "/v1/validation-rules", {})
    path = f"/v1/validation-rules/{rule['id']}"
    check("POST", "/v1/vouchers/HALF", {"discount": {"type": "PERCENT", "percent_off": 50}})
    units = [{"unit_off": 1, "unit_type": "red", "effect": "ADD_NEW_ITEMS"}]
    check("POST", "/v1/vouchers/FREE", {"discount": {"type": "UNIT", "effect": "ADD_MANY_ITEMS", "units": units}})
    gift = {"amount": 300, "effect": "APPLY_TO_ITEMS"}
    check("POST", "/v1/vouchers/GIFT", {"type": "GIFT_VOUCHER", "gift": gift})
    assignment = {"related_object_type": "voucher", "related_object_id": "HALF"}
    assigned = check("POST", f"{path}/assignments", assignment)
    check("POST", f"{path}/assignments", assignment, 409)
    check("PUT", path, {"name": "b"})
    for some in (path, "/v1/validation-rules", f"{path}/assignments"):
        check("GET", some)
    stack = {
        "redeemables": [{"object": "voucher", "id": code} for code in ("FREE", "HALF", "GIFT")],
        "order": {"source_id": "cart-2", "items": [{"source_id": "shirt", "quantity": 2}]},
    }
    check("POST", "/v1/validations", stack)
    parent_id = check("POST", "/v1/redemptions", stack)["parent_redemption"]["id"]
    check("GET", f"/v1/redemptions/{parent_id}")
    check("GET", "/v1/orders/cart-2")
    check("POST", f"/v1/redemptions/{parent_id}/rollbacks")
    refused = {**stack, "redeemables": stack["redeemables"][1:2], "order": {"amount": 1}}
    check("POST", "/v1/validations", refused)
    check("POST", "/v1/redemptions", refused, 400)
    check("DELETE", f"{path}/assignments/{assigned['id']}", status=204)
    check("DELETE", path, status=204)
    check("DELETE", "/v1/products/shirt/skus/red", status=204)
    check("DELETE", "/v1/products/shirt", status=204)
