"""Pages of a ranked list that moves while it is read.

The source gives page `number` of `size` rows, and between two requests rows change their ranks. A row that rises from
the next page into one that was read already would be lost, so each page begins before the end of the one before it: a
row that moves by fewer than OVERLAP ranks while two neighbouring pages are read is in one of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

LARGEST: Final = 250
"""The most rows that the source gives in one page."""

OVERLAP: Final = 10
"""Ranks that two neighbouring pages share at least."""


@dataclass(frozen=True, slots=True)
class Page:
    """Some ranks, in the form in which the source gives them: page `number` of `size` rows."""

    number: int
    size: int

    @property
    def first(self) -> int:
        """Its first rank; ranks count from 1."""
        return (self.number - 1) * self.size + 1

    @property
    def last(self) -> int:
        """Its last rank."""
        return self.number * self.size


def pages(count: int, largest: int = LARGEST, overlap: int = OVERLAP) -> Iterator[Page]:
    """Pages that together cover the ranks 1 to `count`, each sharing `overlap` ranks with the one before.

    A page begins at a multiple of its size, so pages of the same size never overlap. Each page here has the size that
    reaches furthest: 250, 240, 235, 231, … rows, some 7 % more in all than without an overlap.
    """
    page = Page(1, min(count, largest))
    yield page
    while page.last < count:
        page = _next(page, count, largest, overlap)
        yield page


def _next(page: Page, count: int, largest: int, overlap: int) -> Page:
    sizes = range(largest * 4 // 5 or 1, largest + 1)
    # Without an overlap there is always a next page; only pages of a few rows come to that.
    for shared in range(overlap, -1, -1):
        candidates = [Page((page.last - shared) // size + 1, size) for size in sizes]
        if enough := [found for found in candidates if found.last >= count]:
            return min(enough, key=lambda found: found.size)
        furthest = max(candidates, key=lambda found: found.last)
        if furthest.last > page.last:
            return furthest
    raise AssertionError("a page of the same size as the last one follows it")
