from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sandbox import prefect_parts
from sandbox.machine.processes import Processes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sandbox.machine.layout import Layout
    from sandbox.parts import Part
    from tests.sandbox.conftest import Steps


@pytest.fixture
def shared(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> Iterator[Layout]:
    """Where Prefect lives; instead of its programs others are started, which are ready at once."""

    def launch(parts: list[Part], processes: Processes, _: Steps) -> None:
        for part in parts:
            if processes.running(part.name) is None:
                processes.start(part.name, ["sleep", "60"], address=part.address)

    monkeypatch.setattr(prefect_parts, "launch", launch)
    yield layout.prefect
    processes = Processes(layout.prefect)
    processes.stop(processes.names())


def test_its_pages_ask_the_port_that_they_come_from(layout: Layout):
    variables = prefect_parts.environment(layout.prefect, 21004)
    assert variables["PREFECT_UI_API_URL"] == variables["PREFECT_API_URL"] == "http://127.0.0.1:21004/api"
    assert variables["PREFECT_HOME"] == str(layout.prefect.data)
    assert variables["PREFECT_SERVER_ANALYTICS_ENABLED"] == "false"


def test_its_flows_find_every_sandbox_of_the_folder(layout: Layout):
    home = prefect_parts.environment(layout.prefect, 21004)["PLUGINCTL_SANDBOX_HOME"]
    assert str(layout.root.parent) == home


def test_one_serves_all_and_keeps_its_port(shared: Layout, steps: Steps):
    assert not prefect_parts.was_started(shared)
    assert prefect_parts.kept_port(shared) is None
    prefect_parts.start(shared, steps)
    first = {name: Processes(shared).record(name) for name in Processes(shared).names()}
    assert list(first) == [prefect_parts.SERVER, prefect_parts.WORKER]
    port = prefect_parts.kept_port(shared)
    prefect_parts.start(shared, steps)
    assert {name: Processes(shared).record(name) for name in Processes(shared).names()} == first
    prefect_parts.stop(shared, steps)
    assert not prefect_parts.was_started(shared)
    prefect_parts.start(shared, steps)
    assert prefect_parts.kept_port(shared) == port


def test_the_worker_is_stopped_before_the_server(
    shared: Layout, steps: Steps, monkeypatch: pytest.MonkeyPatch
):
    prefect_parts.start(shared, steps)
    stopped: list[str] = []
    real: Callable[[Processes, list[str]], None] = Processes.stop

    def stop(self: Processes, names: list[str]) -> None:
        stopped.extend(names)
        real(self, names)

    monkeypatch.setattr(Processes, "stop", stop)
    prefect_parts.stop(shared, steps)
    assert stopped == [prefect_parts.WORKER, prefect_parts.SERVER]
    assert steps.steps == ["stopping Prefect"]
    prefect_parts.stop(shared, steps)
    assert steps.steps == ["stopping Prefect"], "what does not run is not stopped"
