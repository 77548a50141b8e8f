"""A caller may leave, and nothing more is done for it then."""

from __future__ import annotations

import threading

import pytest

from plugin.serving.caller import Caller
from plugin.serving.errors import CallerLeft

ENDLESS = 3600.0
"""Seconds; a test that really waited for so long would be ended as one that hangs."""


def test_a_pause_ends_when_the_caller_leaves():
    caller = Caller()
    threading.Timer(0.05, caller.leave).start()
    with pytest.raises(CallerLeft):
        caller.wait(ENDLESS)
    assert caller.left


def test_a_pause_is_waited_for():
    assert Caller().wait(0.001) is True


def test_without_patience_nobody_waits():
    caller = Caller(patient=False)
    assert caller.wait(ENDLESS) is False
    caller.leave()
    with pytest.raises(CallerLeft):
        caller.wait(ENDLESS)


def test_what_was_to_be_done_is_done_once():
    caller, done = Caller(), []
    caller.on_leaving(lambda: done.append("first"))
    assert done == []
    caller.leave()
    caller.leave()
    assert done == ["first"]
    caller.on_leaving(lambda: done.append("second"))
    assert done == ["first", "second"]
