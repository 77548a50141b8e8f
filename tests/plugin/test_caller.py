"""Whoever waits may leave, and nothing is done for it then."""

from __future__ import annotations

import threading
import time

import pytest
from plugin.caller import Caller
from plugin.errors import CallerLeft


def test_a_pause_ends_when_the_caller_leaves():
    caller = Caller()
    threading.Timer(0.05, caller.leave).start()
    started = time.monotonic()
    with pytest.raises(CallerLeft):
        caller.wait(20)
    assert time.monotonic() - started < 5
    assert caller.left


def test_a_pause_is_waited_for():
    assert Caller().wait(0.001) is True


def test_without_patience_nobody_waits():
    caller = Caller(patient=False)
    started = time.monotonic()
    assert caller.wait(20) is False
    assert time.monotonic() - started < 5
    caller.leave()
    with pytest.raises(CallerLeft):
        caller.wait(20)


def test_what_was_to_be_done_is_done_once():
    caller, done = Caller(), []
    caller.on_leaving(lambda: done.append("first"))
    assert done == []
    caller.leave()
    caller.leave()
    assert done == ["first"]
    caller.on_leaving(lambda: done.append("second"))
    assert done == ["first", "second"]
