"""Requests a minute: never more in any minute, and never fewer than there might be."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as some

from plugin.budget import MINUTE, Budget, shared


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


@given(limit=some.integers(1, 6), waits=some.lists(some.floats(0, 40), max_size=60))
def test_no_minute_has_more_requests_than_the_limit(limit, waits):
    clock = Clock()
    budget = Budget(clock)
    passed = []
    for wait in waits:
        clock.now += wait
        if pause := budget.take(limit):
            assert 0 < pause <= MINUTE
            # There was no room: the limit's number of requests lies within the last minute.
            assert sum(clock.now - MINUTE < at for at in passed) >= limit
        else:
            passed.append(clock.now)
    for at in passed:
        assert sum(at <= other < at + MINUTE for other in passed) <= limit


def test_after_the_pause_there_is_room():
    clock = Clock()
    budget = Budget(clock)
    assert [budget.take(2), budget.take(2)] == [0.0, 0.0]
    clock.now = 10.0
    assert budget.take(2) == 50.0
    clock.now = 60.0
    assert budget.take(2) == 0.0


def test_holding_holds_also_where_there_is_no_limit():
    clock = Clock()
    budget = Budget(clock)
    assert [budget.take(0) for _ in range(100)] == [0.0] * 100
    budget.hold(7.0)
    budget.hold(3.0)
    assert (budget.take(0), budget.held_for) == (7.0, 7.0)
    clock.now = 7.0
    assert (budget.take(0), budget.held_for) == (0.0, 0.0)


def test_collectors_with_other_limits_count_each_others_requests():
    clock = Clock()
    budget = Budget(clock)
    for at in range(3):
        clock.now = float(at)
        assert budget.take(0) == 0.0
    clock.now = 10.0
    assert budget.take(2) == MINUTE - 9.0  # the second last one was at 1
    assert budget.take(4) == 0.0


def test_one_for_an_address_and_a_key():
    assert shared("http://a", "k") is shared("http://a", "k")
    assert shared("http://a", "k") is not shared("http://a", None)
    assert shared("http://a", "k") is not shared("http://b", "k")
