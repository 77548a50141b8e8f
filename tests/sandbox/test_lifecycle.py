from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sandbox import lifecycle, parts, prefect_parts
from sandbox.errors import SandboxError
from sandbox.machine import debian, docker_engine
from sandbox.machine.layout import Layout
from sandbox.machine.lock import exclusive
from sandbox.machine.processes import Processes
from sandbox.machine.state import State
from sandbox.spaceone.generations import GENERATIONS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.sandbox.conftest import Steps


@pytest.fixture(autouse=True)
def no_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(docker_engine, "connect", lambda: None)


@pytest.fixture
def old(layout: Layout) -> Iterator[Processes]:
    """The other sandbox of the folder: of 1.12, with one part that runs."""
    processes = Processes(Layout.of(layout.root.parent, "1.12"))
    processes.layout.make()
    processes.start("identity", ["sleep", "60"])
    yield processes
    processes.stop(processes.names())


@pytest.fixture
def prefect(layout: Layout) -> Iterator[Processes]:
    """Prefect, started by whichever sandbox."""
    processes = Processes(layout.prefect)
    processes.layout.make()
    processes.start(prefect_parts.SERVER, ["sleep", "60"])
    processes.start(prefect_parts.WORKER, ["sleep", "60"])
    State(layout.prefect.state).put("ports", {prefect_parts.PORT: 24000})
    yield processes
    processes.stop(processes.names())


@pytest.fixture
def stopped_engines(monkeypatch: pytest.MonkeyPatch) -> list[Layout]:
    """Where the engine was stopped, each time."""
    stopped: list[Layout] = []
    monkeypatch.setattr(docker_engine, "stop", lambda layout, _: stopped.append(layout))
    return stopped


@pytest.mark.parametrize("generation", GENERATIONS)
def test_status_without_a_sandbox(tmp_path: Path, generation: str):
    found = lifecycle.status(tmp_path, generation=generation)
    assert {service.state for service in found} == {"stopped"}
    assert {"identity", "supervisor", "redis"} <= {service.name for service in found}
    assert lifecycle.shared(tmp_path) == []
    assert lifecycle.existing(tmp_path) == []


def test_status_tells_what_runs_what_ended_and_what_is_silent(layout: Layout, processes: Processes):
    processes.start("supervisor", ["sleep", "60"])
    processes.start("identity", ["sleep", "60"], address="grpc://127.0.0.1:9")
    processes.start("config", ["true"], address="grpc://127.0.0.1:9")
    processes.start("market", ["sleep", "60"])
    while processes.running("config"):
        pass
    found = {service.name: service for service in lifecycle.status(layout.root.parent)}
    assert found["supervisor"].state == "running"
    assert found["supervisor"].pid
    assert found["supervisor"].memory > 0
    assert found["identity"].state == "not answering"
    assert (found["config"].state, found["config"].pid) == ("ended", None)
    assert found["redis"].state == "stopped"
    assert found["market"].state == "running", "parts on request are shown once they were started"


def test_status_tells_what_the_sandboxes_share(layout: Layout, prefect: Processes):
    engine = Processes(layout.engine)
    engine.layout.make()
    engine.start(docker_engine.PART, ["true"], address="unix:///var/run/docker.sock", marked=False)
    while engine.running(docker_engine.PART):
        pass
    found = {service.name: service.state for service in lifecycle.shared(layout.root.parent)}
    assert found == {"dockerd": "ended", prefect_parts.SERVER: "running", prefect_parts.WORKER: "running"}
    assert not found.keys() & {service.name for service in lifecycle.status(layout.root.parent)}


def test_prefect_is_the_same_for_every_sandbox(layout: Layout, prefect: Processes):
    home = layout.root.parent
    summaries = [lifecycle.summary(home, generation=name) for name in GENERATIONS]
    assert [each.name for each in summaries] == ["sandbox", "sandbox-1.12"]
    assert {each.prefect for each in summaries} == {"http://127.0.0.1:24000"}
    assert summaries[0].prefect_environment == summaries[1].prefect_environment != {}
    assert summaries[0].environment != summaries[1].environment
    prefect.stop(prefect.names())
    assert lifecycle.summary(home).prefect is None


def test_logs_of_a_part(layout: Layout):
    layout.log("identity").write_text("words")
    assert lifecycle.logs(layout.root.parent, "identity") == layout.log("identity")
    with pytest.raises(SandboxError, match=r"no log of 'identitty'[\s\S]*identity"):
        lifecycle.logs(layout.root.parent, "identitty")
    with pytest.raises(SandboxError, match="no log of"):
        lifecycle.logs(layout.root.parent, "../logs/identity")


def test_logs_of_what_the_sandboxes_share_are_found_from_each(layout: Layout):
    for shared, part in ((layout.engine, docker_engine.PART), (layout.prefect, prefect_parts.SERVER)):
        shared.make()
        shared.log(part).write_text("words")
        for generation in GENERATIONS:
            assert lifecycle.logs(layout.root.parent, part, generation=generation) == shared.log(part)


def test_down_stops_what_was_started_and_keeps_the_data(layout: Layout, processes: Processes, steps: Steps):
    processes.start("identity", ["sleep", "60"])
    (layout.data / "kept").touch()
    lifecycle.down(layout.root.parent, progress=steps)
    assert processes.running("identity") is None
    assert (layout.data / "kept").exists()
    lifecycle.down(layout.root.parent, progress=steps)


def test_purge_removes_the_folder(layout: Layout, processes: Processes):
    processes.start("identity", ["sleep", "60"])
    lifecycle.down(layout.root.parent, purge=True)
    assert processes.running("identity") is None
    assert not layout.root.exists()


def test_purge_names_the_databases_that_it_leaves_elsewhere(layout: Layout, steps: Steps):
    State(layout.data / "state.json").put("database", {"address": "mongo:27017", "prefix": "sandbox_ab_"})
    lifecycle.down(layout.root.parent, purge=True, progress=steps)
    assert steps.said == [
        "The databases sandbox_ab_* at mongo:27017 are kept. Drop them there if you no longer need them."
    ]


def test_down_of_one_leaves_the_other_and_what_they_share(
    layout: Layout, processes: Processes, old: Processes, prefect: Processes, stopped_engines: list[Layout]
):
    processes.start("identity", ["sleep", "60"])
    lifecycle.down(layout.root.parent, generation="2.x")
    assert processes.names() == []
    assert old.running("identity")
    assert prefect.running(prefect_parts.SERVER)
    assert prefect.running(prefect_parts.WORKER)
    assert stopped_engines == []
    lifecycle.down(layout.root.parent, generation="1.12")
    assert old.names() == prefect.names() == []
    assert stopped_engines == [layout.engine]


def test_down_stops_every_sandbox_of_the_folder(
    layout: Layout, processes: Processes, old: Processes, prefect: Processes, stopped_engines: list[Layout]
):
    processes.start("identity", ["sleep", "60"])
    lifecycle.down(layout.root.parent)
    assert processes.names() == old.names() == prefect.names() == []
    assert stopped_engines == [layout.engine]
    assert lifecycle.existing(layout.root.parent) == ["2.x", "1.12"]


def test_what_is_shared_stays_while_another_sandbox_is_being_started(
    layout: Layout, prefect: Processes, stopped_engines: list[Layout], steps: Steps
):
    with exclusive(Layout.of(layout.root.parent, "1.12"), steps):
        lifecycle.down(layout.root.parent, generation="2.x")
    assert prefect.running(prefect_parts.SERVER)
    assert stopped_engines == []


def test_prefects_data_goes_with_that_of_the_last_sandbox(layout: Layout, old: Processes, prefect: Processes):
    home = layout.root.parent
    lifecycle.down(home)
    lifecycle.down(home, generation="2.x", purge=True)
    assert layout.prefect.exists
    lifecycle.down(home, generation="1.12", purge=True)
    assert not layout.prefect.root.exists()


def test_an_engine_that_stays_is_remembered_after_a_purge(
    layout: Layout, stopped_engines: list[Layout], monkeypatch: pytest.MonkeyPatch
):
    layout.engine.make()
    State(layout.engine.state).put(docker_engine.PART, {"started": "process"})
    lifecycle.down(layout.root.parent, purge=True)
    assert docker_engine.is_ours(layout.engine), "it still runs for others: a later `down` stops it"
    State(layout.engine.state).put(docker_engine.PART, {})
    layout.make()
    lifecycle.down(layout.root.parent, purge=True)
    assert not layout.engine.root.exists()


def test_down_without_a_sandbox_does_nothing(tmp_path: Path):
    lifecycle.down(tmp_path / "nowhere", purge=True)
    assert not (tmp_path / "nowhere").exists()


def test_an_unknown_generation_is_told_before_anything_is_stopped(layout: Layout, old: Processes):
    with pytest.raises(SandboxError, match=r"'3\.x'[\s\S]*2\.x, 1\.12"):
        lifecycle.down(layout.root.parent, generation="3.x")
    assert old.running("identity")


def test_up_refuses_a_bad_database_before_anything_is_started(tmp_path: Path):
    with pytest.raises(SandboxError, match="does not begin with mongodb://"):
        lifecycle.up(tmp_path, mongodb_uri="localhost")
    assert not (tmp_path / "2.x" / "venv").exists()


@pytest.mark.parametrize(
    ("missing", "words"), [([parts.REDIS], "redis-server"), ([], "No Docker engine answers")]
)
def test_up_refuses_early_where_nothing_can_be_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, missing: list[debian.Program], words: str
):
    monkeypatch.setattr(debian, "can_install", lambda: False)
    monkeypatch.setattr(debian, "missing", lambda _: missing)
    with pytest.raises(SandboxError, match=words):
        lifecycle.up(tmp_path)
    assert not (tmp_path / "2.x" / "venv").exists()
