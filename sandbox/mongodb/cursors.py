"""Cursors: results that a client fetches in batches."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bson.int64 import Int64

from .documents import as_raw
from .errors import CommandError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bson.raw_bson import RawBSONDocument

    from .documents import Document

FIRST_BATCH = 101
"""How many documents come first when the client does not say, as on a real server."""

MAX_BATCH_BYTES = 16 * 1024 * 1024
IDLE_SECONDS = 600.0
"""After this long without getMore a cursor is forgotten, as on a real server."""


@dataclass(slots=True)
class _Cursor:
    namespace: str
    results: Sequence[bytes]
    position: int
    used: float


class Cursors:
    """The open cursors of all connections. Their results were taken when they were opened."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._cursors: dict[int, _Cursor] = {}
        self._last = 0

    def open(
        self, namespace: str, results: Sequence[bytes], batch_size: int | None, *, single: bool = False
    ) -> Document:
        """The reply to find and aggregate with `results` (BSON).

        It holds the first batch, and the number of a cursor when more follow. `single` closes the cursor
        after the first batch, whatever is left.
        """
        size = FIRST_BATCH if batch_size is None else batch_size
        batch, position = _batch(results, 0, size)
        number = 0
        if position < len(results) and not single:
            with self._lock:
                self._forget_idle()
                self._last += 1
                number = self._last
                self._cursors[number] = _Cursor(namespace, results, position, time.monotonic())
        return {"cursor": {"firstBatch": batch, "id": Int64(number), "ns": namespace}, "ok": 1.0}

    def more(self, number: int, namespace: str, batch_size: int | None) -> Document:
        """The reply to getMore; raises CommandError 43 for a cursor that is not open."""
        with self._lock:
            cursor = self._cursors.get(number)
            if cursor is None or cursor.namespace != namespace:
                raise CommandError(43, f"cursor id {number} not found")
            batch, cursor.position = _batch(cursor.results, cursor.position, batch_size or None)
            cursor.used = time.monotonic()
            if cursor.position >= len(cursor.results):
                del self._cursors[number]
                number = 0
        return {"cursor": {"nextBatch": batch, "id": Int64(number), "ns": namespace}, "ok": 1.0}

    def kill(self, numbers: list[int]) -> tuple[list[int], list[int]]:
        """Close cursors; returns those that were open and those that were not."""
        with self._lock:
            killed = [number for number in numbers if self._cursors.pop(number, None)]
        return killed, [number for number in numbers if number not in killed]

    def _forget_idle(self) -> None:
        oldest = time.monotonic() - IDLE_SECONDS
        for number in [number for number, cursor in self._cursors.items() if cursor.used < oldest]:
            del self._cursors[number]


def _batch(results: Sequence[bytes], position: int, size: int | None) -> tuple[list[RawBSONDocument], int]:
    """Up to `size` results from `position`, and the next position; no more bytes than a batch may have."""
    end = len(results) if size is None else min(len(results), position + size)
    batch: list[RawBSONDocument] = []
    room = MAX_BATCH_BYTES
    while position < end:
        raw = results[position]
        room -= len(raw)
        if room < 0 and batch:
            break
        batch.append(as_raw(raw))
        position += 1
    return batch, position
