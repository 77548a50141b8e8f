from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import psutil
import pytest

from sandbox.engine import connection, installed
from sandbox.errors import SandboxError
from sandbox.machine import debian
from sandbox.machine.layout import Layout
from sandbox.machine.processes import Processes
from sandbox.machine.state import State
from tests.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.sandbox.conftest import Steps


def engine(running: list[str] | None = None) -> Any:
    """The few things of a Docker client that are used here."""
    containers = [SimpleNamespace(name=name) for name in running or []]
    return SimpleNamespace(containers=SimpleNamespace(list=lambda **_: containers), close=lambda: None)


@pytest.fixture
def shared(layout: Layout) -> Layout:
    """Where the engine is remembered."""
    layout.engine.make()
    return layout.engine


@pytest.fixture
def ours(shared: Layout, monkeypatch: pytest.MonkeyPatch) -> Iterator[Processes]:
    """An engine that was started here and runs."""
    monkeypatch.setattr(installed, "connect", engine)
    processes = Processes(shared)
    processes.start(installed.PART, ["sleep", "60"])
    State(shared.state).put(installed.PART, {"started": "process"})
    yield processes
    processes.stop(installed.PART)


def test_where_nothing_can_be_installed_the_error_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, shared: Layout, steps: Steps
):
    for module in (installed, connection):
        monkeypatch.setattr(module, "connect", lambda: None)
    monkeypatch.setattr(debian, "can_install", lambda: False)
    with pytest.raises(SandboxError, match=r"No Docker engine answers[\s\S]*Install Docker and start it"):
        installed.ensure(shared, steps)
    assert steps.steps == []


def test_no_engine_is_installed_if_docker_host_names_another_one(
    monkeypatch: pytest.MonkeyPatch, shared: Layout, steps: Steps, tmp_path: Path
):
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/docker.sock")
    monkeypatch.setattr(debian, "can_install", lambda: True)
    with pytest.raises(SandboxError, match=f"No Docker engine answers at unix://{tmp_path}"):
        installed.ensure(shared, steps)
    assert steps.steps == []


def test_an_engine_that_answers_is_not_ours(monkeypatch: pytest.MonkeyPatch, shared: Layout, steps: Steps):
    monkeypatch.setattr(installed, "connect", engine)
    installed.ensure(shared, steps)
    assert not installed.is_ours(shared)
    installed.stop(shared, steps)
    assert steps.steps == []


def test_two_sandboxes_that_start_at_once_start_one_engine(
    monkeypatch: pytest.MonkeyPatch, shared: Layout, steps: Steps
):
    started: list[Any] = []

    def start(layout: Layout) -> Any:
        wait_for(lambda: steps.steps[1:], "the other one's waiting")
        started.append(layout)
        return engine()

    monkeypatch.setattr(installed, "connect", lambda: engine() if started else None)
    monkeypatch.setattr(installed, "_start", start)
    monkeypatch.setattr(debian, "can_install", lambda: True)
    monkeypatch.setattr(debian, "missing", lambda _: [])
    with ThreadPoolExecutor() as pool:
        list(pool.map(lambda _: installed.ensure(shared, steps), range(2)))
    assert started == [shared]


def test_our_engine_is_stopped(ours: Processes, steps: Steps):
    installed.stop(ours.layout, steps)
    assert ours.running(installed.PART) is None
    assert not installed.is_ours(ours.layout)


def test_our_engine_stays_for_any_container_that_runs(
    monkeypatch: pytest.MonkeyPatch, ours: Processes, steps: Steps
):
    monkeypatch.setattr(installed, "connect", lambda: engine(running=["somebody", "else"]))
    installed.stop(ours.layout, steps)
    assert ours.running(installed.PART) is not None
    assert "somebody, else" in steps.said[0]
    assert installed.is_ours(ours.layout), "the next `down` may stop it"


def test_stale_pid_files_are_removed_and_live_ones_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    gone, other, live = tmp_path / "gone", tmp_path / "other", tmp_path / "live"
    gone.write_text("999999999")
    ours = psutil.Process()
    other.write_text(str(ours.pid))
    live.write_text(str(ours.pid))
    names = {gone: "dockerd", other: "dockerd", live: ours.name(), tmp_path / "absent": "dockerd"}
    monkeypatch.setattr(installed, "_PID_FILES", names)
    installed._remove_stale_pid_files()
    assert not gone.exists()
    assert not other.exists(), "after a restart of the machine the id may be another program's"
    assert live.exists()
