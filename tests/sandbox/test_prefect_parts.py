from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sandbox import prefect_parts
from sandbox.errors import SandboxError
from sandbox.machine.layout import Layout
from sandbox.machine.processes import Processes, is_alive
from sandbox.machine.state import State
from tests.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from psutil import Process

    from tests.sandbox.conftest import Steps


PASSWORD = "sandbox:secret"


def test_its_pages_call_the_port_that_they_come_from(layout: Layout):
    variables = prefect_parts.environment(layout.prefect, 21004, PASSWORD)
    server = prefect_parts.server(layout.prefect, "image", 21004, PASSWORD)
    assert variables["PREFECT_API_URL"] == "http://127.0.0.1:21004/api"
    assert server.environment["PREFECT_UI_API_URL"] == "http://127.0.0.1:21004/api"
    assert list(server.ports.values()) == [21004]


def test_it_answers_its_own_address_and_its_own_pages_alone(layout: Layout):
    server = prefect_parts.server(layout.prefect, "image", 21004, PASSWORD)
    assert "127.0.0.1:21004" in server.command
    assert server.environment["PREFECT_SERVER_CORS_ALLOWED_ORIGINS"] == "http://127.0.0.1:21004"


def test_both_have_the_password_and_no_command_has_it(layout: Layout):
    variables = prefect_parts.environment(layout.prefect, 21004, PASSWORD)
    server = prefect_parts.server(layout.prefect, "image", 21004, PASSWORD)
    assert variables["PREFECT_API_AUTH_STRING"] == PASSWORD
    assert server.environment["PREFECT_SERVER_API_AUTH_STRING"] == PASSWORD
    assert PASSWORD not in " ".join((*server.command, server.health, *server.labels.values()))


def test_neither_sends_statistics(layout: Layout):
    for variables in (
        prefect_parts.environment(layout.prefect, 1, PASSWORD),
        prefect_parts.server(layout.prefect, "image", 1, PASSWORD).environment,
    ):
        assert variables["PREFECT_SERVER_ANALYTICS_ENABLED"] == "false"


def test_its_flows_find_every_sandbox_of_the_folder(layout: Layout):
    home = prefect_parts.environment(layout.prefect, 21004, PASSWORD)["PLUGINCTL_SANDBOX_HOME"]
    assert str(layout.root.parent) == home


def test_a_password_is_made_once_for_each_folder_and_is_private(layout: Layout, tmp_path: Path):
    shared, other = layout.prefect, Layout.of(tmp_path / "other", "2.x").prefect
    assert prefect_parts.kept_password(shared) is None
    made = prefect_parts._password(State(shared.state))
    user, _, secret = made.partition(":")
    assert user
    assert len(secret) >= 32
    assert prefect_parts.kept_password(shared) == made == prefect_parts._password(State(shared.state))
    assert prefect_parts._password(State(other.state)) != made
    assert shared.state.stat().st_mode & 0o777 == 0o600


@pytest.fixture
def worker(
    layout: Layout, steps: Steps, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[str], Process]]:
    """Starts a worker with a password, and gives its process."""
    shared = layout.prefect
    shared.make()
    processes = Processes(shared)
    monkeypatch.setattr(prefect_parts, "_FOREVER", ("sh", "-c", "echo started!; sleep 600"))

    def start(password: str) -> Process:
        variables = prefect_parts.environment(shared, 24000, password)
        prefect_parts._start_worker(shared, State(shared.state), variables, steps)
        found = processes.running(prefect_parts.WORKER)
        assert found is not None
        return found

    yield start
    processes.stop(prefect_parts.WORKER)


def test_a_worker_with_the_same_password_goes_on(worker: Callable[[str], Process]):
    assert worker("one") == worker("one")


def test_a_worker_with_an_older_password_is_started_again(worker: Callable[[str], Process]):
    older = worker("one")
    assert worker("two") != older
    assert not is_alive(older)


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
