"""Who signed some bytes: HMAC-SHA256 compared in constant time, several secrets at once, and how old a signature is."""

from __future__ import annotations

import hmac
import time
from base64 import b64encode
from collections.abc import Mapping, Sequence
from typing import Literal

# Our own scheme, for platforms that send no webhooks themselves: their subscriber signs like this.
HEADER = "X-Checkout-Bridge-Signature"
TOLERANCE = 300.0  # seconds

Encoding = Literal["hex", "base64"]


def secrets_of(text: str) -> tuple[bytes, ...]:
    """The secrets of a setting, with commas between: while one replaces another, both count."""
    return tuple(secret.strip().encode() for secret in text.split(",") if secret.strip())


def signature(secret: bytes, signed: bytes, encoding: Encoding = "hex") -> str:
    """The HMAC-SHA256 of some bytes, as text."""
    digest = hmac.digest(secret, signed, "sha256")
    return digest.hex() if encoding == "hex" else b64encode(digest).decode()


def is_signed(secrets: Sequence[bytes], signed: bytes, sent: Sequence[str], encoding: Encoding = "hex") -> bool:
    """Whether one of the signatures that were ``sent`` is that of one of the secrets. No secrets: never."""
    made = [signature(secret, signed, encoding).encode() for secret in secrets]
    return any(hmac.compare_digest(one.encode(), another) for one in sent for another in made)


def is_recent(timestamp: str, *, tolerance: float = TOLERANCE) -> bool:
    """Whether a signed moment, in seconds since 1970, is at most ``tolerance`` seconds from now."""
    is_number = timestamp.isascii() and timestamp.isdecimal() and len(timestamp) <= 12
    return is_number and abs(time.time() - int(timestamp)) <= tolerance


def sign(secret: bytes, body: bytes, timestamp: int) -> str:
    """The header of our own scheme: ``t=<unix seconds>,v1=<hex HMAC-SHA256 of "<t>.<body>">``."""
    return f"t={timestamp},v1={signature(secret, b'%d.%s' % (timestamp, body))}"


def verify(secrets: Sequence[bytes], header: str, body: bytes, *, tolerance: float = TOLERANCE) -> bool:
    """Whether a header ``t=...,v1=...[,v1=...]`` is recent, and one of the secrets signed these bytes."""
    pairs = [part.strip().partition("=") for part in header.split(",")]
    moments = [value for name, _, value in pairs if name == "t"]
    if len(moments) != 1 or not is_recent(moments[0], tolerance=tolerance):
        return False
    signed = moments[0].encode() + b"." + body
    return is_signed(secrets, signed, [value for name, _, value in pairs if name == "v1"])


def sent_in(headers: Mapping[str, str], *names: str) -> str:
    """The first of these headers that is there, without blanks around it; empty when none is."""
    return next((value.strip() for name in names if (value := headers.get(name))), "")
