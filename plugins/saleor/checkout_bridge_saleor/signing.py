"""Whose deliveries count: Saleor signs with its private key, or, where the webhook has one, with a shared secret."""

from __future__ import annotations

import json
from collections.abc import Mapping

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256

from checkout_bridge import signatures
from checkout_bridge_saleor.keys import Keys, StaticKeys, decoded

HEADERS = ("Saleor-Signature", "X-Saleor-Signature")
_LONGEST = 4096


class Signers:
    """Saleor's keys, and secrets with commas between. Without any nothing is accepted."""

    def __init__(self, keys: Keys | None = None, secrets: str = "") -> None:
        self._keys: Keys = keys or StaticKeys({})
        self._secrets = signatures.secrets_of(secrets)

    def signed(self, headers: Mapping[str, str], body: bytes) -> bool:
        """Whether one of them signed these bytes. Raises BackendUnreachable while that cannot be told."""
        sent = signatures.sent_in(headers, *HEADERS)
        if not sent or len(sent) > _LONGEST:
            return False
        if "." in sent:
            return self._is_signed_by_key(sent, body)
        return signatures.is_signed(self._secrets, body, [sent])

    def _is_signed_by_key(self, sent: str, body: bytes) -> bool:
        """Whether it is a JWS whose payload is left out: the raw body, not its base64 text (RFC 7797)."""
        try:
            protected, payload, last = sent.split(".")
            kid, signature = _kid(protected), decoded(last)
        except ValueError:
            return False
        key = self._keys.find(kid) if kid is not None and payload == "" else None
        if key is None:
            return False
        try:
            key.verify(signature, protected.encode() + b"." + body, PKCS1v15(), SHA256())
        except InvalidSignature:
            return False
        return True


def _kid(protected: str) -> str | None:
    """Whose key signed, of a header that says all that we rely on, and nothing that we would not heed."""
    header = json.loads(decoded(protected))
    if not isinstance(header, dict) or header.get("alg") != "RS256" or header.get("b64") is not False:
        return None
    kid = header.get("kid", "")
    return kid if isinstance(kid, str) and header.get("crit", ["b64"]) == ["b64"] else None
