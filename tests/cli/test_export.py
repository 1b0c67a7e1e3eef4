"""``export``: everything that can be exported becomes a CSV file that is replaced whole or not at all."""

from __future__ import annotations

import csv
import io
import json
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import Result

from checkout_bridge.cli.export import OBJECTS
from checkout_bridge.client import Client
from checkout_bridge.runtime import Runtime
from checkout_bridge.settings import read_settings

Command = Callable[..., Result]
OUT = Path("out.csv")  # in the test's own folder


@pytest.fixture
def client() -> Iterator[Client]:
    """A client of the engine that the command exports from."""
    runtime = Runtime(read_settings())
    yield runtime.client
    runtime.close()


@pytest.fixture
def orders(client: Client) -> None:
    """Three orders, with a note on the first that a spreadsheet would calculate."""
    for name, status, note in [("a", "PAID", "=1+1"), ("b", "CANCELED", "plain"), ("c", "PAID", "two\nlines")]:
        client.orders.create_order({"source_id": name, "status": status, "amount": 500, "metadata": {"note": note}})


def exported(result: Result) -> list[list[str]]:
    """The rows of the file, its header among them."""
    assert result.exit_code == 0, result.output
    text = OUT.read_bytes().decode()
    assert result.stdout == f"out.csv: {len(text.encode())} bytes\n"
    return list(csv.reader(io.StringIO(text)))


def mistake(result: Result) -> str:
    """The one line that tells a mistake."""
    assert (result.exit_code, result.stdout) == (2, ""), result.output
    (told,) = [line for line in result.stderr.splitlines() if line and not line.startswith("Exporting")]
    assert told.startswith("checkout-bridge: ")
    return told


HEADERS = {
    "orders": "id,source_id,status",
    "redemptions": "id,object,voucher_code,customer_id,date,result",
    "vouchers": "code,voucher_type,value,discount_type",
    "customers": "name,source_id",
    "publications": "code,customer_id,date,channel",
    "products": "id,name,price,image_url,source_id,attributes,created_at",
    "skus": "id,sku,product_id,currency,price,image_url,source_id,attributes,created_at",
    "transactions": "id,type,source_id,status,reason,source,balance,amount,created_at",
    "points-expirations": "id,campaign_id,voucher_id,status,expires_at,points",
}


@pytest.mark.parametrize("what", OBJECTS)
def test_everything_that_is_named_can_be_exported(what: str, command: Command) -> None:
    (header,) = exported(command("export", what, "--out", OUT))

    assert ",".join(header) == HEADERS[what]


def test_what_there_is_becomes_rows(command: Command, client: Client) -> None:
    client.vouchers.create_voucher("TEN", {"discount": {"type": "PERCENT", "percent_off": 10}})
    redeemed = client.redemptions.redeem_stacked_discounts(
        {"redeemables": [{"object": "voucher", "id": "TEN"}], "order": {"amount": 1000}}
    )

    assert exported(command("export", "vouchers", "--out", OUT))[1:] == [["TEN", "DISCOUNT_VOUCHER", "10", "PERCENT"]]
    rows = exported(command("export", "redemptions", "--out", OUT, "--fields", "id,voucher_code,result"))
    assert rows[1:] == [[redeemed["redemptions"][0]["id"], "TEN", "SUCCESS"]]


@pytest.mark.usefixtures("orders")
def test_fields_order_and_filters_are_those_that_were_asked_for(command: Command) -> None:
    paid = json.dumps({"status": {"conditions": {"$is": ["PAID"]}}})
    options = ("--fields", "source_id, amount,metadata.note", "--order", "-source_id", "--filters", paid)

    rows = exported(command("export", "orders", "--out", OUT, *options))

    assert rows == [["source_id", "amount", "metadata.note"], ["c", "500", "two\nlines"], ["a", "500", "=1+1"]]


@pytest.mark.usefixtures("orders")
def test_formulas_are_made_safe_when_asked_to(command: Command) -> None:
    options = ("--fields", "metadata.note,amount", "--order", "source_id", "--neutralise-formulas")

    rows = exported(command("export", "orders", "--out", OUT, *options))

    assert rows[1] == ["'=1+1", "500"]
    assert rows[2] == ["plain", "500"]


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (("--fields", "source_id,total"), "'total'"),
        (("--fields", ","), "''"),
        (("--fields", "metadata."), "'metadata.'"),
        (("--order", "amount"), ".parameters.order"),
        (("--filters", "{"), "--filters is not JSON"),
        (("--filters", "[]"), ".parameters.filters must be object"),
        (("--filters", '{"total": {"conditions": {"$is": ["1"]}}}'), "total"),
        (("--filters", '{"status": {"conditions": {"$like": ["PAID"]}}}'), "$like"),
        (("--filters", '{"status": {"conditions": {"$is": [NaN]}}}'), "JSON"),
    ],
)
@pytest.mark.usefixtures("orders")
def test_what_cannot_be_is_told_in_one_line_and_writes_nothing(
    options: tuple[str, ...], why: str, command: Command, data_dir: Path
) -> None:
    assert why in mistake(command("export", "orders", "--out", OUT, *options))

    assert not OUT.exists()
    assert not (data_dir / "exports").exists()


@pytest.mark.parametrize("arguments", [("everything", "--out", "x.csv"), ("orders",), ("orders", "--out", ".")])
def test_a_command_line_that_makes_no_sense_exits_2(arguments: tuple[str, ...], command: Command) -> None:
    result = command("export", *arguments)

    assert (result.exit_code, result.stdout) == (2, "")


@pytest.mark.usefixtures("orders")
def test_the_file_is_replaced_and_its_owners_alone(command: Command, tmp_path: Path) -> None:
    OUT.write_text("of yesterday, and much longer than what comes now" * 1000)
    OUT.chmod(0o644)

    rows = exported(command("export", "orders", "--out", OUT, "--fields", "source_id", "--order", "source_id"))

    assert rows == [["source_id"], ["a"], ["b"], ["c"]]
    assert stat.S_IMODE(OUT.stat().st_mode) == 0o600
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_file()) == ["out.csv"]


@pytest.mark.usefixtures("orders")
def test_a_file_stays_as_it_was_when_the_new_one_cannot_be_written(
    command: Command, data_dir: Path, tmp_path: Path
) -> None:
    """Given an engine that cannot keep its file, then the one of yesterday is not touched."""
    OUT.write_text("of yesterday")
    (data_dir / "exports").write_text("no folder")

    told = mistake(command("export", "orders", "--out", OUT))

    assert "The export failed: exp_" in told
    assert "ERROR" in told
    assert OUT.read_text() == "of yesterday"
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_file()) == ["out.csv"]


@pytest.mark.usefixtures("orders")
def test_a_folder_that_is_not_there_is_told_in_one_line(command: Command, tmp_path: Path) -> None:
    told = mistake(command("export", "orders", "--out", tmp_path / "gone" / "out.csv"))

    assert "No such file or directory" in told
