"""``import-history``: a platform's orders of the past come in once, told row by row, and nothing is redeemed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from flask import Flask

from checkout_bridge import CheckoutBridge
from checkout_bridge.bridge.identity import Source
from checkout_bridge.cli import main
from checkout_bridge.cli.history import source_id_of
from checkout_bridge.client.resources.async_actions import AsyncActions
from checkout_bridge.events import Cart, Line

from .exported import EMAIL, ID, NAME, SHOP, TWO, Command, kept, opened, sold, source_id

LINES = "\n\n".join(json.dumps(one) for one in TWO)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("o.json", json.dumps(TWO)),
        ("o.json", "\ufeff \n" + json.dumps(TWO, indent=2) + "\n\n"),
        ("o.json", json.dumps({"next": None, "orders": TWO, "count": 2, "total": {"of": [3]}})),
        ("o.json", '{"orders" : [ ] , "orders"\n:\t[ ' + " , ".join(json.dumps(one) for one in TWO) + " ] }"),
        ("o.json", LINES),
        ("o.txt", LINES.replace("\n\n", "\r\n")),
        ("o.jsonl", "\n" + LINES + "\n"),
        ("o.ndjson", "\ufeff" + LINES),
    ],
)
def test_orders_come_in_from_files_of_every_form(name: str, content: str, history: Any) -> None:
    result = history(content, name=name)

    assert (result.exit_code, result.stdout) == (0, "2 orders imported, 0 unchanged, 0 skipped, 0 failed\n")
    assert [one["source_id"] for one in kept()] == [source_id(1), source_id(2)]


@pytest.mark.parametrize("content", [json.dumps(TWO), LINES])
def test_orders_come_in_from_standard_input(content: str) -> None:
    result = CliRunner().invoke(main, ["import-history", "shopify", "-", "--shop", SHOP], input=content)

    assert (result.exit_code, result.stdout) == (0, "2 orders imported, 0 unchanged, 0 skipped, 0 failed\n")


def test_an_order_is_kept_as_paid_with_its_codes_noted_and_not_redeemed(command: Command, history: Any) -> None:
    assert command("vouchers", "create", "TEN", "--percent-off", 10, "--quantity", 1).exit_code == 0

    assert history([sold(1, "TEN", "GONE")]).exit_code == 0

    (order,) = kept()
    assert (order["status"], order["amount"], order["total_amount"]) == ("PAID", 2500, 2500)
    ref = str(ID + 1)
    assert order["metadata"] == {"platform": "shopify", "shop": SHOP, "order_ref": ref, "codes": ["TEN", "GONE"]}
    with opened() as runtime:
        assert runtime.client.vouchers.get_voucher("TEN")["redemption"]["redeemed_quantity"] == 0
        assert runtime.client.customers.get_customer("7")["email"] == EMAIL
        assert runtime.doors.ledger.newest(limit=1) == []


def test_amounts_are_read_as_they_are_written(history: Any) -> None:
    """Given an amount that as a double were 1000000000.0, then it is refused for its last digit."""
    items = '[{"id": 1, "quantity": 1, "price": 1000000000.00000001}]'
    order = '{"id": 9, "currency": "EUR", "financial_status": "paid", "line_items": ' + items + "}"

    result = history(f"[{order}]")

    assert result.exit_code == 1
    assert ".line_items[0].price" in result.stderr
    assert kept() == []
    assert history(f'{{"orders": [{order.replace(".00000001", ".10")}]}}').exit_code == 0
    assert [one["amount"] for one in kept()] == [100000000010]


def test_orders_of_a_shop_that_is_not_named_are_of_the_settings_shop(command: Command, tmp_path: Path) -> None:
    (tmp_path / "o.json").write_text(json.dumps([sold(1)]))

    assert command("import-history", "shopify", tmp_path / "o.json").exit_code == 0

    assert [one["source_id"] for one in kept()] == [f"shopify:default:{ID + 1}"]


BAD: list[tuple[bytes, str | None, str]] = [
    (b'{"id": 1', None, "not JSON"),
    (b'{"id": 1} {}', None, "not JSON"),
    (b'{"id": "\xfc"}', None, "not JSON"),
    (b'{"id": NaN}', None, "not JSON"),
    (b"[" * 100_000, None, "not JSON"),
    (b"[]", None, "must be object"),
    (b'{"currency": "EUR"}', None, "'id'"),
    (json.dumps(sold(2, currency="MARS")).encode(), str(ID + 2), ".currency"),
    (json.dumps(sold(3, line_items=[])).encode(), str(ID + 3), ".line_items"),
    (json.dumps(sold(4, line_items=[{"id": 1, "quantity": 1, "price": "1.005"}])).encode(), str(ID + 4), ".price"),
]


def test_rows_that_cannot_be_imported_are_told_and_the_rest_is_done(history: Any, tmp_path: Path) -> None:
    lines = [json.dumps(sold(0)).encode(), *(row for row, _, _ in BAD), json.dumps(sold(99)).encode()]

    result = history(b"\n".join(lines), "--errors", str(tmp_path / "errors.jsonl"), name="o.jsonl")

    assert (result.exit_code, result.stdout) == (1, f"2 orders imported, 0 unchanged, 0 skipped, {len(BAD)} failed\n")
    assert "row " not in result.stderr
    told = [json.loads(line) for line in (tmp_path / "errors.jsonl").read_text().splitlines()]
    assert [(one["row"], one["order_ref"]) for one in told] == [(n, ref) for n, (_, ref, _) in enumerate(BAD, 2)]
    assert [one["reason"] for one, (_, _, reason) in zip(told, BAD, strict=True) if reason not in one["reason"]] == []
    assert [one["source_id"] for one in kept()] == [source_id(0), source_id(99)]


def test_what_is_wrong_is_told_on_stderr_and_to_programs(history: Any) -> None:
    orders = [sold(1), 5, sold(2, currency="MARS")]
    text, told = history(orders), history(orders, "--json")

    assert text.exit_code == told.exit_code == 1
    assert "row 2, no order: must be object\n" in text.stderr
    assert f"row 3, {ID + 2}: " in text.stderr
    answer = json.loads(told.stdout)
    assert [(one["row"], one["order_ref"]) for one in answer["failed"]] == [(2, None), (3, str(ID + 2))]
    assert {name: answer[name] for name in ("imported_count", "unchanged_count", "failed_count")} == {
        "imported_count": 0,
        "unchanged_count": 1,
        "failed_count": 2,
    }


def test_an_order_that_the_api_does_not_take_is_told_and_sent_again_the_next_time(
    history: Any, batches: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    wait, refusal = AsyncActions.wait_for_async_action, {"source_id": source_id(2), "reason": "Property .items is odd"}

    def refuses(self: AsyncActions, action_id: str, **options: Any) -> Any:
        ended = wait(self, action_id, **options)
        return {**ended, "result": {"failed": [refusal], "done_count": 1}}

    with monkeypatch.context() as patched:
        patched.setattr(AsyncActions, "wait_for_async_action", refuses)
        first = history(TWO)
    second = history(TWO)

    assert (first.exit_code, first.stdout) == (1, "1 orders imported, 0 unchanged, 0 skipped, 1 failed\n")
    assert f"row 2, {ID + 2}: Property .items is odd" in first.stderr
    assert (second.exit_code, second.stdout) == (0, "1 orders imported, 1 unchanged, 0 skipped, 0 failed\n")
    assert batches == [2, 1]


def test_what_is_no_order_to_import_is_skipped_with_its_reason(history: Any, data_dir: Path) -> None:
    """Given an order that the bridge redeemed for itself, then it is not counted a second time under another id."""
    bridge = CheckoutBridge(Flask("shop"), data_dir=data_dir)
    cart = Cart("EUR", (Line("1", 2, 1250),))
    bridge.runtime.doors.flow.checkout(cart, Source("shopify", SHOP), str(ID + 1))
    bridge.close()
    orders = [
        sold(1),
        sold(2, financial_status="pending"),
        sold(3, financial_status="pending"),
        sold(4),
        sold(4, currency="USD"),
        sold(5, cancelled_at="2030-01-01T00:00:00Z"),
    ]

    result = history(orders, "--json")

    told = json.loads(result.stdout)
    assert (result.exit_code, told["imported_count"], told["skipped_count"]) == (0, 1, 5)
    assert sorted(told["skipped"].values()) == [1, 1, 1, 2]
    assert {"the bridge has this order": 1, "an earlier row has the same order": 1}.items() <= told["skipped"].items()
    assert "skipped 2: the order is not paid" in history(orders).stderr
    assert [one["source_id"] for one in kept() if one["source_id"].startswith("shopify:")] == [source_id(4)]


def test_nothing_of_a_person_is_printed_or_kept_beside_the_order(history: Any, data_dir: Path, tmp_path: Path) -> None:
    orders = [sold(1), sold(2, currency="MARS"), sold(3, financial_status="pending"), sold(4, id=EMAIL)]

    result = history(orders, "--errors", str(tmp_path / "errors"))
    again = history(orders, "--json")

    shown = result.output + again.output + (tmp_path / "errors").read_text()
    kept_beside = b"".join(path.read_bytes() for path in data_dir.glob("history.db*"))
    assert kept_beside
    for private in (NAME, "Joanna", "MUG"):
        assert private not in shown
        assert private.encode() not in kept_beside
    assert EMAIL.encode() not in kept_beside
    assert str(ID + 1).encode() not in kept_beside


@pytest.mark.parametrize(
    ("platform", "content", "why"),
    [
        ("nobody", "[]", "'nobody'"),
        ("generic", "[]", "generic"),
        ("shopify", "{", "o.json is not JSON"),
        ("shopify", '[{"id": 1}', "o.json is not JSON"),
        ("shopify", '[{"id": NaN}]', "o.json is not JSON"),
        ("shopify", "[" * 100_000, "o.json is not JSON"),
        ("shopify", b'[{"id": "\xfc"}]', "o.json is not UTF-8"),
        ("shopify", "5", "o.json must hold an array"),
        ("shopify", "[] []", "o.json must hold an array"),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_2_and_nothing_is_sent(
    platform: str, content: str | bytes, why: str, command: Command, tmp_path: Path, batches: list[int]
) -> None:
    (tmp_path / "o.json").write_bytes(content if isinstance(content, bytes) else content.encode())

    result = command("import-history", platform, tmp_path / "o.json")

    assert (result.exit_code, result.stdout, batches) == (2, "", [])
    assert result.stderr.startswith("checkout-bridge: ")
    assert (result.stderr.count("\n"), why in result.stderr) == (1, True)


def test_a_file_that_is_not_there_exits_2(command: Command) -> None:
    assert command("import-history", "shopify", "gone.json").exit_code == 2


@pytest.mark.parametrize("content", ["", "[]", '{"orders": []}', " \n"])
def test_an_empty_file_is_no_mistake(content: str, history: Any, batches: list[int]) -> None:
    result = history(content)

    assert (result.exit_code, result.stdout, batches) == (
        0,
        "0 orders imported, 0 unchanged, 0 skipped, 0 failed\n",
        [],
    )


def test_a_file_with_one_order_is_an_order(history: Any) -> None:
    assert history(sold(1)).stdout.startswith("1 orders imported")


def test_source_ids_are_told_apart_fit_upstream_and_can_be_asked_for() -> None:
    ids = [
        source_id_of(Source(platform, shop), ref)
        for platform, shop, ref in [
            ("a", "b:c", "d"),
            ("a", "b", "c:d"),
            ("woocommerce", "https://example.com/", "2030/1"),
            ("a", "s" * 250, "ü" * 250),
            ("a", "s" * 250, "ü" * 249 + "u"),
        ]
    ]

    assert len(set(ids)) == len(ids)
    assert max(map(len, ids)) <= 500
    assert [one for one in ids if "/" in one] == []
    assert ids[2] == "woocommerce:https%3A%2F%2Fexample.com%2F:2030%2F1"
