"""Pages that cover each rank, share some with their neighbours, and can be asked for."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as some

from plugin.ranks import OVERLAP, pages


@given(count=some.integers(1, 20_000))
def test_pages_cover_every_rank_and_overlap(count):
    cut = list(pages(count))
    assert cut[0].first == 1
    assert cut[-2].last < count <= cut[-1].last if len(cut) > 1 else count == cut[0].last
    for one, other in pairwise(cut):
        assert one.last - other.first + 1 >= OVERLAP
        assert other.last > one.last
    assert all(1 <= page.size <= 250 for page in cut)


@given(count=some.integers(1, 500), largest=some.integers(1, 60), overlap=some.integers(0, 12))
def test_pages_of_a_few_rows_lead_on_too(count, largest, overlap):
    cut = list(pages(count, largest, overlap))
    ranks = {rank for page in cut for rank in range(page.first, page.last + 1)}
    assert ranks >= set(range(1, count + 1))
    assert len(cut) <= count


def test_the_overlap_costs_little():
    assert len(list(pages(250))) == 1
    assert len(list(pages(1000))) == 5
    assert len(list(pages(10_000))) == 45
