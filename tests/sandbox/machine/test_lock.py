from __future__ import annotations

import fcntl
import threading
from typing import TYPE_CHECKING

from sandbox.machine.lock import exclusive, is_held

if TYPE_CHECKING:
    from sandbox.machine.layout import Layout
    from tests.sandbox.conftest import Steps


def test_one_command_at_a_time(layout: Layout, steps: Steps):
    order: list[str] = []
    with layout.lock.open("w") as other:
        fcntl.flock(other, fcntl.LOCK_EX)

        def second() -> None:
            with exclusive(layout, steps):
                order.append("second")

        thread = threading.Thread(target=second)
        thread.start()
        while not steps.steps:
            assert thread.is_alive()
        order.append("first")
        fcntl.flock(other, fcntl.LOCK_UN)
        thread.join()
    assert order == ["first", "second"]
    assert steps.steps == ["waiting for another command that changes this sandbox"]


def test_whether_somebody_is_at_work_can_be_asked(layout: Layout, steps: Steps):
    assert not is_held(layout), "nobody ever was"
    with exclusive(layout, steps):
        assert is_held(layout)
        assert not is_held(layout.engine)
    assert not is_held(layout)
    assert steps.steps == []
