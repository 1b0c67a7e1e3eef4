"""Exports: ``/v1/exports``."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO
from urllib.parse import parse_qs, urlsplit

from checkout_bridge.client import downloads, waiting
from checkout_bridge.client.paging import items_of
from checkout_bridge.client.transport import Transport, path_of
from checkout_bridge.errors import InvalidInput


class Exports:
    """An export is ``{id, exported_object, parameters{order, fields, filters}, status, result{url}}``."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def create_export(
        self, export: dict[str, Any], *, idempotency_key: str | None = None, deadline: float | None = None
    ) -> dict[str, Any]:
        """Have ``exported_object`` written into a CSV file, later. Answers the export, which is ``SCHEDULED``."""
        return self._transport.request(
            "POST", path_of("exports"), body=export, idempotency_key=idempotency_key, deadline=deadline
        )

    def get_export(self, export_id: str, *, deadline: float | None = None) -> dict[str, Any]:
        """Answer the export. Raises BackendNotFound."""
        return self._transport.request("GET", path_of("exports", export_id), deadline=deadline)

    def list_exports(self, *, deadline: float | None = None, **params: Any) -> dict[str, Any]:
        """Answer one page: ``{object, data_ref, exports[], total}``. Params: ``limit``, ``page``, ``order``."""
        return self._transport.request("GET", path_of("exports"), params=params, deadline=deadline)

    def iter_exports(self, *, deadline: float | None = None, **params: Any) -> Iterator[dict[str, Any]]:
        """Every export. Params as of ``list_exports``; ``deadline`` bounds each page."""
        return items_of(self.list_exports, "exports", {**params, "deadline": deadline})

    def delete_export(
        self, export_id: str, *, idempotency_key: str | None = None, deadline: float | None = None
    ) -> dict[str, Any]:
        """Delete the export and its file. Answers ``{}``. Raises BackendNotFound."""
        return self._transport.request(
            "DELETE", path_of("exports", export_id), idempotency_key=idempotency_key, deadline=deadline
        )

    def wait_for_export(
        self,
        export_id: str,
        *,
        timeout: float = 300.0,
        every: float = 1.0,
        progress: waiting.Progress | None = None,
    ) -> dict[str, Any]:
        """Answer the export once it is ``DONE`` or ``ERROR``, asking ``every`` so many seconds.

        ``progress`` is called with each answer. Raises DeadlineExceeded after ``timeout`` seconds.
        """
        return waiting.wait_until(
            lambda deadline: self.get_export(export_id, deadline=deadline),
            ("DONE", "ERROR"),
            timeout=timeout,
            every=every,
            longest_call=self._transport.deadline,
            progress=progress,
        )

    def download_export(
        self,
        export: Mapping[str, Any],
        *,
        to: str | os.PathLike[str] | BinaryIO,
        progress: downloads.Progress | None = None,
        deadline: float | None = None,
    ) -> int:
        """Write the file of an export that is ``DONE`` to a path or a binary file object; answers its size in bytes.

        It is read in pieces; a path appears whole or stays as it was, and only its owner may read it. The request goes
        to this client's own backend, whatever host the export's URL names. ``progress(bytes, of_bytes_or_None)`` is
        called for each piece, ``deadline`` (seconds) bounds the wait for each.

        Raises InvalidInput for an export without a file, BackendUnauthorized when its URL has expired (``get_export``
        gives a new one), ConnectionLost or DeadlineExceeded when the file did not come whole, OSError.
        """
        path = path_of("exports", str(export.get("id", "")))
        query = {"token": _token(export)}
        with self._transport.stream(path, accept="text/plain", params=query, deadline=deadline) as stream:
            return downloads.save(stream, to, progress)


def _token(export: Mapping[str, Any]) -> str:
    url = (export.get("result") or {}).get("url") or ""
    told = parse_qs(urlsplit(url).query).get("token")
    if not told:
        raise InvalidInput(f"the export has no file: its status is {export.get('status')}")
    return told[0]
