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
    "rf_": 9,
    "rrf_": 9,
    "rr_": 9,
    "valid_": 9,
    "prod_": 9,
    "sku_": 9,
    "val_": 6,
    "asgm_": 8,
    "vtx_": 9,
    "ssn_": 16,
    "camp_": 12,
    "promo_": 12,
    "stack_": 12,
    "rew_": 12,
    "rewa_": 12,
    "seg_": 12,
    "pc_": 12,
    "cat_": 9,
    "stk_": 9,
    "aa_": 9,
    "pub_": 16,
    "exp_": 12,
    "del_": 12,
    "v-": 9,
}


def new_id(prefix: str) -> str:
    """A new identifier, for instance ``new_id("r_")`` for a redemption. Opaque to everybody else."""
    return prefix + secrets.token_hex(_BYTES[prefix])
