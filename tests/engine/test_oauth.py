"""Access tokens: got for the keys, they open what their scope names, until they expire or are revoked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from checkout_bridge.database import reading
from checkout_bridge.engine.http.doors import Keys
from checkout_bridge.engine.services import access_tokens
from checkout_bridge.engine.store.schema import access_tokens as table
from checkout_bridge.engine.store.schema import idempotency_keys

if TYPE_CHECKING:
    from pathlib import Path

    from .conftest import EngineClient, OpenEngine

APP = {"X-App-Id": "shop", "X-App-Token": "secret"}
ASKED = {"grant_type": "client_credentials", "scope": "api"}


def send(engine: EngineClient, method: str, path: str, *, form: Any = None, json: Any = None, **how: Any) -> Any:
    """A request with these ``headers`` and no others."""
    with engine.app.test_client() as client:
        return client.open(path, method=method, data=form, json=json, headers=how.get("headers", APP))


def issue(engine: EngineClient, scope: str = "api") -> Any:
    """Ask for a token as the SDKs do: with a form."""
    response = send(engine, "POST", "/v1/oauth/token", form={**ASKED, "scope": scope})
    assert response.status_code == 200, response.get_data(as_text=True)
    return response.get_json()


def bearing(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def knock(engine: EngineClient, token: str, path: str = "/v1/vouchers") -> TestResponse:
    """Read something with nothing but a token."""
    response: TestResponse = send(engine, "GET", path, headers=bearing(token))
    return response


def test_a_token_is_told_with_its_end(engine: EngineClient) -> None:
    answer = issue(engine, "orders  exports orders")

    assert answer == {
        "access_token": answer["access_token"],
        "client_id": "shop",
        "expires_at": int(engine.clock.now.timestamp()) + 900,
        "expires_in": 900,
        "scope": "orders exports",
        "token_type": "Bearer",
    }
    assert len(bytes.fromhex(answer["access_token"])) == 32


def test_json_is_as_good_as_a_form(engine: EngineClient) -> None:
    token = engine.post("/v1/oauth/token", ASKED)["access_token"]

    assert engine.post("/v1/oauth/introspect", {"access_token": token})["active"] is True


def test_a_token_alone_opens_the_door(engine: EngineClient) -> None:
    token = issue(engine)["access_token"]

    assert knock(engine, token).status_code == 200
    made = send(engine, "POST", "/v1/orders", json={"amount": 5}, headers=bearing(token))
    assert (made.status_code, made.get_json()["amount"]) == (200, 5)


@pytest.mark.parametrize(
    "headers", [{"Authorization": "bearer {}"}, {"X-Voucherify-OAuth": "Bearer {}"}, {"X-Voucherify-OAuth": "{}"}]
)
def test_a_token_comes_as_the_clients_send_it(engine: EngineClient, headers: dict[str, str]) -> None:
    token = issue(engine)["access_token"]
    sent = {name: value.format(token) for name, value in headers.items()}

    assert send(engine, "GET", "/v1/vouchers", headers=sent).status_code == 200


@pytest.mark.parametrize("told", ["", "Bearer", "Bearer ", "Bearer wrong", "Bearer \xff", "Basic c2hvcDpzZWNyZXQ="])
def test_a_wrong_token_opens_nothing(engine: EngineClient, told: str) -> None:
    response = send(engine, "GET", "/v1/vouchers", headers={"Authorization": told})

    assert (response.status_code, response.get_json()["key"]) == (401, "unauthorized")


def test_what_is_kept_of_a_token_opens_nothing(engine: EngineClient) -> None:
    token = engine.post("/v1/oauth/token", ASKED, Idempotency_Key="once")["access_token"]

    with reading(engine.app.extensions["checkout_bridge.engine"]) as connection:
        (kept,) = connection.execute(select(table.c.hash)).scalars()
        assert connection.execute(select(idempotency_keys)).all() == []
    assert kept != token
    assert knock(engine, kept).status_code == 401


def test_a_token_dies_after_a_quarter_of_an_hour(engine: EngineClient) -> None:
    token = issue(engine)["access_token"]

    engine.clock.advance(seconds=899)
    assert knock(engine, token).status_code == 200
    engine.clock.advance(seconds=1)
    assert knock(engine, token).status_code == 401


def test_a_revoked_token_is_dead(engine: EngineClient) -> None:
    token, other = issue(engine)["access_token"], issue(engine)["access_token"]

    assert send(engine, "POST", "/v1/oauth/token/revoke", form={"access_token": token}).status_code == 204

    assert knock(engine, token).status_code == 401
    assert knock(engine, other).status_code == 200
    again = send(engine, "POST", "/v1/oauth/token/revoke", form={"access_token": token})
    assert (again.status_code, again.get_json()["key"]) == (404, "not_found")
    assert token not in again.get_data(as_text=True)


def test_a_token_tells_what_it_is_good_for(engine: EngineClient) -> None:
    issued = issue(engine, "orders")
    engine.clock.advance(seconds=100)

    told = engine.post("/v1/oauth/introspect", {"access_token": issued["access_token"]})

    assert told == {**issued, "expires_in": 800, "active": True}


def test_a_dead_token_tells_only_that(engine: EngineClient) -> None:
    token = issue(engine)["access_token"]
    engine.clock.advance(seconds=901)

    for name in (token, "never issued"):
        told = engine.post("/v1/oauth/introspect", {"access_token": name})
        assert told == {
            **{"access_token": name, "client_id": "shop", "expires_at": 0, "expires_in": 0},
            **{"scope": "", "token_type": "Bearer", "active": False},
        }


@pytest.mark.parametrize(
    ("scope", "path", "status"),
    [
        ("orders", "/v1/orders/none", 404),
        ("orders", "/v1/vouchers", 403),
        ("vouchers orders", "/v1/vouchers", 200),
        ("validation-rules", "/v1/validation-rules-assignments", 403),
        ("orders", "/v1/orders/../vouchers", 404),
        ("products", "/v1/product-collections", 403),
        ("exports", "/v1/orders/export", 403),
    ],
)
def test_a_scope_opens_the_paths_that_begin_with_its_name(
    engine: EngineClient, scope: str, path: str, status: int
) -> None:
    response = knock(engine, issue(engine, scope)["access_token"], path)

    assert response.status_code == status
    assert status != 403 or response.get_json()["key"] == "forbidden"


def test_a_token_opens_no_other_door(tmp_path: Path, open_engine: OpenEngine) -> None:
    with open_engine(f"sqlite:///{tmp_path}/engine.db", management=Keys("boss", "hush")) as engine:
        token = issue(engine)["access_token"]
        for path, body in (
            ("/v1/oauth/token", ASKED),
            ("/v1/oauth/introspect", {"access_token": token}),
            ("/v1/oauth/token/revoke", {"access_token": token}),
            ("/management/v1/projects/p/stacking-rules", {}),
            ("/client/v1/validations", {}),
        ):
            assert send(engine, "POST", path, json=body, headers=bearing(token)).status_code == 401
        assert knock(engine, token).status_code == 200


def test_keys_that_are_sent_must_be_right_whatever_the_token(engine: EngineClient) -> None:
    token = issue(engine)["access_token"]

    both = {**bearing(token), **APP}
    assert send(engine, "GET", "/v1/vouchers", headers={**both, "X-App-Token": "wrong"}).status_code == 401
    assert send(engine, "GET", "/v1/vouchers", headers={**both, "Authorization": "Bearer wrong"}).status_code == 200


@pytest.mark.parametrize(
    ("change", "details"),
    [
        ({"grant_type": "password"}, "Property .grant_type must be equal to one of the allowed values"),
        ({"grant_type": None}, "Payload should have required property 'grant_type'"),
        ({"scope": None}, "Payload should have required property 'scope'"),
        ({"scope": " "}, "Property .scope must name a scope"),
        ({"scope": "api everything"}, "Property .scope must hold only these scopes"),
        ({"scope": "orders,exports"}, "Property .scope must hold only these scopes"),
        ({"scope": "client_api"}, "Property .scope names scopes of browsers, which are not supported"),
    ],
)
def test_a_request_for_a_token_must_be_whole(engine: EngineClient, change: dict[str, Any], details: str) -> None:
    asked = {name: value for name, value in {**ASKED, **change}.items() if value is not None}

    for how in ({"form": asked}, {"json": asked}):
        response = send(engine, "POST", "/v1/oauth/token", **how)
        assert (response.status_code, response.get_json()["key"]) == (400, "invalid_payload")
        assert response.get_json()["details"].startswith(details)


def test_only_the_keys_get_a_token(engine: EngineClient) -> None:
    before = engine.everything()

    response = send(engine, "POST", "/v1/oauth/token", form=ASKED, headers={**APP, "X-App-Token": "wrong"})

    assert response.status_code == 401
    assert engine.everything() == before


def test_no_more_than_a_number_of_tokens_live_and_dead_ones_make_room(
    engine: EngineClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(access_tokens, "MOST", 2)
    issue(engine)
    issue(engine)

    assert engine.post("/v1/oauth/token", ASKED, status=400)["key"] == "too_many_access_tokens"

    engine.clock.advance(seconds=900)
    issue(engine)
    assert len(engine.everything()["access_tokens"]) == 1


def test_the_description_tells_of_forms_and_tokens(engine: EngineClient) -> None:
    document = engine.get("/openapi.json")

    asked = document["paths"]["/v1/oauth/token"]["post"]
    assert list(asked["requestBody"]["content"]) == ["application/x-www-form-urlencoded", "application/json"]
    assert asked["security"] == [{"app_id": [], "app_token": []}]
    assert document["paths"]["/v1/orders"]["post"]["security"] == [{"app_id": [], "app_token": []}, {"bearer": []}]
    assert document["components"]["securitySchemes"]["bearer"] == {"type": "http", "scheme": "bearer"}
