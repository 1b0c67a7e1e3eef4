"""Folders and files that only their owner may read."""

from __future__ import annotations

import os
import secrets
from pathlib import Path


def make_folder(folder: Path) -> None:
    """Make a folder, and those above it that are missing, for the owner only. Raises OSError."""
    for path in reversed([folder, *folder.parents]):
        if not path.exists():
            path.mkdir(mode=0o700, exist_ok=True)


def make_file(path: Path) -> None:
    """Make an empty file for the owner only, unless it is there. Raises OSError."""
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))


def keep_once(path: Path, content: str) -> str:
    """Write a file for the owner only, unless it is there; gives what is in it.

    It appears whole or not at all, and of several processes that write at once the first one's stays. Raises OSError.
    """
    draft = path.with_name(f"{path.name}.{secrets.token_hex(6)}")
    make_file(draft)
    try:
        draft.write_text(content)
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
    return path.read_text()
