"""Asynchronous actions, such as imports: ``/v1/async-actions``."""

from __future__ import annotations

from typing import Any

from checkout_bridge.client import waiting
from checkout_bridge.client.transport import Transport, path_of


class AsyncActions:
    """An action is ``{id, type, status, operation_status, progress, result}``; ``progress`` is in per cent."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def get_async_action(self, async_action_id: str, *, deadline: float | None = None) -> dict[str, Any]:
        """Answer the action. Raises BackendNotFound."""
        return self._transport.request("GET", path_of("async-actions", async_action_id), deadline=deadline)

    def list_async_actions(self, *, deadline: float | None = None, **params: Any) -> dict[str, Any]:
        """Answer the newest, without their results: ``{object, data_ref, async_actions[], has_more}``.

        Params: ``limit``, ``end_date``.
        """
        return self._transport.request("GET", path_of("async-actions"), params=params, deadline=deadline)

    def wait_for_async_action(
        self,
        async_action_id: str,
        *,
        timeout: float = 300.0,
        every: float = 1.0,
        progress: waiting.Progress | None = None,
    ) -> dict[str, Any]:
        """Answer the action once it is ``DONE`` or ``FAILED``, asking ``every`` so many seconds.

        ``DONE`` does not say that all went well: ``result`` tells what failed. ``progress`` is called with each answer.
        Raises DeadlineExceeded after ``timeout`` seconds.
        """
        return waiting.wait_until(
            lambda deadline: self.get_async_action(async_action_id, deadline=deadline),
            ("DONE", "FAILED"),
            timeout=timeout,
            every=every,
            longest_call=self._transport.deadline,
            progress=progress,
        )
