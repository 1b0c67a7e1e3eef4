"""Codes of vouchers that nobody chose: random ones, one or many at a time."""

from __future__ import annotations

import re
import secrets
import string
from collections.abc import Mapping
from typing import Any

from checkout_bridge.contract.ids import new_id
from checkout_bridge.contract.vouchers import LONGEST_CODE
from checkout_bridge.engine.services.unit import Unit
from checkout_bridge.engine.store import campaign_vouchers
from checkout_bridge.engine.store import vouchers as store
from checkout_bridge.errors import Conflict, InvalidInput

Row = dict[str, Any]

ALPHANUMERIC = string.digits + string.ascii_lowercase + string.ascii_uppercase
DEFAULT_LENGTH = 8
# How often codes that turn out to be taken are drawn anew.
_ATTEMPTS = 20


def random_code(config: Mapping[str, Any]) -> str:
    """A code of 8 alphanumerics, or as ``{length, charset, prefix, postfix, pattern}`` says."""
    pattern = config.get("pattern") or "#" * config.get("length", DEFAULT_LENGTH)
    charset = config.get("charset", ALPHANUMERIC)
    random = re.sub("#", lambda _: secrets.choice(charset), pattern)
    return f"{config.get('prefix', '')}{random}{config.get('postfix', '')}"


def add(unit: Unit, row: Row, code: str | None, config: Mapping[str, Any]) -> Row:
    """Insert a voucher with this code, else with a random one. Raises Conflict when the code is taken."""
    if code is not None:
        if len(code) > LONGEST_CODE:
            raise InvalidInput(f"Property .code must not be longer than {LONGEST_CODE}")
        row = {**row, "code": code}
        store.add(unit.connection, row)
        return row
    for _ in range(_ATTEMPTS):
        row = {**row, "code": random_code(config)}
        try:
            store.add(unit.connection, row)
        except Conflict:
            continue
        return row
    raise _no_code_left()


def add_many(unit: Unit, row: Row, count: int, config: Mapping[str, Any]) -> None:
    """Insert ``count`` vouchers like this one, each with an id and a random code of its own."""
    codes: set[str] = set()
    for _ in range(_ATTEMPTS):
        drawn = {random_code(config) for _ in range(count - len(codes))} - codes
        codes |= drawn - campaign_vouchers.taken(unit.connection, drawn)
        if len(codes) == count:
            break
    else:
        raise _no_code_left()
    campaign_vouchers.add_many(unit.connection, [{**row, "id": new_id("v_"), "code": code} for code in codes])


def _no_code_left() -> InvalidInput:
    return InvalidInput("Property .code_config leaves no code that is not taken", key="invalid_code_config")
