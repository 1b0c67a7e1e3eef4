"""Exports and imports through the client: asked for, waited for, and downloaded piece by piece, whole or not at all."""

from __future__ import annotations

import csv
import io
import json
import threading
import tracemalloc
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from checkout_bridge.client import Client
from checkout_bridge.client.streaming import PIECE
from checkout_bridge.engine.app import create_engine_app, database_of, dispose, now
from checkout_bridge.engine.work.exports import export_next
from checkout_bridge.engine.work.imports import import_next
from checkout_bridge.engine.work.leased import Bench
from checkout_bridge.errors import (
    BackendFailed,
    BackendNotFound,
    BackendUnauthorized,
    BackendUnreachable,
    BridgeError,
    ConnectionLost,
    DeadlineExceeded,
    InvalidInput,
    MalformedAnswer,
)

EXPORT = {"id": "exp_1", "status": "DONE", "result": {"url": "https://download.example/v1/exports/exp_1?token=t%26t"}}
TEXT = {"Content_Type": "text/plain"}


@pytest.fixture
def client(backend: Any) -> Iterator[Client]:
    with Client(backend.url, "id", "key", deadline=5.0) as client:
        yield client


def test_a_file_is_asked_of_the_clients_own_backend_with_its_keys(backend: Any, client: Client, tmp_path: Path) -> None:
    """The URL of the export may name another host: neither keys nor token go there."""
    backend.reply(200, b"id\n1\n", **TEXT)

    assert client.exports.download_export(EXPORT, to=tmp_path / "orders.csv") == 5

    (seen,) = backend.seen
    assert (seen.method, seen.target) == ("GET", "/v1/exports/exp_1?token=t%26t")
    assert (seen.headers["x-app-token"], seen.headers["accept"]) == ("key", "text/plain")
    assert (tmp_path / "orders.csv").read_bytes() == b"id\n1\n"
    assert [path.name for path in tmp_path.iterdir()] == ["orders.csv"]


def test_a_file_object_is_written_to_and_left_open(backend: Any, client: Client) -> None:
    backend.reply(200, b"id\n", **TEXT)
    file = io.BytesIO()
    client.exports.download_export(EXPORT, to=file)
    assert file.getvalue() == b"id\n"


def test_progress_is_told_in_bytes(backend: Any, client: Client) -> None:
    size = 2 * PIECE + 1
    told: list[tuple[int, int | None]] = []
    backend.reply(200, b"x" * size, **TEXT)
    client.exports.download_export(EXPORT, to=io.BytesIO(), progress=lambda done, of: told.append((done, of)))
    assert told == [(PIECE, size), (2 * PIECE, size), (size, size)]


def test_a_file_without_a_length_is_read_to_its_last_chunk(backend: Any, client: Client) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n"
    backend.send_raw(head + b"3\r\nid\n\r\n2\r\n1\n\r\n0\r\n\r\n")
    told: list[tuple[int, int | None]] = []
    file = io.BytesIO()
    client.exports.download_export(EXPORT, to=file, progress=lambda done, of: told.append((done, of)))
    assert file.getvalue() == b"id\n1\n"
    assert told[-1] == (5, None)


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (HEAD + b"Content-Length: 100\r\n\r\nid\n1\n", ConnectionLost),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n3\r\nid\n\r\n", ConnectionLost),
        (HEAD + b"\r\nid\n1\n", MalformedAnswer),
        (b"HTTP/1.1 302 Found\r\nLocation: http://elsewhere.example/\r\nContent-Length: 0\r\n\r\n", MalformedAnswer),
        (b"HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n", BackendFailed),
        (b"HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n", BackendNotFound),
        (b"HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n", BackendUnauthorized),
        (b"", ConnectionLost),
    ],
)
def test_half_a_file_is_no_file(
    backend: Any, client: Client, tmp_path: Path, answer: bytes, expected: type[BridgeError]
) -> None:
    target = tmp_path / "orders.csv"
    target.write_text("of yesterday")
    backend.send_raw(answer, then_hang_up=True)

    with pytest.raises(expected):
        client.exports.download_export(EXPORT, to=target)

    assert target.read_text() == "of yesterday"
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize("head", [HEAD + b"Content-Length: 1000000\r\n\r\n", HEAD, b""])
def test_a_file_that_drips_is_given_up(backend: Any, tmp_path: Path, head: bytes) -> None:
    backend.drip(head, b"x")
    with Client(backend.url, "id", "key", deadline=0.3) as client, pytest.raises(DeadlineExceeded):
        client.exports.download_export(EXPORT, to=tmp_path / "orders.csv")
    assert list(tmp_path.iterdir()) == []


def test_what_the_caller_raises_leaves_no_half_file(backend: Any, client: Client, tmp_path: Path) -> None:
    def cancel(done: int, of: int | None) -> None:
        raise KeyboardInterrupt

    backend.reply(200, b"id\n", **TEXT)
    with pytest.raises(KeyboardInterrupt):
        client.exports.download_export(EXPORT, to=tmp_path / "orders.csv", progress=cancel)
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written_is_told_as_it_is(backend: Any, client: Client, tmp_path: Path) -> None:
    backend.reply(200, b"id\n", **TEXT)
    with pytest.raises(FileNotFoundError):
        client.exports.download_export(EXPORT, to=tmp_path / "nowhere" / "orders.csv")


@pytest.mark.parametrize("result", [None, {}, {"url": "https://download.example/v1/exports/exp_1"}])
def test_an_export_without_a_file_is_not_asked_for(backend: Any, client: Client, result: Any) -> None:
    with pytest.raises(InvalidInput, match="SCHEDULED"):
        client.exports.download_export({"id": "exp_1", "status": "SCHEDULED", "result": result}, to=io.BytesIO())
    assert backend.seen == []


def test_a_download_renews_a_refused_access_token(backend: Any) -> None:
    for name in ("t1", "t2"):
        backend.reply(200, json.dumps({"access_token": name, "expires_in": 900}).encode())
        backend.reply(401 if name == "t1" else 200, b"id\n", **TEXT)
    file = io.BytesIO()
    with Client(backend.url, "id", "key", oauth_scope="exports") as client:
        client.exports.download_export(EXPORT, to=file)
    assert file.getvalue() == b"id\n"
    assert [seen.headers.get("authorization") for seen in backend.seen] == [None, "Bearer t1", None, "Bearer t2"]


def test_an_export_is_waited_for(backend: Any, client: Client) -> None:
    told: list[str] = []
    for status in ("SCHEDULED", "IN_PROGRESS", "DONE"):
        backend.reply(200, json.dumps({"id": "exp_1", "status": status}).encode())
    ended = client.exports.wait_for_export("exp_1", every=0.01, progress=lambda export: told.append(export["status"]))
    assert ended == {"id": "exp_1", "status": "DONE"}
    assert told == ["SCHEDULED", "IN_PROGRESS", "DONE"]
    assert {seen.target for seen in backend.seen} == {"/v1/exports/exp_1"}


def test_an_end_without_success_ends_the_wait_too(backend: Any, client: Client) -> None:
    backend.reply(200, b'{"status": "ERROR"}').reply(200, b'{"status": "FAILED"}')
    assert client.exports.wait_for_export("exp_1")["status"] == "ERROR"
    assert client.async_actions.wait_for_async_action("aa_1")["status"] == "FAILED"


def test_the_wait_has_an_end(backend: Any, client: Client) -> None:
    for _ in range(100):
        backend.reply(200, b'{"status": "IN_PROGRESS"}')
    with pytest.raises(DeadlineExceeded, match="IN_PROGRESS"):
        client.exports.wait_for_export("exp_1", timeout=0.05, every=0.01)
    with pytest.raises(DeadlineExceeded, match="IN_PROGRESS"):
        client.async_actions.wait_for_async_action("aa_1", timeout=0.05, every=0.01)


def test_a_backend_that_does_not_answer_does_not_prolong_the_wait(backend: Any, client: Client) -> None:
    backend.reply(200, b'{"status": "IN_PROGRESS"}').hang()
    with pytest.raises(DeadlineExceeded, match="IN_PROGRESS"):
        client.exports.wait_for_export("exp_1", timeout=0.3, every=0.01)


def test_a_backend_that_is_gone_is_told_as_that(refused_url: str) -> None:
    with Client(refused_url, "id", "key") as client, pytest.raises(BackendUnreachable):
        client.exports.wait_for_export("exp_1", timeout=30)


def test_a_long_file_needs_no_more_memory_in_process() -> None:
    """An app in the same process is read no faster than the file is written."""
    piece, count = b"x" * PIECE, 400

    def app(_: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain")])
        return (piece for _ in range(count))

    class Sink(io.RawIOBase):
        def write(self, data: Any) -> int:
            return len(data)

    with Client.in_process(app, "id", "key") as client:
        tracemalloc.start()
        try:
            size = client.exports.download_export(EXPORT, to=Sink())
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert size == count * PIECE
    assert peak < 20 * PIECE


@dataclass
class Shop:
    """A real engine in this process, a client of it, and what its worker does."""

    client: Client
    bench: Bench
    folder: Path

    def work(self) -> None:
        while import_next(self.bench) or export_next(self.bench, self.folder):
            pass


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    folder = tmp_path / "exports"
    app = create_engine_app(f"sqlite:///{tmp_path}/engine.db", "id", "key", exports_folder=folder)
    with Client.in_process(app, "id", "key") as client:
        yield Shop(client, Bench(database_of(app), now), folder)
    dispose(app)


def test_orders_are_imported_and_exported(shop: Shop, tmp_path: Path) -> None:
    orders = shop.client.orders
    sent = [{"source_id": f"o{number}", "amount": number, "status": "PAID"} for number in range(3)]
    action = orders.import_orders([*sent, {"source_id": "bad", "amount": "much"}])
    shop.work()

    done = shop.client.async_actions.wait_for_async_action(action["async_action_id"])
    assert (done["status"], done["result"]["done_count"], done["result"]["failed_count"]) == ("DONE", 3, 1)
    assert shop.client.async_actions.list_async_actions()["async_actions"][0]["id"] == done["id"]

    asked = orders.create_order_export({"parameters": {"fields": ["source_id", "amount"], "order": "created_at"}})
    assert asked["status"] == "SCHEDULED"
    shop.work()
    export = shop.client.exports.wait_for_export(asked["id"])
    target = tmp_path / "orders.csv"
    assert shop.client.exports.download_export(export, to=str(target)) == target.stat().st_size
    with target.open(newline="") as lines:
        assert list(csv.reader(lines)) == [["source_id", "amount"], ["o0", "0"], ["o1", "1"], ["o2", "2"]]


def test_the_wait_lets_the_worker_go_on(shop: Shop) -> None:
    """Given an export that nobody writes yet, when it is waited for and a worker comes, then it is answered."""
    export = shop.client.exports.create_export({"exported_object": "voucher"})
    seen: list[str] = []
    worker = threading.Thread(target=shop.work)

    def start(answer: dict[str, Any]) -> None:
        if not seen:
            worker.start()
        seen.append(answer["status"])

    ended = shop.client.exports.wait_for_export(export["id"], every=0.01, timeout=30, progress=start)
    worker.join()
    assert (seen[0], ended["status"]) == ("SCHEDULED", "DONE")


def test_a_deleted_export_has_no_file(shop: Shop) -> None:
    export = shop.client.exports.create_export({"exported_object": "customer"})
    shop.work()
    export = shop.client.exports.get_export(export["id"])
    assert shop.client.exports.delete_export(export["id"]) == {}
    with pytest.raises(BackendNotFound):
        shop.client.exports.get_export(export["id"])
    with pytest.raises((BackendNotFound, BackendUnauthorized)):
        shop.client.exports.download_export(export, to=io.BytesIO())


def test_a_wrong_token_downloads_nothing(shop: Shop) -> None:
    export = shop.client.exports.create_export({"exported_object": "customer"})
    shop.work()
    export = shop.client.exports.get_export(export["id"])
    export["result"]["url"] = export["result"]["url"][:-4] + "0000"
    with pytest.raises(BackendUnauthorized):
        shop.client.exports.download_export(export, to=io.BytesIO())
