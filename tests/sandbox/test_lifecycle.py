"""What can be said without an engine; the rest is in tests/integration."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from sandbox import lifecycle, prefect_parts, status
from sandbox.engine import installed
from sandbox.errors import SandboxError
from sandbox.machine.layout import Layout
from sandbox.machine.lock import exclusive
from sandbox.machine.processes import Processes, is_alive
from sandbox.machine.state import State
from sandbox.spaceone.generations import GENERATIONS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.sandbox.conftest import Steps


@pytest.fixture(autouse=True)
def no_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    def none(*_: object) -> None:
        raise SandboxError("No Docker engine answers.")

    for module in (lifecycle, status):
        monkeypatch.setattr(module, "connect", lambda: None)
    monkeypatch.setattr(installed, "ensure", none)


@pytest.fixture
def prefect(layout: Layout) -> Iterator[Processes]:
    """Prefect's worker, started by whichever sandbox."""
    processes = Processes(layout.prefect)
    processes.layout.make()
    processes.start(prefect_parts.WORKER, ["sleep", "60"])
    state = State(layout.prefect.state)
    state.put("ports", {prefect_parts.PORT: 24000})
    state.put("started", {"server": True})
    yield processes
    processes.stop(prefect_parts.WORKER)


@pytest.fixture
def stopped_engines(monkeypatch: pytest.MonkeyPatch) -> list[Layout]:
    """Where the engine was stopped, each time."""
    stopped: list[Layout] = []
    monkeypatch.setattr(installed, "stop", lambda layout, _: stopped.append(layout))
    return stopped


@pytest.mark.parametrize("generation", GENERATIONS)
def test_status_without_a_sandbox(tmp_path: Path, generation: str):
    found = lifecycle.status(tmp_path, generation=generation)
    assert {service.state for service in found} == {"stopped"}
    assert {"identity", "supervisor", "redis"} <= {service.name for service in found}
    assert lifecycle.shared(tmp_path) == []
    assert lifecycle.existing(tmp_path) == []


def test_status_shows_the_programs_that_are_no_containers(layout: Layout, prefect: Processes):
    engine = Processes(layout.engine)
    engine.layout.make()
    engine.start(installed.PART, ["true"])
    while engine.running(installed.PART):
        pass
    found = {service.name: service for service in lifecycle.shared(layout.root.parent)}
    assert {name: each.state for name, each in found.items()} == {
        installed.PART: "ended",
        prefect_parts.WORKER: "running",
    }
    assert found[prefect_parts.WORKER].memory > 0


def test_prefect_is_the_same_for_every_sandbox(layout: Layout, prefect: Processes, steps: Steps):
    home = layout.root.parent
    summaries = [lifecycle.summary(home, generation=name) for name in GENERATIONS]
    assert [each.name for each in summaries] == ["sandbox", "sandbox-1.12"]
    assert {each.prefect for each in summaries} == {"http://127.0.0.1:24000"}
    assert summaries[0].prefect_environment == summaries[1].prefect_environment != {}
    assert summaries[0].environment != summaries[1].environment
    prefect_parts.stop(layout.prefect, None, steps)
    assert lifecycle.summary(home).prefect is None


def test_logs_of_a_program_that_is_no_container(layout: Layout):
    layout.prefect.make()
    layout.prefect.log(prefect_parts.WORKER).write_text("one\ntwo\n")
    for generation in GENERATIONS:
        found = lifecycle.logs(layout.root.parent, [prefect_parts.WORKER], generation=generation, lines=1)
        assert [line.text for line in found] == ["two"]
    with pytest.raises(SandboxError, match=r"no log of 'identitty'[\s\S]*prefect-worker"):
        list(lifecycle.logs(layout.root.parent, ["identitty"]))


def test_logs_of_a_plugin_are_those_of_all_its_containers(layout: Layout, monkeypatch: pytest.MonkeyPatch):
    def container(name: str, **labels: str) -> SimpleNamespace:
        labels = {f"spaceone.supervisor.{key}": value for key, value in labels.items()}
        line = f"2026-01-01T00:00:0{len(name)}Z of {name}\n".encode()
        return SimpleNamespace(name=name, labels=labels, logs=lambda **_: line)

    found = [
        container("a", plugin_id="aws"),
        container("bb", plugin_id="aws"),
        container("ccc", plugin_id="gcp"),
    ]
    monkeypatch.setattr(lifecycle, "_containers", lambda _, place: found if place == layout else [])
    home = layout.root.parent
    assert [line.text for line in lifecycle.logs(home, ["aws"])] == ["of a", "of bb"]
    assert [line.text for line in lifecycle.logs(home, ["bb", "aws", "gcp"])] == ["of a", "of bb", "of ccc"]
    with pytest.raises(SandboxError, match=r"no log of 'azure'[\s\S]*a, aws, bb, ccc, gcp"):
        list(lifecycle.logs(home, ["azure"]))


def test_down_keeps_what_is_needed_for_the_next_start(layout: Layout, prefect: Processes, steps: Steps):
    (layout.data / "kept").touch()
    lifecycle.down(layout.root.parent, progress=steps)
    assert prefect.running(prefect_parts.WORKER) is None
    assert (layout.data / "kept").exists()
    lifecycle.down(layout.root.parent, progress=steps)


@pytest.mark.parametrize("content", ["", "{", '{"ports": ', "[]", "[1]", "7", "\0\0"])
def test_purge_removes_everything_also_if_no_record_can_be_read(
    layout: Layout, prefect: Processes, content: str
):
    layout.engine.make()
    for each in (layout, layout.prefect, layout.engine):
        each.state.write_text(content)
    lifecycle.down(layout.root.parent, purge=True)
    assert prefect.running(prefect_parts.WORKER) is None
    assert not [each for each in layout.root.parent.iterdir() if each.suffix != ".lock"]


def test_purge_names_the_databases_that_it_leaves_elsewhere(layout: Layout, steps: Steps):
    State(layout.state).put("database", {"address": "mongo:27017", "prefix": "sandbox_ab_"})
    lifecycle.down(layout.root.parent, purge=True, progress=steps)
    assert "No Docker engine answers. If the sandbox has volumes, they stay" in steps.said[0]
    assert steps.said[1:] == [
        "The databases sandbox_ab_* at mongo:27017 are kept. Drop them there if you no longer need them."
    ]


def test_what_is_shared_stays_while_another_sandbox_is_being_started(
    layout: Layout, prefect: Processes, stopped_engines: list[Layout], steps: Steps
):
    with exclusive(Layout.of(layout.root.parent, "1.12"), steps):
        lifecycle.down(layout.root.parent, generation="2.x")
    assert prefect.running(prefect_parts.WORKER)
    assert stopped_engines == []
    lifecycle.down(layout.root.parent, generation="2.x")
    assert prefect.running(prefect_parts.WORKER) is None
    assert stopped_engines == [layout.engine]


def test_prefects_data_goes_with_that_of_the_last_sandbox(layout: Layout, prefect: Processes):
    home = layout.root.parent
    Layout.of(home, "1.12").make()
    lifecycle.down(home)
    lifecycle.down(home, generation="2.x", purge=True)
    assert layout.prefect.exists
    lifecycle.down(home, generation="1.12", purge=True)
    assert not layout.prefect.root.exists()


def test_an_engine_that_stays_is_remembered_after_a_purge(layout: Layout, stopped_engines: list[Layout]):
    layout.engine.make()
    State(layout.engine.state).put(installed.PART, {"started": "process"})
    lifecycle.down(layout.root.parent, purge=True)
    assert installed.is_ours(layout.engine), "it still runs for others: a later `down` stops it"
    State(layout.engine.state).put(installed.PART, {})
    layout.make()
    lifecycle.down(layout.root.parent, purge=True)
    assert not layout.engine.root.exists()


def test_down_without_a_sandbox_does_nothing(tmp_path: Path):
    lifecycle.down(tmp_path / "nowhere", purge=True)
    assert not (tmp_path / "nowhere").exists()


def test_an_unknown_generation_is_told_before_anything_is_stopped(layout: Layout, prefect: Processes):
    with pytest.raises(SandboxError, match=r"'3\.x'[\s\S]*2\.x, 1\.12"):
        lifecycle.down(layout.root.parent, generation="3.x")
    assert prefect.running(prefect_parts.WORKER)


def test_up_refuses_a_bad_database_before_anything_is_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(installed, "ensure", lambda *_: pytest.fail("an engine was started"))
    with pytest.raises(SandboxError, match="does not begin with mongodb://"):
        lifecycle.up(tmp_path, mongodb_uri="localhost")


def test_up_refuses_a_folder_of_an_older_version(tmp_path: Path):
    (tmp_path / "2.x" / "venv").mkdir(parents=True)
    layout = Layout.of(tmp_path, "2.x")
    layout.make()
    older = Processes(layout)
    older.start("identity", ["sleep", "60"])
    process = older.running("identity")
    assert process is not None
    with pytest.raises(SandboxError, match="was made by an older version") as caught:
        lifecycle.up(tmp_path)
    assert "pluginctl sandbox down --purge" in caught.value.advice
    lifecycle.down(tmp_path, purge=True)
    assert not is_alive(process)
    assert not (tmp_path / "2.x").exists()


def test_a_compose_file_needs_a_sandbox_that_was_started_once(tmp_path: Path):
    with pytest.raises(SandboxError, match=r"never started[\s\S]*pluginctl sandbox up --generation 1\.12"):
        lifecycle.compose(tmp_path, generation="1.12")
