"""Sorting as mongomock does it, natively where all values have one simple type."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from mongomock.filtering import resolve_sort_key

from .documents import Document
from .errors import CommandError

if TYPE_CHECKING:
    from .store import Record


def sort_records(records: list[Record], sort: Document) -> list[Record]:
    """`records` in the order of `sort` ({path: 1 or -1, …}), stable; in natural order where it is empty."""
    for path, direction in reversed(sort.items()):
        if direction not in (1, -1):
            raise CommandError(2, f"$sort key ordering must be 1 or -1, not {direction!r} for '{path}'")
        if path == "$natural":
            records = records[::-1] if direction < 0 else records
        elif path.startswith("$"):
            raise CommandError(2, f"FieldPath field names may not start with '$': {path}")
        else:
            records = _sorted_by(records, path, descending=direction < 0)
    return records


def _sorted_by(records: list[Record], path: str, *, descending: bool) -> list[Record]:
    keys = [resolve_sort_key(path, record.document) for record in records]
    kinds = {type(comparable.obj) for _, comparable in keys}
    if len(kinds) == 1 and kinds <= {str, int, float, datetime}:
        order = sorted(range(len(keys)), key=lambda place: keys[place][1].obj, reverse=descending)
    else:
        order = sorted(range(len(keys)), key=keys.__getitem__, reverse=descending)
    return [records[place] for place in order]
