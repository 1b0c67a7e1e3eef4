"""``orders import``: files of three forms, told row by row what is wrong, and nothing lost."""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from select import select
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import Result

from checkout_bridge.cli import background
from checkout_bridge.cli import orders as orders_command
from checkout_bridge.database import open_database
from checkout_bridge.engine.work import control
from checkout_bridge.errors import StorageFailed
from checkout_bridge.runtime import Runtime
from checkout_bridge.settings import read_settings

Command = Callable[..., Result]
Start = Callable[..., subprocess.Popen[str]]
Write = Callable[..., Path]
PATIENCE = 60  # seconds; whoever needs longer hangs
KEYS = {"CHECKOUT_BRIDGE_ENGINE_APP_ID": "shop", "CHECKOUT_BRIDGE_ENGINE_APP_TOKEN": "secret"}
# The same three orders in each form that is read.
CSV = """source_id,status,amount,customer_source_id,metadata,metadata.note
A1,PAID,1000,anna,"{""gift"": true}","one, two"
A2,CANCELED,,,,
A3,,300,anna,,
"""
ORDERS: list[dict[str, Any]] = [
    {
        "source_id": "A1",
        "status": "PAID",
        "amount": 1000,
        "customer": {"source_id": "anna"},
        "metadata": {"gift": True, "note": "one, two"},
    },
    {"source_id": "A2", "status": "CANCELED"},
    {"source_id": "A3", "amount": 300, "customer": {"source_id": "anna"}},
]


@contextmanager
def opened(**settings: Any) -> Iterator[Runtime]:
    """The bridge of the test's own settings."""
    runtime = Runtime(read_settings(settings))
    try:
        yield runtime
    finally:
        runtime.close()


def kept(**params: Any) -> list[dict[str, Any]]:
    """The orders that are there, by name."""
    with opened() as runtime:
        return sorted(runtime.client.orders.iter_orders(limit=100, **params), key=lambda one: str(one["source_id"]))


def names() -> list[str]:
    return [one["source_id"] for one in kept()]


def imports() -> list[str]:
    """The states of all imports that were asked for."""
    with opened() as runtime:
        return [one["status"] for one in runtime.client.async_actions.list_async_actions()["async_actions"]]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes a file into the test's folder."""

    def write_(name: str, content: str | bytes) -> Path:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write_


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("orders.csv", CSV),
        ("orders.CSV", CSV.replace("\n", "\r\n")),
        ("with-mark.csv", "\ufeff" + CSV),
        ("orders.json", json.dumps(ORDERS)),
        ("orders.jsonl", "\n\n".join(json.dumps(one) for one in ORDERS)),
        ("orders.ndjson", "".join(json.dumps(one) + "\n" for one in ORDERS)),
    ],
)
def test_orders_come_in_from_files_of_three_forms(name: str, content: str, command: Command, write: Write) -> None:
    result = command("orders", "import", write(name, content))

    assert (result.exit_code, result.stdout) == (0, "3 orders imported, 0 failed\n")
    shown = [(one["source_id"], one["status"], one.get("amount"), one.get("metadata")) for one in kept()]
    assert shown == [
        ("A1", "PAID", 1000, {"gift": True, "note": "one, two"}),
        ("A2", "CANCELED", None, None),
        ("A3", "CREATED", 300, None),
    ]
    customers = [one["customer_id"] for one in kept()]
    assert customers[0] == customers[2] is not None
    assert customers[1] is None


def test_more_orders_than_the_api_takes_at_once_come_in_batches(command: Command, write: Write) -> None:
    rows = "".join(f"o{number:04},{number}\n" for number in range(4500))

    result = command("orders", "import", write("many.csv", f"source_id,amount\n{rows}"), "--json")

    assert json.loads(result.stdout) == {"done_count": 4500, "failed_count": 0, "failed": []}
    assert imports() == ["DONE"] * 3
    assert [(one["source_id"], one["amount"]) for one in kept()] == [(f"o{n:04}", n) for n in range(4500)]


def test_orders_that_are_large_together_come_in_smaller_batches(
    command: Command, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Few enough that the body of a request stays below the API's limit, signs that JSON escapes included."""
    monkeypatch.setattr(orders_command, "BATCH_SIZE", 10_000)
    rows = "".join(json.dumps({"source_id": f"o{n}", "metadata": {"note": "ü" * 500}}) + "\n" for n in range(7))

    result = command("orders", "import", write("large.jsonl", rows))

    assert (result.exit_code, result.stdout) == (0, "7 orders imported, 0 failed\n")
    assert len(imports()) == 3
    assert names() == [f"o{n}" for n in range(7)]


def test_the_largest_batch_is_taken_by_the_api(command: Command, write: Write) -> None:
    rows = "".join(json.dumps({"source_id": f"o{n}", "metadata": {"note": "x" * 400_000}}) + "\n" for n in range(27))

    result = command("orders", "import", write("large.jsonl", rows))

    assert (result.exit_code, result.stdout) == (0, "27 orders imported, 0 failed\n")


DEEP = "[" * 100_000
# Rows of files that cannot be imported, with what is told of each.
IN_CSV = [
    ("B,,1.50,", ".amount must be integer, in minor units"),
    ("B,,-1,", ".amount must be integer, in minor units"),
    ("B,,²,", ".amount must be integer, in minor units"),
    ("B,HAPPY,,", "Property .status"),
    ("B,PAID,5", "another number of cells"),
    ("B,PAID,5,,5", "another number of cells"),
    ('"B"B,PAID,5,', "not CSV"),
    ("B,,,{", ".metadata must be JSON"),
    ('B,,,"{""a"": NaN}"', ".metadata must be JSON"),
    (f"B,,,{DEEP}", ".metadata must be JSON"),
    ("B,,,[]", ".metadata must be object"),
]
IN_LINES = [
    (b'{"source_id": "B"', "not JSON"),
    (b'{"source_id": "\xfc"}', "not JSON"),
    (b'{"amount": NaN}', "not JSON"),
    (b'{"amount": -Infinity}', "not JSON"),
    (b'{"amount": 1e999}', "not JSON"),
    (DEEP.encode(), "not JSON"),
    (b'["B"]', "must be object"),
    (b'{"amount": "5"}', "Property .amount"),
    (b'{"source_id": "\\ud800"}', "Property .source_id"),
]


CSV_FILE = "\n".join(["source_id,status,amount,metadata", "A,,,", *(row for row, _ in IN_CSV), "C,,,"])
LINES_FILE = b"\n".join([b'{"source_id": "A"}', b"", *(row for row, _ in IN_LINES), b'{"source_id": "C"}'])
JSON_FILE = '[{"source_id": "A"}, 5, {"amount": "5"}, {"source_id": "C"}]'


@pytest.mark.parametrize(
    ("name", "content", "reasons"),
    [
        ("o.csv", CSV_FILE, {number: reason for number, (_, reason) in enumerate(IN_CSV, 2)}),
        ("o.jsonl", LINES_FILE, {number: reason for number, (_, reason) in enumerate(IN_LINES, 3)}),
        ("o.json", JSON_FILE, {2: "must be object", 3: "Property .amount"}),
    ],
    ids=["csv", "lines", "json"],
)
def test_rows_that_cannot_be_imported_are_told_by_their_numbers_and_the_rest_is_done(
    name: str, content: str | bytes, reasons: dict[int, str], command: Command, write: Write
) -> None:
    result = command("orders", "import", write(name, content))

    assert (result.exit_code, result.stdout) == (1, f"2 orders imported, {len(reasons)} failed\n")
    rows = [line.removeprefix("row ") for line in result.stderr.splitlines() if line.startswith("row ")]
    told = {int(number): rest for number, _, rest in (row.partition(", ") for row in rows)}
    assert set(told) == set(reasons)
    assert [number for number, reason in reasons.items() if reason not in told[number]] == []
    assert names() == ["A", "C"]


def test_what_is_wrong_with_rows_is_told_to_programs_too(command: Command, write: Write) -> None:
    """The second row does not get as far as the engine, so that the third is the second of those that do."""
    result = command("orders", "import", write("o.csv", "source_id,status,amount\nA,PAID,\nB,,x\nC,HAPPY,\n"), "--json")

    told = json.loads(result.stdout)
    assert (result.exit_code, told["done_count"], told["failed_count"]) == (1, 1, 2)
    failed = sorted(told["failed"], key=lambda one: int(one["row"]))
    assert [(one["row"], one["source_id"]) for one in failed] == [(2, "B"), (3, "C")]
    assert ".amount" in failed[0]["reason"]
    assert ".status" in failed[1]["reason"]


def test_a_file_in_which_no_row_is_right_asks_for_nothing(command: Command, write: Write) -> None:
    result = command("orders", "import", write("o.jsonl", "1\n2\n"))

    assert (result.exit_code, result.stdout) == (1, "0 orders imported, 2 failed\n")
    assert imports() == []


@pytest.mark.parametrize(("name", "content"), [("o.csv", "source_id\n"), ("o.json", "[]"), ("o.jsonl", "")])
def test_an_empty_file_is_no_mistake(name: str, content: str, command: Command, write: Write) -> None:
    result = command("orders", "import", write(name, content))

    assert (result.exit_code, result.stdout) == (0, "0 orders imported, 0 failed\n")


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("o.csv", "source_id,total\nA,5\n", "column 'total' is not known"),
        ("o.csv", b"source_id,status\nm\xfcller,PAID\n", "line 2 is not UTF-8"),
        ("o.csv", b"source_id\n" + b"A\n" * 2001 + b"\xfc\n", "line 2003 is not UTF-8"),
        ("o.csv", "", "no header row"),
        ("o.csv", "\nsource_id\nA\n", "no header row"),
        ("o.csv", 'source_id,"sta"tus\nA,PAID\n', "the header row is not CSV"),
        ("o.json", '{"source_id": "A"}', "must hold an array"),
        ("o.json", '[{"source_id": "A"}', "is not JSON"),
        ("o.json", '[{"source_id": "A", "amount": NaN}]', "is not JSON"),
        ("o.json", "[" * 100_000, "is not JSON"),
        ("o.json", b'[{"source_id": "\xfc"}]', "is not JSON"),
    ],
)
def test_a_file_of_none_of_these_forms_is_told_in_one_line_and_nothing_is_sent(
    name: str, content: str | bytes, why: str, command: Command, write: Write
) -> None:
    result = command("orders", "import", write(name, content))

    assert (result.exit_code, result.stdout) == (2, "")
    (told,) = [line for line in result.stderr.splitlines() if line not in ("Importing", "")]
    assert told.startswith(f"checkout-bridge: Invalid file: {name}")
    assert why in told
    assert imports() == []


def test_a_file_that_is_not_there_exits_2(command: Command, tmp_path: Path) -> None:
    result = command("orders", "import", tmp_path / "gone.csv")

    assert (result.exit_code, result.stdout) == (2, "")
    assert "gone.csv" in result.stderr


def test_an_export_is_imported_as_it_is(command: Command, write: Write, tmp_path: Path) -> None:
    """Given an export with every field of an order, then it fills an empty engine, and changes nothing in its own."""
    assert command("orders", "import", write("orders.csv", CSV)).exit_code == 0
    fields = (
        "id,source_id,status,created_at,updated_at,amount,discount_amount,items_discount_amount,"
        "total_discount_amount,total_amount,customer_id,referrer_id,metadata"
    )
    export = ("export", "orders", "--order", "source_id", "--fields", fields, "--out")
    assert command(*export, "first.csv").exit_code == 0
    lines = (tmp_path / "first.csv").read_text()
    before = [{**one, "updated_at": None} for one in kept()]

    assert command("orders", "import", "first.csv").stdout == "3 orders imported, 0 failed\n"

    assert [{**one, "updated_at": None} for one in kept()] == before
    assert lines.count("\n") == 4


def test_an_import_that_is_cancelled_meanwhile_is_no_success(
    command: Command, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Cancels:
        """Instead of a worker somebody who cancels whatever waits."""

        def __init__(self, runtime: Runtime) -> None:
            self._url = runtime.settings.engine_database_url

        def do_import(self) -> bool:
            database = open_database(self._url)
            for job in control.newest(database, limit=1):
                control.cancel(database, str(job["id"]))
            database.dispose()
            return False

        def do_export(self) -> bool:
            return False

    monkeypatch.setattr(Runtime, "open_crew", lambda runtime: Cancels(runtime))

    result = command("orders", "import", write("o.csv", "source_id\nA\n"))

    assert (result.exit_code, result.stdout) == (2, "")
    assert "The import failed: aa_" in result.stderr
    assert "cancelled" in result.stderr


def test_a_database_that_is_busy_for_a_while_keeps_nobody_waiting_for_ever(caplog: pytest.LogCaptureFixture) -> None:
    """The work of the command's own worker goes on after a storage failure."""
    did = threading.Event()
    faults = [StorageFailed("The database is busy")]

    class Busy:
        """A crew that cannot reach the database at first."""

        def do_import(self) -> bool:
            if faults:
                raise faults.pop()
            did.set()
            return False

        def do_export(self) -> bool:
            return False

    runtime: Any = SimpleNamespace(settings=SimpleNamespace(api_url=""), open_crew=Busy)
    with background.working(runtime):
        assert did.wait(timeout=PATIENCE)
    assert "The database is busy" in caplog.text


def test_an_engine_elsewhere_imports_and_exports_with_its_own_worker(
    command: Command, start: Start, write: Write, free_port: int, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = start("engine", "serve", "--port", free_port, **KEYS)
    assert server.stdout is not None
    assert select([server.stdout], [], [], PATIENCE)[0], "it never became ready"
    for name, value in {"URL": f"http://127.0.0.1:{free_port}", "APP_ID": "shop", "APP_TOKEN": "secret"}.items():
        monkeypatch.setenv(f"CHECKOUT_BRIDGE_API_{name}", value)

    imported = command("orders", "import", write("orders.csv", f"{CSV}A4,HAPPY,,,,\n"))
    exported = command("export", "orders", "--out", "out.csv", "--fields", "source_id", "--order", "-source_id")
    server.terminate()
    server.communicate(timeout=PATIENCE)

    assert (imported.exit_code, imported.stdout) == (1, "3 orders imported, 1 failed\n")
    assert "row 4, A4: Property .status" in imported.stderr
    assert exported.exit_code == 0, exported.output
    assert Path("out.csv").read_text() == "source_id\nA3\nA2\nA1\n"
    assert not (data_dir / "engine.db").exists()
