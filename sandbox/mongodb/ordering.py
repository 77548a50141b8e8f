"""Sorting by paths. Values of one simple type are compared directly, which is faster."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, TypeVar

from .errors import CommandError
from .matching import sort_key

if TYPE_CHECKING:
    from collections.abc import Callable

    from .documents import Document

T = TypeVar("T")


def sort_documents(items: list[T], sort: Document, document_of: Callable[[T], Document]) -> list[T]:
    """`items` in the order of `sort` ({path: 1 or -1, …}), stable; in their own order where it is empty."""
    for path, direction in reversed(sort.items()):
        if direction not in (1, -1):
            raise CommandError(2, f"$sort key ordering must be 1 or -1, not {direction!r} for '{path}'")
        if path == "$natural":
            items = items[::-1] if direction < 0 else items
        elif path.startswith("$"):
            raise CommandError(2, f"FieldPath field names may not start with '$': {path}")
        else:
            items = _sorted_by(
                items, [sort_key(path, document_of(item)) for item in items], descending=direction < 0
            )
    return items


def _sorted_by(items: list[T], keys: list[tuple[int, object]], *, descending: bool) -> list[T]:
    native = [getattr(comparable, "obj", None) for _, comparable in keys]
    kinds = {type(value) for value in native}
    sortable: list[object] = (
        native if len(kinds) == 1 and kinds <= {str, int, float, datetime} else list(keys)
    )
    order = sorted(range(len(items)), key=sortable.__getitem__, reverse=descending)  # type: ignore[arg-type]  # keys compare
    return [items[place] for place in order]
