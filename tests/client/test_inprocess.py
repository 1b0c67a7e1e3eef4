"""Calling a WSGI app in the same process, as strictly as the standard library's validator asks."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from wsgiref.validate import validator

import pytest

from checkout_bridge.client import Client
from checkout_bridge.client.inprocess import BASE_URL, InProcessAdapter
from checkout_bridge.errors import BackendFailed, BackendNotFound
from checkout_bridge.http import DeadlineSession

JSON = [("Content-Type", "application/json")]
App = Callable[[dict[str, Any], Any], Iterable[bytes]]


def echo(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    """Answers what it was called with."""
    length = int(environ.get("CONTENT_LENGTH") or 0)
    plain = {name: value for name, value in environ.items() if isinstance(value, str | int | bool)}
    body = json.dumps({**plain, "body": environ["wsgi.input"].read(length).decode()}).encode()
    start_response("200 OK", [*JSON, ("Content-Length", str(len(body)))])
    return [body]


@pytest.fixture
def mount(session: DeadlineSession) -> Callable[[Any], DeadlineSession]:
    """Mounts an app on the session."""

    def mount(app: Any) -> DeadlineSession:
        session.mount(BASE_URL, InProcessAdapter(app))
        return session

    return mount


@pytest.mark.filterwarnings("ignore:Unknown REQUEST_METHOD")
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
def test_an_app_is_called_by_the_rules(mount: Callable[[App], DeadlineSession], method: str) -> None:
    session = mount(validator(echo))
    response = session.call(
        method,
        f"{BASE_URL}v1/x",
        deadline=5.0,
        params=[("a", "1 2"), ("a", "&")],
        json={"n": 1},
        headers={"X-App-Id": "k"},
    )
    seen = response.json()
    assert seen["REQUEST_METHOD"] == method
    assert seen["PATH_INFO"] == "/v1/x"
    assert seen["QUERY_STRING"] == "a=1+2&a=%26"
    assert seen["HTTP_X_APP_ID"] == "k"
    assert seen["HTTP_HOST"] == "engine.invalid"
    assert (seen["CONTENT_TYPE"], seen["CONTENT_LENGTH"]) == ("application/json", "8")
    assert json.loads(seen["body"]) == {"n": 1}


def test_a_path_is_decoded_as_the_standard_says_and_kept_as_it_was(mount: Callable[[App], DeadlineSession]) -> None:
    seen = mount(validator(echo)).call("GET", f"{BASE_URL}v1/vouchers/%C3%A4%2Fb?x=%2F", deadline=5.0).json()
    assert seen["PATH_INFO"].encode("latin-1").decode() == "/v1/vouchers/ä/b"
    assert seen["REQUEST_URI"] == "/v1/vouchers/%C3%A4%2Fb?x=%2F"


def test_the_time_left_is_handed_on_in_milliseconds(mount: Callable[[App], DeadlineSession]) -> None:
    left = mount(validator(echo)).call("GET", BASE_URL, deadline=2.5).json()["checkout_bridge.deadline_ms"]
    assert isinstance(left, int)
    assert 0 < left <= 2500


def test_the_answer_is_a_response_like_any_other(mount: Callable[[App], DeadlineSession]) -> None:
    def app(_: dict[str, Any], start_response: Any) -> list[bytes]:
        start_response("418 I'm a teapot", [("Content-Type", "text/plain; charset=utf-8"), ("X-A", "1"), ("X-A", "2")])
        return ["grün".encode(), b"!"]

    response = mount(validator(app)).call("GET", f"{BASE_URL}tea", deadline=5.0)
    assert (response.status_code, response.reason, response.text) == (418, "I'm a teapot", "grün!")
    assert response.headers["x-a"] == "1, 2"
    assert response.url == f"{BASE_URL}tea"
    assert response.request.method == "GET"


def test_what_is_written_comes_before_what_is_returned(mount: Callable[[App], DeadlineSession]) -> None:
    def app(_: dict[str, Any], start_response: Any) -> list[bytes]:
        write = start_response("200 OK", [("Content-Type", "text/plain")])
        write(b"first ")
        return [b"second"]

    assert mount(validator(app)).call("GET", BASE_URL, deadline=5.0).content == b"first second"


def test_an_app_may_change_its_mind_until_it_has_sent_something(mount: Callable[[App], DeadlineSession]) -> None:
    def app(_: dict[str, Any], start_response: Any) -> list[bytes]:
        start_response("200 OK", JSON)
        try:
            raise LookupError
        except LookupError:
            start_response("404 Not Found", JSON, sys.exc_info())
        return [b"{}"]

    assert mount(app).call("GET", BASE_URL, deadline=5.0).status_code == 404


class Tracked:
    """A body that knows whether it was closed, and may break half way."""

    def __init__(self, *, breaks: bool) -> None:
        self.breaks = breaks
        self.closed = False

    def __iter__(self) -> Iterator[bytes]:
        yield b"{"
        if self.breaks:
            raise RuntimeError("half way")
        yield b"}"

    def close(self) -> None:
        self.closed = True


def answering(body: Iterable[bytes]) -> App:
    def app(_: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        start_response("200 OK", JSON)
        return body

    return app


def test_a_body_is_closed_when_it_was_read(mount: Callable[[App], DeadlineSession]) -> None:
    body = Tracked(breaks=False)
    assert mount(answering(body)).call("GET", BASE_URL, deadline=5.0).content == b"{}"
    assert body.closed


def test_a_body_is_closed_when_it_broke(mount: Callable[[App], DeadlineSession]) -> None:
    body = Tracked(breaks=True)
    with pytest.raises(BackendFailed):
        mount(answering(body)).call("GET", BASE_URL, deadline=5.0)
    assert body.closed


def raises(_: dict[str, Any], __: Any) -> list[bytes]:
    raise ValueError("the database password is hunter2")


def never_starts(_: dict[str, Any], __: Any) -> list[bytes]:
    return [b"{}"]


def starts_twice(_: dict[str, Any], start_response: Any) -> list[bytes]:
    start_response("200 OK", JSON)
    start_response("200 OK", JSON)
    return [b"{}"]


def too_late(_: dict[str, Any], start_response: Any) -> list[bytes]:
    start_response("200 OK", JSON)(b"{")
    try:
        raise ValueError("late")
    except ValueError:
        start_response("500 Oops", JSON, sys.exc_info())
    return [b"}"]


@pytest.mark.parametrize("app", [raises, never_starts, starts_twice, too_late])
def test_an_app_that_breaks_has_failed_and_is_called_once(mount: Callable[[App], DeadlineSession], app: App) -> None:
    calls: list[int] = []

    def counted(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        calls.append(1)
        return app(environ, start_response)

    with pytest.raises(BackendFailed) as failed:
        mount(counted).call("GET", BASE_URL, deadline=5.0)
    assert failed.value.code == 500
    assert "hunter2" not in str(failed.value)
    assert len(calls) == 1


def test_a_client_speaks_to_an_app_as_to_a_server() -> None:
    statuses = iter(["503 Busy", "200 OK", "404 Not Found"])
    keys: list[str] = []

    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        keys.append(environ.get("HTTP_IDEMPOTENCY_KEY", ""))
        start_response(next(statuses), JSON)
        return [b'{"id": "ord_1"}']

    with Client.in_process(validator(app), "id", "token") as client:
        assert client.orders.create_order({"amount": 1}) == {"id": "ord_1"}  # replayed with its key after the 503
        with pytest.raises(BackendNotFound):
            client.orders.get_order("ord_2")
    assert keys[0]
    assert keys == [keys[0], keys[0], ""]


def test_the_client_loads_no_server_and_no_database() -> None:
    program = "import sys, checkout_bridge.client; print(*sorted({name.split('.')[0] for name in sys.modules}))"
    loaded = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout.split()
    assert "requests" in loaded
    assert not {"flask", "werkzeug", "sqlalchemy", "marshmallow"} & set(loaded)
