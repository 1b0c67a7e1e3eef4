"""App keys: nothing under /v1/ is answered without them; the description is open."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from checkout_bridge.engine.app import create_engine_app

if TYPE_CHECKING:
    from .conftest import EngineClient


@pytest.mark.parametrize(
    "keys",
    [
        {},
        {"X-App-Id": "shop"},
        {"X-App-Token": "secret"},
        {"X-App-Id": "shop", "X-App-Token": "wrong"},
        {"X-App-Id": "wrong", "X-App-Token": "secret"},
        {"X-App-Id": "shop\xe9", "X-App-Token": "secret"},
    ],
)
@pytest.mark.parametrize(("method", "path"), [("GET", "/v1/vouchers"), ("POST", "/v1/orders"), ("GET", "/v1/nothing")])
def test_without_the_right_keys_nothing_is_done(
    engine: EngineClient, keys: dict[str, str], method: str, path: str
) -> None:
    before = engine.everything()
    with engine.app.test_client() as client:
        response = client.open(path, method=method, headers=keys, json={"amount": 1} if method == "POST" else None)

    assert response.status_code == 401
    assert response.get_json()["key"] == "unauthorized"
    assert response.get_json()["message"] == "Unauthorized"
    assert engine.everything() == before


@pytest.mark.parametrize(("app_id", "token"), [("", "secret"), ("shop", "")])
def test_an_engine_without_keys_does_not_start(tmp_path: Path, app_id: str, token: str) -> None:
    with pytest.raises(ValueError, match="app id and an app token"):
        create_engine_app(f"sqlite:///{tmp_path}/engine.db", app_id, token)


def test_an_unknown_path_and_a_wrong_method_are_told(engine: EngineClient) -> None:
    assert engine.get("/v1/nothing", status=404)["key"] == "not_found"
    response = engine.send("PATCH", "/v1/orders")
    assert response.status_code == 405
    assert response.get_json()["key"] == "method_not_allowed"
    assert "POST" in response.headers["Allow"]
