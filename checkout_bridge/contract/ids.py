"""Identifiers of the contract: a prefix that tells the kind, and random hexadecimal digits."""

from __future__ import annotations

import secrets

# Prefix -> random bytes; two hexadecimal digits a byte.
_BYTES = {
    "v_": 16,
    "cust_": 12,
    "ord_": 9,
    "ordli_": 9,
    "r_": 9,
    "rr_": 9,
    "valid_": 9,
    "prod_": 9,
    "sku_": 9,
    "val_": 6,
    "asgm_": 8,
    "vtx_": 9,
    "ssn_": 16,
    "v-": 9,
}


def new_id(prefix: str) -> str:
    """A new identifier, for instance ``new_id("r_")`` for a redemption. Opaque to everybody else."""
    return prefix + secrets.token_hex(_BYTES[prefix])
