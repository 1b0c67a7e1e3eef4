"""Walks through lists of any length, page by page, as the caller goes on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

LARGEST_PAGE = 100

Page = dict[str, Any]


def items_of(list_page: Callable[..., Page], name: str, params: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Every item of a list whose pages hold them under ``name``; the next page is asked for when it is needed.

    The oldest come first unless ``order`` says otherwise, so that what is created meanwhile shifts no page. Where a
    page tells ``more_starting_after`` the walk goes on from there, else by page numbers: then it raises BackendRefused
    once there are more pages than the backend counts.
    """
    asked = {"limit": LARGEST_PAGE, "order": "created_at", **params}
    page = list_page(**asked)
    yield from page[name]
    number = asked.get("page", 1)
    while not _is_last(page, name, asked["limit"], number):
        if (cursor := page.get("more_starting_after")) is not None:
            asked = {key: value for key, value in asked.items() if key != "page"} | {"starting_after_id": cursor}
        else:
            number += 1
            asked["page"] = number
        page = list_page(**asked)
        yield from page[name]


def _is_last(page: Page, name: str, limit: int, number: int) -> bool:
    if page.get("more_starting_after") is not None:
        return False
    if "has_more" in page:
        return not page["has_more"]
    return len(page[name]) < limit or number * limit >= page.get("total", number * limit + 1)
