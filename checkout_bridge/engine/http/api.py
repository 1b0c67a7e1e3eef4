"""Declares operations once: the route, the transaction around it, and its place in the OpenAPI description."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from flask import Flask, Response, g, jsonify, request
from marshmallow import Schema
from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError

from checkout_bridge.contract.errors import load
from checkout_bridge.database import BUSY_TIMEOUT_MS, reading, writing
from checkout_bridge.engine.services.unit import Unit
from checkout_bridge.engine.store import idempotency
from checkout_bridge.errors import Conflict, InvalidInput, RequestError
from checkout_bridge.web import read_json

Handler = Callable[..., Any]
LONGEST_KEY = 255
_ATTEMPTS = 3
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Operation:
    """One operation of the contract; ``handler(unit, **path, body=..., query=...)`` does it and gives the answer.

    ``checks`` sees the payload as it was sent, before ``body`` is loaded from it. ``remembers`` is False where the same
    request may as well be done again, and no answer is kept for its idempotency key. ``may_be_later``: an answer that
    is only the id of an asynchronous action is 202. ``refused(unit, fault, **arguments)`` keeps a record of an error,
    after all that was done is undone, and gives the error to answer. Without ``needs_body``, a body that is no object
    counts as empty. ``takes_form``: the body may be a form, too. ``rings``: it makes work for a worker.
    ``downloads``: the answer may also be a file of plain text. A ``body`` of many is an array, whose items are looked
    at one by one where they are worked on: ``checks`` says whether it is one.
    """

    method: str
    path: str
    handler: Handler
    summary: str
    body: Schema | None = None
    answer: type[Schema] | None = None
    status: int = 200
    keep_nulls: tuple[str, ...] = ()
    query: bool = False
    checks: Callable[[Any], None] | None = None
    remembers: bool = True
    may_be_later: bool = False
    needs_body: bool = True
    takes_form: bool = False
    refused: Callable[..., RequestError] | None = None
    rings: bool = False
    downloads: bool = False

    @property
    def writes(self) -> bool:
        """Whether it changes anything: only GET does not."""
        return self.method != "GET"


@dataclass
class Api:
    """The operations of the engine over one database."""

    database: Engine
    clock: Callable[[], datetime]
    ring: Callable[[], None]
    operations: list[Operation] = field(default_factory=list)

    def add(self, app: Flask, operation: Operation) -> None:
        """Route an operation."""
        self.operations.append(operation)
        # A voucher's code may hold a slash.
        rule = operation.path.replace("{code}", "<path:code>").replace("{", "<").replace("}", ">")

        def view(**path: str) -> Response:
            return self._answer(operation, path)

        app.add_url_rule(rule, f"{operation.method} {operation.path}", view, methods=[operation.method])

    def _answer(self, operation: Operation, path: Mapping[str, str]) -> Response:
        arguments: dict[str, Any] = dict(path)
        if operation.body is not None:
            payload = request.form.to_dict() if operation.takes_form and request.form else read_json()
            if not (operation.needs_body or isinstance(payload, Mapping)):
                payload = {}
            if operation.checks is not None:
                operation.checks(payload)
            many = operation.body.many
            arguments["body"] = payload if many else load(operation.body, payload, keep_nulls=operation.keep_nulls)
        if operation.query:
            arguments["query"] = request.args
        answer = self._write(operation, arguments) if operation.writes else self._read(operation, arguments)
        if operation.rings:
            self._tell_workers()
        if operation.status == 204:
            return Response(status=204)
        if isinstance(answer, Response):
            return answer
        response = jsonify(answer)
        is_later = operation.may_be_later and list(answer) == ["async_action_id"]
        response.status_code = 202 if is_later else operation.status
        return response

    def _tell_workers(self) -> None:
        try:
            self.ring()
        except Exception:
            # The work is committed, and workers also look by themselves.
            log.exception("no worker could be told that there is work")

    def _read(self, operation: Operation, arguments: Mapping[str, Any]) -> Any:
        with reading(self.database) as connection:
            return operation.handler(Unit(connection, self.clock(), g.app_id), **arguments)

    def _write(self, operation: Operation, arguments: Mapping[str, Any]) -> Any:
        """Run the operation in one transaction, together with the memory of its answer."""
        key = request.headers.get("Idempotency-Key")
        if key is not None and not 0 < len(key) <= LONGEST_KEY:
            raise InvalidInput(f"Header Idempotency-Key must have from 1 to {LONGEST_KEY} characters")
        for _ in range(_ATTEMPTS):
            try:
                return self._attempt(operation, arguments, key)
            except IntegrityError:
                # Somebody else made the same order, customer or key at the same moment: it is there to be found now.
                continue
            except RequestError as fault:
                if operation.refused is None:
                    raise
                with writing(self.database, wait_ms=self._wait_ms()) as connection:
                    recorded = operation.refused(Unit(connection, self.clock(), g.app_id), fault, **arguments)
                raise recorded from None
        raise RequestError("Multiple requests", key="multiple_requests", details="The same is being done right now")

    @staticmethod
    def _wait_ms() -> int:
        return int(request.environ.get("checkout_bridge.deadline_ms", BUSY_TIMEOUT_MS))

    def _attempt(self, operation: Operation, arguments: Mapping[str, Any], key: str | None) -> Any:
        with writing(self.database, wait_ms=self._wait_ms()) as connection:
            unit = Unit(connection, self.clock(), g.app_id)
            if key is None or not operation.remembers:
                return operation.handler(unit, **arguments)
            return _once(unit, key, operation, arguments)


def _once(unit: Unit, key: str, operation: Operation, arguments: Mapping[str, Any]) -> Any:
    """Do the operation unless it was done under this key before; then give the answer of that time."""
    fingerprint = _fingerprint()
    done = idempotency.find(unit.connection, key)
    if done is None:
        answer = operation.handler(unit, **arguments)
        idempotency.keep(
            unit.connection,
            key=key,
            fingerprint=fingerprint,
            status=operation.status,
            answer=answer,
            now=unit.now,
        )
        return answer
    if done["fingerprint"] != fingerprint:
        raise Conflict(
            "Idempotency key reused",
            key="idempotency_key_reused",
            details="Header Idempotency-Key was used for another request",
        )
    return done["answer"]


def _fingerprint() -> str:
    """What must be the same when an idempotency key comes again."""
    digest = hashlib.sha256(f"{request.method} {request.full_path}\n".encode())
    digest.update(request.get_data(cache=True))
    return digest.hexdigest()
