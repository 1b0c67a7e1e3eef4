"""Whose deliveries count: Adobe Commerce signs with a private key, a module of the shop with a shared secret."""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from collections.abc import Mapping

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from checkout_bridge import signatures
from checkout_bridge.errors import InvalidInput

HEADER = "X-Adobe-Commerce-Webhook-Signature"
_PEM = re.compile(r"-----BEGIN PUBLIC KEY-----.*?-----END PUBLIC KEY-----", re.DOTALL)


class Signers:
    """Public keys (PEM, one after the other) and secrets (with commas between). Without any nothing is accepted.

    Raises InvalidInput when the keys are none.
    """

    def __init__(self, public_keys: str = "", secrets: str = "") -> None:
        self._keys = keys_of(public_keys)
        self._secrets = signatures.secrets_of(secrets)

    def signed(self, headers: Mapping[str, str], body: bytes) -> bool:
        """Whether one of them signed these bytes; Adobe signs no time, a module does, and may not be late."""
        if sent := signatures.sent_in(headers, HEADER):
            return self._is_signed_by_key(sent, body)
        return signatures.verify(self._secrets, signatures.sent_in(headers, signatures.HEADER), body)

    def _is_signed_by_key(self, sent: str, body: bytes) -> bool:
        try:
            signature = b64decode(sent, validate=True)
        except ValueError:
            return False
        return any(_verifies(key, signature, b64encode(body)) for key in self._keys)


def keys_of(text: str) -> tuple[RSAPublicKey, ...]:
    r"""The keys of a setting; ``\n`` may stand for its line ends. Raises InvalidInput for what is no RSA key."""
    plain = text.replace("\\n", "\n").strip()
    blocks = _PEM.findall(plain)
    if _PEM.sub("", plain).strip():
        raise _no_key()
    return tuple(_key(block) for block in blocks)


def _key(pem: str) -> RSAPublicKey:
    try:
        key = load_pem_public_key(pem.encode())
    except (ValueError, UnsupportedAlgorithm):
        raise _no_key() from None
    if not isinstance(key, RSAPublicKey):
        raise _no_key()
    return key


def _no_key() -> InvalidInput:
    details = "CHECKOUT_BRIDGE_MAGENTO2_PUBLIC_KEY must be RSA public keys in PEM, one after the other"
    return InvalidInput(details, key="invalid_setting")


def _verifies(key: RSAPublicKey, signature: bytes, signed: bytes) -> bool:
    try:
        key.verify(signature, signed, PKCS1v15(), SHA256())
    except InvalidSignature:
        return False
    return True
