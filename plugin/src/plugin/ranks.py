"""Pages of a ranked list that moves while it is read.

The source gives page `number` of `size` rows; between two requests rows change their ranks. A row that rises over the
edge of a page that was read already would be lost, so each page begins before the end of the one before it: a row
that moves by fewer than OVERLAP ranks while two neighbouring pages are read is in one of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

LARGEST: Final = 250
"""The most rows that the source gives in one page."""

OVERLAP: Final = 10
"""Ranks that two neighbouring pages share at least: what a coin may move by while both are read."""


@dataclass(frozen=True, slots=True)
class Page:
    """Some ranks, in the only form that the source can be asked for them."""

    number: int
    size: int

    @property
    def first(self) -> int:
        """Its first rank, from 1 on."""
        return (self.number - 1) * self.size + 1

    @property
    def last(self) -> int:
        """Its last rank."""
        return self.number * self.size


def pages(count: int, largest: int = LARGEST, overlap: int = OVERLAP) -> Iterator[Page]:
    """Pages that together are the ranks 1 to `count`, each sharing `overlap` ranks with the one before.

    A page begins at a multiple of its size, so pages of one size never overlap. Here each has the size that reaches
    furthest: 250, 240, 235, 231, … rows, some 7 % more in all than without an overlap.
    """
    page = Page(1, min(count, largest))
    yield page
    while page.last < count:
        page = _next(page, count, largest, overlap)
        yield page


def _next(page: Page, count: int, largest: int, overlap: int) -> Page:
    sizes = range(largest * 4 // 5 or 1, largest + 1)
    # Sharing nothing always leads on; with pages of a few rows alone it comes to that.
    for shared in range(overlap, -1, -1):
        candidates = [Page((page.last - shared) // size + 1, size) for size in sizes]
        if enough := [found for found in candidates if found.last >= count]:
            return min(enough, key=lambda found: found.size)
        furthest = max(candidates, key=lambda found: found.last)
        if furthest.last > page.last:
            return furthest
    raise AssertionError("a page of the same size as the last one follows it")
