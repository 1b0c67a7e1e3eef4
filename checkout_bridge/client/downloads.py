"""Puts a streamed answer where the caller wants it: into a file that appears whole or not at all, or a file object."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from checkout_bridge.client.streaming import Stream
from checkout_bridge.private import make_file

# Told the bytes that are there, and how many there will be if that is known.
Progress = Callable[[int, int | None], object]


def save(stream: Stream, to: str | os.PathLike[str] | BinaryIO, progress: Progress | None) -> int:
    """Write the stream; answers how many bytes. A file gets its name once it is whole, and its owner alone may read it.

    Raises OSError for a place that cannot be written, and what reading the stream raises.
    """
    if not isinstance(to, str | os.PathLike):
        return _copy(stream, to, progress)
    target = Path(to)
    draft = target.with_name(f".{target.name}.{secrets.token_hex(6)}")
    try:
        make_file(draft)
        with draft.open("wb") as file:
            size = _copy(stream, file, progress)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(target)
    finally:
        with suppress(FileNotFoundError):  # it has its name by now
            draft.unlink()
    return size


def _copy(stream: Stream, file: BinaryIO, progress: Progress | None) -> int:
    size = 0
    for piece in stream:
        file.write(piece)
        size += len(piece)
        if progress is not None:
            progress(size, stream.length)
    return size
