from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import psutil
import pytest

from sandbox.errors import SandboxError
from sandbox.machine import debian, docker_engine
from sandbox.machine.layout import Layout
from sandbox.machine.processes import Processes, marks
from sandbox.machine.state import State
from tests.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.sandbox.conftest import Steps


def engine(attributes: dict[str, Any] | None = None, running: list[str] | None = None) -> Any:
    """The few things of a Docker client that are asked for."""
    containers = [SimpleNamespace(name=name) for name in running or []]
    return SimpleNamespace(
        networks=SimpleNamespace(get=lambda _: SimpleNamespace(attrs=attributes)),
        containers=SimpleNamespace(list=lambda: containers),
        close=lambda: None,
    )


def test_no_socket_is_no_engine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setattr(docker_engine, "SOCKET", tmp_path / "docker.sock")
    assert docker_engine.connect() is None


def test_a_socket_without_an_engine_is_no_engine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    stale = tmp_path / "docker.sock"
    stale.touch()
    monkeypatch.setattr(docker_engine, "SOCKET", stale)
    assert docker_engine.connect() is None


@pytest.fixture
def shared(layout: Layout) -> Layout:
    """Where the engine is remembered."""
    layout.engine.make()
    return layout.engine


@pytest.fixture
def ours(shared: Layout, monkeypatch: pytest.MonkeyPatch) -> Iterator[Processes]:
    """An engine that was started here and runs."""
    monkeypatch.setattr(docker_engine, "connect", engine)
    monkeypatch.setattr(docker_engine, "marks", set)
    processes = Processes(shared)
    processes.start(docker_engine.PART, ["sleep", "60"], marked=False)
    State(shared.state).put(docker_engine.PART, {"started": "process"})
    yield processes
    processes.stop([docker_engine.PART])


def test_where_nothing_can_be_installed_the_reader_is_told_what_to_do(
    monkeypatch: pytest.MonkeyPatch, shared: Layout, steps: Steps
):
    monkeypatch.setattr(docker_engine, "connect", lambda: None)
    monkeypatch.setattr(debian, "can_install", lambda: False)
    with pytest.raises(SandboxError, match=r"No Docker engine answers[\s\S]*Install Docker and start it"):
        docker_engine.ensure(shared, steps)
    assert steps.steps == []


def test_an_engine_that_answers_is_not_ours(monkeypatch: pytest.MonkeyPatch, shared: Layout, steps: Steps):
    monkeypatch.setattr(docker_engine, "connect", engine)
    docker_engine.ensure(shared, steps)
    assert not docker_engine.is_ours(shared)
    docker_engine.stop(shared, steps)
    assert steps.steps == []


def test_two_sandboxes_that_start_at_once_start_one_engine(
    monkeypatch: pytest.MonkeyPatch, shared: Layout, steps: Steps
):
    started: list[Any] = []

    def start(layout: Layout) -> Any:
        wait_for(lambda: steps.steps[1:], "the other one's waiting")
        started.append(layout)
        return engine()

    monkeypatch.setattr(docker_engine, "connect", lambda: engine() if started else None)
    monkeypatch.setattr(docker_engine, "_start", start)
    monkeypatch.setattr(debian, "can_install", lambda: True)
    monkeypatch.setattr(debian, "missing", lambda _: [])
    with ThreadPoolExecutor() as pool:
        list(pool.map(lambda _: docker_engine.ensure(shared, steps), range(2)))
    assert started == [shared]


def test_our_engine_is_stopped(ours: Processes, steps: Steps):
    docker_engine.stop(ours.layout, steps)
    assert ours.running(docker_engine.PART) is None
    assert not docker_engine.is_ours(ours.layout)


def test_our_engine_stays_for_the_containers_of_others(
    monkeypatch: pytest.MonkeyPatch, ours: Processes, steps: Steps
):
    monkeypatch.setattr(docker_engine, "connect", lambda: engine(running=["somebody", "else"]))
    docker_engine.stop(ours.layout, steps)
    assert ours.running(docker_engine.PART) is not None
    assert "somebody, else" in steps.said[0]
    assert docker_engine.is_ours(ours.layout), "the next `down` may stop it"


def test_our_engine_stays_for_a_sandbox_of_another_folder(
    monkeypatch: pytest.MonkeyPatch, ours: Processes, tmp_path: Path, steps: Steps
):
    monkeypatch.setattr(docker_engine, "marks", lambda: {mark for mark in marks() if str(tmp_path) in mark})
    other = Layout.of(tmp_path / "elsewhere", "1.12")
    other.make()
    Processes(other).start("identity", ["sleep", "60"])
    docker_engine.stop(ours.layout, steps)
    assert ours.running(docker_engine.PART) is not None
    assert str(other.root) in steps.said[0]
    Processes(other).stop(["identity"])
    docker_engine.stop(ours.layout, steps)
    assert ours.running(docker_engine.PART) is None


def test_the_gateway_that_the_engine_tells():
    assert docker_engine.gateway(engine({"IPAM": {"Config": [{"Gateway": "172.20.0.1"}]}})) == "172.20.0.1"


def test_the_gateway_of_the_interface_where_the_engine_does_not_tell(monkeypatch: pytest.MonkeyPatch):
    address = SimpleNamespace(family=2, address="172.21.0.1")
    monkeypatch.setattr(psutil, "net_if_addrs", lambda: {"bridge7": [address]})
    attributes = {"IPAM": {"Config": [{}]}, "Options": {"com.docker.network.bridge.name": "bridge7"}}
    assert docker_engine.gateway(engine(attributes)) == "172.21.0.1"


def test_no_bridge_is_told(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(psutil, "net_if_addrs", dict)
    with pytest.raises(SandboxError, match="docker network inspect bridge"):
        docker_engine.gateway(engine({"IPAM": {}}))


def test_stale_pid_files_are_removed_and_live_ones_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    gone, other, live = tmp_path / "gone", tmp_path / "other", tmp_path / "live"
    gone.write_text("999999999")
    ours = psutil.Process()
    other.write_text(str(ours.pid))
    live.write_text(str(ours.pid))
    names = {gone: "dockerd", other: "dockerd", live: ours.name(), tmp_path / "absent": "dockerd"}
    monkeypatch.setattr(docker_engine, "_PID_FILES", names)
    docker_engine._remove_stale_pid_files()
    assert not gone.exists()
    assert not other.exists(), "after a restart of the machine the id may be another program's"
    assert live.exists()


def test_only_images_of_the_registry_are_removed():
    removed: list[str] = []
    tags = [["127.0.0.1:21007/plugin:1", "plugin:1"], ["127.0.0.1:210077/other:1"], []]
    images = SimpleNamespace(
        list=lambda: [SimpleNamespace(tags=each) for each in tags], remove=removed.append
    )
    docker_engine.remove_images(SimpleNamespace(images=images), "127.0.0.1:21007")
    assert removed == ["127.0.0.1:21007/plugin:1"]
