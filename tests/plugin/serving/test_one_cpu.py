"""All threads on one CPU as long as anybody collects, and where they may be afterwards."""

from __future__ import annotations

import os
import threading
from contextlib import suppress
from pathlib import Path

import pytest

from plugin.serving.one_cpu import OneCpu


def places():
    """On how many CPUs each thread of this process may run."""
    found = set()
    for task in Path("/proc/self/task").iterdir():
        with suppress(ProcessLookupError):  # a thread of an earlier test, which ended just now
            found.add(len(os.sched_getaffinity(int(task.name))))
    return found


@pytest.fixture
def thread():
    """Starts threads that wait."""
    end, started = threading.Event(), []

    def start():
        made = threading.Thread(target=end.wait)
        made.start()
        started.append(made)

    yield start
    end.set()
    for each in started:
        each.join()


def test_the_last_one_out_gives_back_what_the_first_one_took(thread):
    before = places()
    place = OneCpu()
    thread()
    with place:
        assert places() == {1}
        with place:
            thread()
            assert places() == {1}
        assert places() == {1}
    assert places() == before
    with place:
        assert places() == {1}
    assert places() == before


def test_where_it_is_forbidden_nothing_happens(monkeypatch):
    def forbidden(*_):
        raise PermissionError(1, "Operation not permitted")

    before = places()
    monkeypatch.setattr(os, "sched_setaffinity", forbidden)
    with OneCpu():
        assert places() == before


def test_where_a_system_knows_no_such_thing_nothing_happens(monkeypatch):
    monkeypatch.delattr(os, "sched_getaffinity")
    with OneCpu():
        pass
