"""Saleor's public keys: given, or read from where it publishes them, and then not more often than now and again."""

from __future__ import annotations

import re
import time
from base64 import urlsafe_b64decode
from collections.abc import Callable, Mapping
from threading import Lock
from typing import Any, Protocol

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey, RSAPublicNumbers

from checkout_bridge.errors import BackendError, BackendUnreachable, InvalidInput, OutcomeUnknown
from checkout_bridge.money import read_json
from checkout_bridge.platform_api import PlatformApi

DEADLINE = 5.0  # seconds; Saleor waits 18
FRESH_FOR = 3600.0  # a key that was taken back counts no longer than this
PAUSE = 30.0  # between two readings, whoever wants one: a stranger must not make us ask without end

_BASE64URL = re.compile(r"[A-Za-z0-9_-]+")


class Keys(Protocol):
    """Public keys by their id."""

    def find(self, kid: str) -> RSAPublicKey | None:
        """The key, or None when Saleor has none of that id."""


class StaticKeys:
    """Keys that never change."""

    def __init__(self, keys: Mapping[str, RSAPublicKey]) -> None:
        self._keys = keys

    @classmethod
    def of(cls, jwks: str) -> StaticKeys:
        """The keys of a JSON Web Key Set. Raises InvalidInput when it is none."""
        return cls(keys_in(read_json(jwks.encode())))

    def find(self, kid: str) -> RSAPublicKey | None:
        """The key, or None."""
        return self._keys.get(kid)


class FetchedKeys:
    """Keys under a URL: kept for an hour, and read anew for an id that is not among them, but then not for a while."""

    def __init__(self, url: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._api = PlatformApi("Saleor", url, deadline=DEADLINE)
        self._clock = clock
        self._lock = Lock()
        self._keys: Mapping[str, RSAPublicKey] = {}
        self._read_at: float | None = None
        self._asked_at: float | None = None

    def find(self, kid: str) -> RSAPublicKey | None:
        """The key, or None when it is not among those read lately.

        Raises BackendUnreachable while no keys could be read.
        """
        if kid in self._keys and self._since(self._read_at) < FRESH_FOR:
            return self._keys[kid]
        with self._lock:
            if kid in self._keys and self._since(self._read_at) < FRESH_FOR:
                return self._keys[kid]
            if self._since(self._asked_at) >= PAUSE:
                return self._asked_for(kid)
        if kid in self._keys:
            return self._keys[kid]
        if self._read_at is not None:
            return None
        raise BackendUnreachable("Saleor's keys could not be read a moment ago")

    def _asked_for(self, kid: str) -> RSAPublicKey | None:
        """Read the keys. While they cannot be read those known stay good, so that no delivery is lost."""
        self._asked_at = self._clock()
        try:
            self._keys = self._fetched()
        except (BackendError, OutcomeUnknown, InvalidInput) as error:
            if self._read_at is None:
                raise BackendUnreachable("Saleor's keys cannot be read", details=str(error)) from error
        else:
            self._read_at = self._clock()
        return self._keys.get(kid)

    def _fetched(self) -> Mapping[str, RSAPublicKey]:
        return keys_in(self._api.get(""))

    def _since(self, moment: float | None) -> float:
        return float("inf") if moment is None else self._clock() - moment


def keys_in(jwks: Any) -> dict[str, RSAPublicKey]:
    """The RSA keys of a JSON Web Key Set that may sign. Raises InvalidInput when it is none, or has no such key."""
    listed = jwks.get("keys") if isinstance(jwks, Mapping) else None
    if not isinstance(listed, list) or not all(isinstance(key, Mapping) for key in listed):
        raise InvalidInput("Property .keys must be array of objects")
    usable = [key for key in listed if key.get("kty") == "RSA" and key.get("use", "sig") == "sig"]
    if not usable:
        raise InvalidInput("Property .keys must have at least 1 RSA key that signs")
    return {str(key.get("kid", "")): _key(key) for key in usable}


def decoded(text: Any) -> bytes:
    """The bytes of base64url without padding. Raises ValueError for anything else."""
    if not isinstance(text, str) or not _BASE64URL.fullmatch(text):
        raise ValueError("not base64url")
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _key(key: Mapping[str, Any]) -> RSAPublicKey:
    try:
        exponent, modulus = (int.from_bytes(decoded(key.get(name)), "big") for name in ("e", "n"))
        return RSAPublicNumbers(exponent, modulus).public_key()
    except ValueError:
        raise InvalidInput("Property .keys has a key whose n or e is none") from None
