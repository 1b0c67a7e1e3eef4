"""Every error this package raises, in one tree.

::

    BridgeError
    ├── RequestError             the caller's fault: answered 4xx, nothing was written
    │   ├── InvalidInput             400  a field is missing, of the wrong type or impossible
    │   ├── Unauthorized             401  no key, or a wrong one
    │   ├── Forbidden                403  this door is closed
    │   ├── NotFound                 404  no such thing
    │   ├── Conflict                 409  the state of things does not allow it
    │   │   └── QuoteChanged                  the cart does not cost any more what was quoted
    │   ├── PayloadTooLarge          413  the body is over the limit
    │   └── RedeemablesRejected      400  codes or cards that do not apply, each with its reason
    ├── BackendError             the promotions API said no, or was never reached: nothing happened there
    │   ├── BackendRefused           it answered 4xx; ``key`` says why
    │   │   ├── BackendUnauthorized      401 or 403: the API keys are wrong
    │   │   ├── BackendNotFound          404
    │   │   └── RateLimited              429; ``retry_after`` in seconds
    │   └── BackendUnreachable       no connection could be made, so nothing was sent
    ├── PluginFailed             a platform's plugin said what no plugin may say
    ├── StorageFailed            our own database cannot be read or written: nothing happened there
    └── OutcomeUnknown           the request was sent, and no whole answer came back
        ├── DeadlineExceeded         the total deadline passed
        ├── ConnectionLost           the connection broke
        ├── BackendFailed            it answered 5xx
        └── MalformedAnswer          the answer is not what the contract says
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


class BridgeError(Exception):
    """The root. ``status`` is the HTTP status an edge answers with; ``key`` is stable and meant for programs."""

    status = 500
    key = "internal_error"

    def __init__(
        self,
        message: str,
        *,
        key: str | None = None,
        details: str | None = None,
        status: int | None = None,
        resource_id: str | None = None,
        resource_type: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.key = key if key is not None else type(self).key
        self.details = details
        self.status = status if status is not None else type(self).status
        self.resource_id = resource_id
        self.resource_type = resource_type

    def __str__(self) -> str:
        return f"{self.message}: {self.details}" if self.details else self.message

    def to_dict(self, request_id: str | None = None) -> dict[str, Any]:
        """The error body of the contract: ``{code, key, message, details, request_id, resource_id, resource_type}``."""
        body: dict[str, Any] = {"code": self.status, "key": self.key, "message": self.message}
        body["details"] = self.details if self.details is not None else self.message
        for name, value in (
            ("request_id", request_id),
            ("resource_id", self.resource_id),
            ("resource_type", self.resource_type),
        ):
            if value is not None:
                body[name] = value
        return body


class RequestError(BridgeError):
    """The caller's fault; nothing was written."""

    status = 400
    key = "invalid_payload"


class InvalidInput(RequestError):
    """A field is missing, of the wrong type, or impossible. ``details`` names it."""

    def __init__(self, details: str, *, message: str = "Invalid payload", key: str = "invalid_payload") -> None:
        super().__init__(message, key=key, details=details)


class Unauthorized(RequestError):
    """No key was sent, or a wrong one."""

    status = 401
    key = "unauthorized"


class Forbidden(RequestError):
    """This door is closed, for instance because no token was set."""

    status = 403
    key = "forbidden"


class NotFound(RequestError):
    """No such thing."""

    status = 404
    key = "not_found"

    @classmethod
    def of(cls, kind: str, name: str) -> NotFound:
        """The contract's words for a ``kind`` of thing that has no such ``name``."""
        details = f"Cannot find {kind} with id {name}"
        return cls("Resource not found", details=details, resource_id=name, resource_type=kind)


class Conflict(RequestError):
    """The state of things does not allow it."""

    status = 409
    key = "conflict"


class QuoteChanged(Conflict):
    """The cart does not cost any more what was quoted; nothing was redeemed.

    ``quoted_total`` and ``total`` (now) are in minor units; ``reason`` says what became of the codes.
    """

    key = "quote_changed"

    def __init__(self, quoted_total: int, total: int, currency: str, reason: str) -> None:
        super().__init__(
            "The price has changed since it was quoted",
            details=f"quoted {quoted_total}, now {total} ({currency}, minor units): {reason}",
        )
        self.quoted_total, self.total, self.reason = quoted_total, total, reason

    def to_dict(self, request_id: str | None = None) -> dict[str, Any]:
        """The error body of the contract plus ``quoted_total``, ``total`` and ``reason``."""
        told = {"quoted_total": self.quoted_total, "total": self.total, "reason": self.reason}
        return {**super().to_dict(request_id), **told}


class PayloadTooLarge(RequestError):
    """The body is over the limit."""

    status = 413
    key = "payload_too_large"


class RedeemablesRejected(RequestError):
    """One or more codes or gift cards do not apply; nothing was redeemed.

    ``rejected`` lists them: ``{code, key, message}``. Status, key and message are those of the first.
    """

    key = "no_applicable_redeemables"

    def __init__(self, rejected: Sequence[dict[str, Any]], *, status: int = 400) -> None:
        first = rejected[0]
        super().__init__(
            str(first["message"]),
            key=str(first["key"]),
            details="; ".join(f"{item['code']}: {item['message']}" for item in rejected),
            status=status,
        )
        self.rejected = [dict(item) for item in rejected]

    def to_dict(self, request_id: str | None = None) -> dict[str, Any]:
        """The error body of the contract plus ``rejected``."""
        return {**super().to_dict(request_id), "rejected": self.rejected}


class BackendError(BridgeError):
    """The promotions API said no, or was never reached: nothing happened there."""

    status = 502
    key = "backend_error"


class BackendRefused(BackendError):
    """The promotions API answered 4xx. ``key``, ``details`` and ``body`` are its own; ``code`` is its status."""

    def __init__(self, code: int, body: dict[str, Any] | None = None) -> None:
        body = body or {}
        super().__init__(
            str(body.get("message") or f"HTTP {code}"),
            key=str(body.get("key") or "backend_refused"),
            details=body.get("details"),
            resource_id=body.get("resource_id"),
            resource_type=body.get("resource_type"),
        )
        self.code = code
        self.body = body


class BackendUnauthorized(BackendRefused):
    """The promotions API does not accept our keys (401 or 403)."""


class BackendNotFound(BackendRefused):
    """The promotions API does not know the thing (404)."""


class RateLimited(BackendRefused):
    """The promotions API asked us to slow down (429). ``retry_after`` is in seconds, or None."""

    status = 503

    def __init__(self, code: int, body: dict[str, Any] | None = None, retry_after: float | None = None) -> None:
        super().__init__(code, body)
        self.retry_after = retry_after


class BackendUnreachable(BackendError):
    """No connection could be made, so nothing was sent."""

    status = 503
    key = "backend_unreachable"


class PluginFailed(BridgeError):
    """A platform's plugin said what no plugin may say; nothing was done."""

    key = "plugin_failed"


class StorageFailed(BridgeError):
    """Our own database cannot be read or written, or is busy for too long; the transaction left nothing behind."""

    status = 503
    key = "storage_failed"


class OutcomeUnknown(BridgeError):
    """The request was sent, and no whole answer came back: it may have happened."""

    status = 503
    key = "outcome_unknown"


class DeadlineExceeded(OutcomeUnknown):
    """The total deadline of the call passed."""

    status = 504
    key = "deadline_exceeded"


class ConnectionLost(OutcomeUnknown):
    """The connection broke before the answer was whole."""


class BackendFailed(OutcomeUnknown):
    """The promotions API answered 5xx. ``code`` is its status."""

    def __init__(self, code: int, message: str = "") -> None:
        super().__init__(message or f"the promotions API answered {code}")
        self.code = code


class MalformedAnswer(OutcomeUnknown):
    """The answer is not what the contract says, for instance not JSON."""

    status = 502
    key = "malformed_answer"
