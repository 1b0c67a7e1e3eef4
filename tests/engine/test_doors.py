"""The doors: servers, browsers and the project's managers each have their own, and no key opens another one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from werkzeug.test import TestResponse

from checkout_bridge.engine.http.doors import ClientSide, Keys

if TYPE_CHECKING:
    from .conftest import EngineClient, OpenEngine

SHOP = "https://shop.example"
SERVER = {"X-App-Id": "shop", "X-App-Token": "secret"}
BROWSER = {"X-Client-Application-Id": "page", "X-Client-Token": "public"}
MANAGER = {"X-Management-Id": "boss", "X-Management-Token": "hush"}
RULES = "/management/v1/projects/default/stacking-rules"
REQUEST = {"redeemables": [{"object": "voucher", "id": "TEN"}], "order": {"amount": 1000}}
CLIENT = ClientSide(Keys("page", "public"), frozenset({SHOP}))


@pytest.fixture
def engine(tmp_path: Path, open_engine: OpenEngine) -> Iterator[EngineClient]:
    """All doors have keys; pages of the shop may validate. There is a coupon TEN."""
    with open_engine(f"sqlite:///{tmp_path}/engine.db", management=Keys("boss", "hush"), client=CLIENT) as client:
        client.coupon("TEN", percent_off=10)
        yield client


def knock(engine: EngineClient, method: str, path: str, body: Any = None, **headers: str) -> TestResponse:
    """A request with these headers and no others."""
    with engine.app.test_client() as client:
        return client.open(path, method=method, headers=headers, json=body)


def ask(engine: EngineClient, what: str = "validations", *, origin: str = SHOP, **headers: str) -> TestResponse:
    """A page's request."""
    return knock(engine, "POST", f"/client/v1/{what}", REQUEST, Origin=origin, **(headers or BROWSER))


DOORS = {
    "server": ("GET", "/v1/vouchers", None),
    "browser": ("POST", "/client/v1/validations", REQUEST),
    "manager": ("GET", RULES, None),
}


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize(("whose", "keys"), [("server", SERVER), ("browser", BROWSER), ("manager", MANAGER)])
def test_keys_open_their_own_door_only(engine: EngineClient, door: str, whose: str, keys: dict[str, str]) -> None:
    method, path, body = DOORS[door]

    response = knock(engine, method, path, body, Origin=SHOP, **keys)

    assert response.status_code == (200 if door == whose else 401)
    assert door == whose or response.get_json()["key"] == "unauthorized"


@pytest.mark.parametrize("door", DOORS)
def test_a_door_takes_its_own_keys_under_its_own_names(engine: EngineClient, door: str) -> None:
    method, path, body = DOORS[door]
    pairs = {"server": ("shop", "secret"), "browser": ("page", "public"), "manager": ("boss", "hush")}
    names = {"server": SERVER, "browser": BROWSER, "manager": MANAGER}

    for whose, pair in pairs.items():
        keys = dict(zip(names[door], pair, strict=True))
        response = knock(engine, method, path, body, Origin=SHOP, **keys)
        assert response.status_code == (200 if door == whose else 401)


@pytest.mark.parametrize("keys", [{"X-Client-Application-Id": "page"}, {**BROWSER, "X-Client-Token": "wrong"}, SERVER])
def test_a_page_without_the_right_keys_leaves_no_trace(engine: EngineClient, keys: dict[str, str]) -> None:
    before = engine.everything()

    for what in ("validations", "redemptions"):
        assert ask(engine, what, **keys).status_code == 401
    assert engine.everything() == before


def test_an_engine_without_their_keys_keeps_the_other_doors_shut(tmp_path: Path, open_engine: OpenEngine) -> None:
    with open_engine(f"sqlite:///{tmp_path}/engine.db") as engine:
        for id, token in (("", ""), ("shop", "secret"), ("None", "None")):
            manager = {"X-Management-Id": id, "X-Management-Token": token}
            page = {"X-Client-Application-Id": id, "X-Client-Token": token}
            for method in ("GET", "POST"):
                assert knock(engine, method, RULES, {}, **manager).status_code == 401
            assert ask(engine, **page).status_code == 401
        assert knock(engine, "GET", RULES).status_code == 401


@pytest.mark.parametrize("half", [Keys("boss", ""), Keys("", "hush")])
def test_half_a_pair_of_keys_opens_nothing(tmp_path: Path, open_engine: OpenEngine, half: Keys) -> None:
    client = ClientSide(half, frozenset({"*"}))
    with open_engine(f"sqlite:///{tmp_path}/engine.db", management=half, client=client) as engine:
        manager = {"X-Management-Id": half.id, "X-Management-Token": half.token}
        page = {"X-Client-Application-Id": half.id, "X-Client-Token": half.token}
        assert knock(engine, "GET", RULES, **manager).status_code == 401
        assert ask(engine, **page).status_code == 401


def test_keys_do_not_show() -> None:
    assert "hush" not in repr(Keys("boss", "hush"))


def test_a_page_is_told_what_a_server_is_told(engine: EngineClient) -> None:
    told = ask(engine).get_json()

    assert (told["valid"], told["order"]["total_amount"]) == (True, 900)
    of_server = engine.post("/v1/validations", REQUEST)
    assert {**told, "id": ""} == {**of_server, "id": ""}


def test_a_page_may_hold_what_it_validates(engine: EngineClient) -> None:
    engine.coupon("ONCE", percent_off=10, quantity=1)
    request = {"redeemables": [{"object": "voucher", "id": "ONCE"}], "session": {"type": "LOCK", "key": "mine"}}

    held = knock(engine, "POST", "/client/v1/validations", request, Origin=SHOP, **BROWSER)

    assert held.get_json()["session"]["key"] == "mine"
    assert engine.validate("ONCE")["valid"] is False


@pytest.mark.parametrize("origin", ["https://evil.example", "http://shop.example", f"{SHOP}.evil.example", "null", ""])
def test_a_page_of_another_origin_is_refused(engine: EngineClient, origin: str) -> None:
    response = ask(engine, origin=origin)

    assert response.status_code == 401
    assert response.get_json()["details"] == "This origin is not among those that were let in"
    assert "Access-Control-Allow-Origin" not in response.headers


def test_who_tells_no_origin_is_refused(engine: EngineClient) -> None:
    assert knock(engine, "POST", "/client/v1/validations", REQUEST, **BROWSER).status_code == 401


def test_every_origin_may_be_let_in(tmp_path: Path, open_engine: OpenEngine) -> None:
    everyone = ClientSide(Keys("page", "public"), frozenset({"*"}))
    with open_engine(f"sqlite:///{tmp_path}/engine.db", client=everyone) as engine:
        response = ask(engine, origin="https://any.example")

        assert response.status_code == 200
        assert response.headers["Access-Control-Allow-Origin"] == "https://any.example"
        assert "Access-Control-Allow-Credentials" not in response.headers


@pytest.mark.parametrize("what", ["validations", "redemptions"])
def test_a_browser_asks_first_without_keys_and_is_told_what_it_may_send(engine: EngineClient, what: str) -> None:
    asks = {"Origin": SHOP, "Access-Control-Request-Method": "POST"}

    response = knock(engine, "OPTIONS", f"/client/v1/{what}", **asks)

    assert (response.status_code, response.get_data()) == (204, b"")
    assert response.headers["Access-Control-Allow-Origin"] == SHOP
    assert response.headers["Access-Control-Allow-Methods"] == "POST"
    allowed = response.headers["Access-Control-Allow-Headers"].lower()
    assert all(name.lower() in allowed for name in (*BROWSER, "Content-Type"))
    assert "Origin" in response.headers["Vary"]


def test_a_browser_may_send_what_its_sdk_adds_to_the_keys(engine: EngineClient) -> None:
    names = "content-type,x-client-application-id,x-client-token,x-voucherify-channel"
    asks = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": names}

    response = knock(engine, "OPTIONS", "/client/v1/validations", Origin=SHOP, **asks)

    assert response.headers["Access-Control-Allow-Headers"] == names


def test_a_browser_of_another_origin_is_told_nothing(engine: EngineClient) -> None:
    response = knock(
        engine,
        "OPTIONS",
        "/client/v1/validations",
        Origin="https://evil.example",
        **{"Access-Control-Request-Method": "POST"},
    )

    assert not [name for name, _ in response.headers if name.startswith("Access-Control")]


def test_a_page_reads_answers_and_errors_alike(engine: EngineClient) -> None:
    bad = knock(engine, "POST", "/client/v1/validations", {}, Origin=SHOP, **BROWSER)
    shut = ask(engine, "redemptions")
    keyless = ask(engine, **{"X-Client-Token": "wrong"})

    assert [one.status_code for one in (bad, shut, keyless)] == [400, 403, 401]
    assert {one.headers["Access-Control-Allow-Origin"] for one in (bad, shut, keyless)} == {SHOP}


def test_only_pages_are_told_of_origins(engine: EngineClient) -> None:
    for method, path, keys in (("GET", "/v1/vouchers", SERVER), ("GET", RULES, MANAGER)):
        response = knock(engine, method, path, Origin=SHOP, **keys)
        assert "Access-Control-Allow-Origin" not in response.headers
        asked = knock(engine, "OPTIONS", path, Origin=SHOP)
        assert "Access-Control-Allow-Origin" not in asked.headers


def test_pages_do_not_redeem_unless_they_are_let(engine: EngineClient) -> None:
    before = engine.everything()

    response = ask(engine, "redemptions")

    assert (response.status_code, response.get_json()["key"]) == (403, "forbidden")
    assert response.get_json()["details"] == "Client-side redemptions are off"
    assert engine.everything() == before


def test_pages_that_are_let_redeem_like_servers(tmp_path: Path, open_engine: OpenEngine) -> None:
    redeeming = ClientSide(CLIENT.keys, CLIENT.origins, redemptions=True)
    with open_engine(f"sqlite:///{tmp_path}/engine.db", client=redeeming) as engine:
        engine.coupon("TEN", percent_off=10, quantity=1)

        done = ask(engine, "redemptions").get_json()
        refused = ask(engine, "redemptions")

        assert (done["order"]["total_amount"], engine.redeemed_quantity("TEN")) == (900, 1)
        assert done["redemptions"][0]["channel"]["channel_id"] == "page"
        assert (refused.status_code, refused.get_json()["key"]) == (400, "quantity_exceeded")
        assert engine.redeemed_quantity("TEN") == 1


@pytest.mark.parametrize(("method", "path"), [("GET", "/client/v1/vouchers"), ("POST", "/client/v1/orders")])
def test_browsers_find_nothing_else_behind_their_door(engine: EngineClient, method: str, path: str) -> None:
    assert knock(engine, method, path, {}, Origin=SHOP, **BROWSER).status_code == 404
    assert knock(engine, method, path, {}, Origin=SHOP).status_code == 401


@pytest.mark.parametrize("path", ["//v1/vouchers", "/%76%31/vouchers", "/client/../v1/vouchers", "/v1//vouchers"])
def test_no_spelling_of_a_path_gets_round_a_door(engine: EngineClient, path: str) -> None:
    response = knock(engine, "GET", path)

    assert response.status_code in (308, 401, 404)
    assert b"TEN" not in response.get_data()
