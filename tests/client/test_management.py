"""The client of the management paths: what it sends, what it answers, and how refusals come back."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from flask import Flask

from checkout_bridge.client.management import Management
from checkout_bridge.engine.app import create_engine_app, dispose
from checkout_bridge.engine.http.doors import Keys
from checkout_bridge.errors import (
    BackendFailed,
    BackendNotFound,
    BackendRefused,
    BackendUnauthorized,
    DeadlineExceeded,
    InvalidInput,
)

if TYPE_CHECKING:
    from .conftest import Backend

ALL = "/management/v1/projects/default/stacking-rules"
RULES = {"redeemables_limit": 9}
# Every call, its request line, and its body.
CALLS: list[tuple[Callable[[Management], Any], str, str, Any]] = [
    (Management.list_stacking_rules, "GET", ALL, None),
    (lambda client: client.create_stacking_rules(RULES), "POST", ALL, RULES),
    (lambda client: client.update_stacking_rules("stk_1", RULES), "PUT", f"{ALL}/stk_1", RULES),
    (lambda client: client.delete_stacking_rules("stk_1"), "DELETE", f"{ALL}/stk_1", None),
]
each_call = pytest.mark.parametrize(
    ("call", "method", "target", "body"), CALLS, ids=["list", "create", "set", "delete"]
)


@pytest.fixture
def management(backend: Backend) -> Iterator[Management]:
    """A client of the server that answers as it was told."""
    with Management(backend.url, "boss", "hush", deadline=5) as client:
        yield client


@each_call
def test_a_call_is_one_request_with_the_management_keys(
    backend: Backend, management: Management, call: Any, method: str, target: str, body: Any
) -> None:
    call(management)

    (seen,) = backend.seen
    assert (seen.method, seen.target) == (method, target)
    assert (seen.headers["x-management-id"], seen.headers["x-management-token"]) == ("boss", "hush")
    assert not {"x-app-id", "x-app-token"} & set(seen.headers)
    assert (json.loads(seen.body) if seen.body else None) == body
    assert ("idempotency-key" in seen.headers) is (method != "GET")


def test_answers_come_back_as_they_are(backend: Backend, management: Management) -> None:
    listed = {"object": "list", "data_ref": "data", "data": [{"id": "stk_1", "unheard_of": None}], "total": 1}
    backend.reply(body=json.dumps(listed).encode())
    backend.reply(status=204, body=b"")

    assert management.list_stacking_rules() == listed
    assert management.delete_stacking_rules("stk_1") is None


def test_a_project_and_an_id_cannot_reach_other_paths(backend: Backend) -> None:
    with Management(backend.url, "boss", "hush", project="a/b ?") as management:
        management.update_stacking_rules("../x", {})

    assert backend.seen[0].target == "/management/v1/projects/a%2Fb%20%3F/stacking-rules/..%2Fx"


@pytest.mark.parametrize("name", ["", ".", ".."])
def test_a_name_that_would_address_something_else_is_refused(backend: Backend, name: str) -> None:
    with Management(backend.url, "boss", "hush", project=name) as management, pytest.raises(InvalidInput):
        management.list_stacking_rules()
    with Management(backend.url, "boss", "hush") as management, pytest.raises(InvalidInput):
        management.delete_stacking_rules(name)
    assert backend.seen == []


@pytest.mark.parametrize(
    ("status", "error"),
    [(400, BackendRefused), (401, BackendUnauthorized), (404, BackendNotFound), (409, BackendRefused)],
)
@each_call
def test_a_refusal_is_raised_with_its_words(
    backend: Backend,
    management: Management,
    call: Any,
    method: str,
    target: str,
    body: Any,
    status: int,
    error: type[BackendRefused],
) -> None:
    told = {"code": status, "key": "some_key", "message": "No", "details": "because"}
    backend.reply(status=status, body=json.dumps(told).encode())

    with pytest.raises(error) as refused:
        call(management)

    assert (refused.value.key, refused.value.message) == ("some_key", "No")
    assert len(backend.seen) == 1


def test_a_server_that_fails_or_hangs_is_told_within_the_deadline(backend: Backend) -> None:
    with Management(backend.url, "boss", "hush", deadline=0.3) as management:
        backend.reply(status=500)
        with pytest.raises(BackendFailed):
            management.create_stacking_rules(RULES)
        backend.hang()
        started = time.monotonic()
        with pytest.raises(DeadlineExceeded):
            management.create_stacking_rules(RULES)
    assert time.monotonic() - started < 5


@pytest.mark.parametrize("keys", [("", "hush"), ("boss", ""), ("boss", "hu\nsh")])
def test_keys_that_cannot_be_sent_are_refused_and_not_shown(keys: tuple[str, str]) -> None:
    with pytest.raises(InvalidInput) as refused:
        Management("https://api.example", *keys)
    assert "sh" not in refused.value.details.replace("space", "")


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Flask]:
    """An engine whose management paths are open."""
    made = create_engine_app(f"sqlite:///{tmp_path}/engine.db", "shop", "secret", management=Keys("boss", "hush"))
    yield made
    dispose(made)


def test_in_process_the_rules_are_set_changed_and_given_up(app: Flask) -> None:
    with Management.in_process(app, "boss", "hush", project="any") as management:
        assert management.list_stacking_rules()["data"] == []
        made = management.create_stacking_rules({"applicable_redeemables_limit": 7})
        changed = management.update_stacking_rules(made["id"], {"redeemables_application_mode": "PARTIAL"})

        assert (changed["applicable_redeemables_limit"], changed["redeemables_application_mode"]) == (7, "PARTIAL")
        assert management.list_stacking_rules()["data"] == [changed]
        with pytest.raises(BackendRefused, match="Duplicated"):
            management.create_stacking_rules({})
        management.delete_stacking_rules(made["id"])
        assert management.list_stacking_rules()["total"] == 0
        with pytest.raises(BackendNotFound):
            management.update_stacking_rules(made["id"], {})


def test_in_process_the_keys_count_too(app: Flask) -> None:
    with Management.in_process(app, "shop", "secret") as management, pytest.raises(BackendUnauthorized):
        management.list_stacking_rules()
