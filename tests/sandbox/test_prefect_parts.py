from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sandbox import prefect_parts
from sandbox.errors import SandboxError
from sandbox.machine.processes import Processes, is_alive
from sandbox.machine.state import State
from tests.waiting import wait_for

if TYPE_CHECKING:
    from sandbox.machine.layout import Layout
    from tests.sandbox.conftest import Steps


def test_its_pages_call_the_port_that_they_come_from(layout: Layout):
    variables = prefect_parts.environment(layout.prefect, 21004)
    server = prefect_parts.server(layout.prefect, "image", 21004)
    assert variables["PREFECT_API_URL"] == "http://127.0.0.1:21004/api"
    assert server.environment["PREFECT_UI_API_URL"] == "http://127.0.0.1:21004/api"
    assert list(server.ports.values()) == [21004]


def test_neither_sends_statistics(layout: Layout):
    for variables in (
        prefect_parts.environment(layout.prefect, 1),
        prefect_parts.server(layout.prefect, "image", 1).environment,
    ):
        assert variables["PREFECT_SERVER_ANALYTICS_ENABLED"] == "false"


def test_its_flows_find_every_sandbox_of_the_folder(layout: Layout):
    home = prefect_parts.environment(layout.prefect, 21004)["PLUGINCTL_SANDBOX_HOME"]
    assert str(layout.root.parent) == home


def test_the_lock_of_its_server_is_packed():
    assert "prefect==" in prefect_parts.requirements().read_text()


def test_it_was_started_until_it_is_stopped(layout: Layout, steps: Steps):
    shared = layout.prefect
    assert not prefect_parts.was_started(shared)
    shared.make()
    State(shared.state).put("started", {"server": True})
    State(shared.state).put("ports", {prefect_parts.PORT: 24000})
    assert prefect_parts.kept_port(shared) == 24000
    processes = Processes(shared)
    processes.start(prefect_parts.WORKER, ["sleep", "60"])
    prefect_parts.stop(shared, None, steps)
    assert processes.running(prefect_parts.WORKER) is None
    assert prefect_parts.kept_port(shared) is None


def test_a_worker_that_died_is_started_again(layout: Layout, tmp_path: Path):
    layout.make()
    processes = Processes(layout)
    code = f"import os, pathlib, time; pathlib.Path({str(tmp_path)!r}, str(os.getpid())).touch(); time.sleep(600)"
    processes.start("worker", (*prefect_parts._FOREVER, sys.executable, "-c", code))

    def pids() -> list[int]:
        return sorted(int(each.name) for each in tmp_path.iterdir() if each.name.isdecimal())

    wait_for(pids)
    shell = processes.running("worker")
    assert shell is not None
    shell.children()[0].kill()
    wait_for(lambda: len(pids()) == 2)
    children = shell.children()
    processes.stop("worker")
    assert not [each for each in children if is_alive(each)]
    assert processes.running("worker") is None


def test_a_worker_that_does_not_start_is_told_with_its_last_lines(layout: Layout):
    layout.make()
    processes = Processes(layout)
    processes.start("worker", ["sh", "-c", "echo cannot reach the server; exit 1"])
    with pytest.raises(SandboxError, match="worker does not start") as caught:
        prefect_parts.wait_for_line(processes, "worker", "started!", 0)
    assert list(caught.value.details) == ["cannot reach the server"]
