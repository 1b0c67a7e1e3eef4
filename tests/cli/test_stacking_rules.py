"""``stacking-rules``: what is printed can be set again, mistakes are one line, and the keys stay private."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from select import select
from typing import Any

import pytest
from click.testing import Result
from flask import Flask

from checkout_bridge import CheckoutBridge

Command = Callable[..., Result]
Start = Callable[..., subprocess.Popen[str]]
Set = Callable[[Any], Result]
PATIENCE = 30  # seconds; a server that takes longer is broken
MANAGEMENT = {
    "CHECKOUT_BRIDGE_ENGINE_MANAGEMENT_ID": "boss",
    "CHECKOUT_BRIDGE_ENGINE_MANAGEMENT_TOKEN": "hush",
}
SERVER = {"CHECKOUT_BRIDGE_ENGINE_APP_ID": "shop", "CHECKOUT_BRIDGE_ENGINE_APP_TOKEN": "secret"}


def shown(result: Result) -> dict[str, Any]:
    """The rules that a command printed."""
    assert result.exit_code == 0, result.output
    rules: dict[str, Any] = json.loads(result.stdout)
    return rules


def mistake(result: Result) -> str:
    """The one line that tells a mistake."""
    assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (2, "", 1), result.output
    return result.stderr


@pytest.fixture
def set_rules(command: Command, tmp_path: Path) -> Set:
    """Sets what a file has: text as it is, anything else as JSON."""

    def set_(content: Any) -> Result:
        file = tmp_path / "rules.json"
        file.write_text(content if isinstance(content, str) else json.dumps(content))
        return command("stacking-rules", "set", file)

    return set_


def test_before_any_are_set_the_defaults_are_printed(command: Command) -> None:
    rules = shown(command("stacking-rules", "get"))

    assert (rules["redeemables_limit"], rules["applicable_redeemables_limit"]) == (30, 5)
    assert (rules["redeemables_application_mode"], rules["applicable_redeemables_per_category_limit"]) == ("ALL", None)
    assert not {"id", "created_at"} & set(rules)


def test_what_is_set_stays_and_the_rest_is_left_alone(command: Command, set_rules: Set) -> None:
    made = shown(set_rules({"redeemables_application_mode": "PARTIAL"}))
    changed = shown(set_rules({"applicable_redeemables_limit": 7}))

    assert changed["id"] == made["id"]
    assert (changed["redeemables_application_mode"], changed["applicable_redeemables_limit"]) == ("PARTIAL", 7)
    assert shown(command("stacking-rules", "get")) == changed


@pytest.mark.parametrize("times", [1, 2])
def test_what_get_prints_can_be_set(command: Command, set_rules: Set, times: int) -> None:
    for _ in range(times):
        printed = command("stacking-rules", "get").stdout
        again = shown(set_rules(printed))

    assert again.items() >= {name: value for name, value in json.loads(printed).items() if name != "updated_at"}.items()


def test_null_lifts_a_limit(set_rules: Set) -> None:
    shown(set_rules({"applicable_redeemables_per_category_limit": 3}))

    lifted = shown(set_rules({"applicable_redeemables_per_category_limit": None}))

    assert lifted["applicable_redeemables_per_category_limit"] is None


def test_a_checkout_obeys_what_was_set(command: Command, set_rules: Set, data_dir: Path) -> None:
    assert command("vouchers", "create", "TEN", "--percent-off", 10).exit_code == 0
    assert command("vouchers", "create", "FIVE", "--percent-off", 5).exit_code == 0
    shown(set_rules({"applicable_redeemables_limit": 1}))

    bridge = CheckoutBridge(Flask("shop"), data_dir=data_dir)
    cart = {
        "currency": "EUR",
        "items": [{"sku": "MUG", "quantity": 1, "unit_price": "10.00"}],
        "codes": ["TEN", "FIVE"],
    }
    quote = bridge.quote(cart)
    bridge.close()

    assert quote["total"] == 900


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("{", "rules.json is not JSON"),
        ("", "rules.json is not JSON"),
        ("[" * 100_000, "rules.json is not JSON"),
        ("[]", "rules.json must hold an object"),
        ("null", "rules.json must hold an object"),
        ({"redeemables_limits": 3}, "redeemables_limits is not a stacking rule"),
        ({"redeemables_limit": 31}, "Property .redeemables_limit must be"),
        ({"redeemables_application_mode": "SOME"}, "Property .redeemables_application_mode must be"),
        ('{"redeemables_limit": NaN}', "cannot be sent as JSON"),
    ],
    ids=["cut off", "empty", "deep", "array", "null", "unknown", "too much", "no mode", "no number"],
)
def test_a_mistake_is_told_in_one_line_and_sets_nothing(
    command: Command, set_rules: Set, content: Any, told: str
) -> None:
    before = shown(command("stacking-rules", "get"))

    assert told in mistake(set_rules(content))

    assert shown(command("stacking-rules", "get")) == before


def test_what_is_not_text_is_no_json(command: Command, tmp_path: Path) -> None:
    (tmp_path / "rules.json").write_bytes(b"\xff\xfe\x00")

    assert "is not JSON" in mistake(command("stacking-rules", "set", tmp_path / "rules.json"))


def test_a_file_that_is_not_there_is_told(command: Command) -> None:
    result = command("stacking-rules", "set", "nowhere.json")

    assert result.exit_code == 2
    assert "nowhere.json" in result.stderr


def test_the_embedded_keys_are_made_once_and_are_the_owners_alone(command: Command, data_dir: Path) -> None:
    shown(command("stacking-rules", "get"))
    kept = data_dir / "engine-management-keys.json"
    keys = kept.read_text()
    shown(command("stacking-rules", "get"))

    assert kept.stat().st_mode & 0o777 == 0o600
    assert data_dir.stat().st_mode & 0o777 == 0o700
    assert kept.read_text() == keys
    assert set(json.loads(keys)) == {"management_id", "management_token"}
    assert all(len(value) >= 24 for value in json.loads(keys).values())


@pytest.mark.parametrize("content", ["{", "[]", '{"management_id": "x"}'])
def test_damaged_keys_are_told(command: Command, data_dir: Path, content: str) -> None:
    shown(command("stacking-rules", "get"))
    (data_dir / "engine-management-keys.json").write_text(content)

    assert "engine-management-keys.json is damaged" in mistake(command("stacking-rules", "get"))


def test_keys_that_are_set_are_not_kept(command: Command, data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in MANAGEMENT.items():
        monkeypatch.setenv(name, value)

    shown(command("stacking-rules", "get"))

    assert not (data_dir / "engine-management-keys.json").exists()


@pytest.fixture
def served(start: Start, free_port: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """An ``engine serve`` with management keys, to which the commands go."""
    process = start("engine", "serve", "--port", free_port, **SERVER, **MANAGEMENT)
    assert process.stdout is not None
    assert select([process.stdout], [], [], PATIENCE)[0], "it never became ready"
    url = f"http://127.0.0.1:{free_port}"
    assert url in process.stdout.readline()
    monkeypatch.setenv("CHECKOUT_BRIDGE_API_URL", url)
    monkeypatch.setenv("CHECKOUT_BRIDGE_API_APP_ID", "shop")
    monkeypatch.setenv("CHECKOUT_BRIDGE_API_APP_TOKEN", "secret")
    yield url
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=PATIENCE)


def test_the_rules_of_an_engine_that_runs_are_set(
    served: str, command: Command, set_rules: Set, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "CHECKOUT_BRIDGE_ENGINE_MANAGEMENT_ID" in mistake(command("stacking-rules", "get"))
    for name, value in MANAGEMENT.items():
        monkeypatch.setenv(name, value)

    made = shown(set_rules({"applicable_redeemables_limit": 7}))

    assert made["applicable_redeemables_limit"] == 7
    assert shown(command("stacking-rules", "get", "--project", "proj_1")) == made
    assert not (data_dir / "engine-management-keys.json").exists()
    monkeypatch.setenv("CHECKOUT_BRIDGE_ENGINE_MANAGEMENT_TOKEN", "wrong")
    assert "Unauthorized" in mistake(command("stacking-rules", "get"))
