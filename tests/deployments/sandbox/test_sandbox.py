from __future__ import annotations

import fcntl
import stat
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from deployments.sandbox import (
    configuration,
    database,
    debian,
    docker_engine,
    environment_files,
    parts,
    plugins,
    progress,
    runtime,
    sandbox,
)
from deployments.sandbox.bootstrap import Tokens
from deployments.sandbox.configuration import SERVERS, Settings
from deployments.sandbox.errors import SandboxError
from deployments.sandbox.layout import State
from deployments.sandbox.lock import exclusive

if TYPE_CHECKING:
    from deployments.sandbox.layout import Layout
    from deployments.sandbox.processes import Processes
    from tests.deployments.sandbox.conftest import Steps


@pytest.fixture(autouse=True)
def no_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(docker_engine, "connect", lambda: None)


@pytest.fixture
def settings() -> Settings:
    ports = {name: 21000 + number for number, name in enumerate((*SERVERS, "redis", "registry"))}
    return Settings(ports, (22000, 22064), database.embedded(23000), "", "system", "sandbox-1")


def test_files_for_others(layout: Layout, settings: Settings):
    environment_files.write(layout, settings, Tokens("D", "W"), "python:3.11-slim", "http://172.17.0.1:24000")
    written = yaml.safe_load(layout.environment.read_text())
    assert written == {
        "spacectl": "home/.spaceone/environments/sandbox.yml",
        "workspace": {"spacectl": "home/.spaceone/environments/sandbox-workspace.yml"},
        "registry": {"address": "127.0.0.1:21007", "type": "HARBOR", "insecure": True},
        "build": {"args": {"BASE_IMAGE": "python:3.11-slim"}},
        "plugin_options": {"base_url": "http://172.17.0.1:24000/api/v3"},
    }
    for path, token in ((written["spacectl"], "D"), (written["workspace"]["spacectl"], "W")):
        file = layout.environment.parent / path
        content = yaml.safe_load(file.read_text())
        assert content["token"] == token
        assert content["endpoints"]["identity"] == "grpc://127.0.0.1:21000"
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_where_coingecko_answers_its_address_is_said(layout: Layout, settings: Settings):
    environment_files.write(layout, settings, Tokens("D", "W"), "python:3.11-slim", None)
    # The platform keeps a collector's old options when it is given none.
    options = yaml.safe_load(layout.environment.read_text())["plugin_options"]
    assert options == {"base_url": "https://api.coingecko.com/api/v3"}


def test_the_readers_choice_of_spacectl_environment_stays(layout: Layout, settings: Settings):
    environment_files.write(layout, settings, Tokens("D", "W"), "x", None)
    chosen = layout.spacectl_home / ".spaceone" / "environment.yml"
    assert yaml.safe_load(chosen.read_text()) == {"environment": "sandbox"}
    chosen.write_text("environment: sandbox-workspace\n")
    environment_files.write(layout, settings, Tokens("D", "W"), "x", None)
    assert chosen.read_text() == "environment: sandbox-workspace\n"


class PluginService:
    """The plugin service's side of `plugins.prepare`."""

    def __init__(self, known: list[tuple[str, str]], *, public: bool) -> None:
        self.known, self.public = known, public
        self.published: dict[str, Any] = {}
        self.updated: list[dict[str, Any]] = []

    def call(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        match method.rpartition(".")[2]:
            case "list_plugins":
                return {"results": [{"plugin_id": one, "version": two} for one, two in self.known]}
            case "publish":
                self.published = params
                return {"supervisor_id": "supervisor-1", "is_public": self.public}
            case "update":
                self.updated.append(params)
        return {}


def container(plugin_id: str, version: str) -> Any:
    labels = {"spaceone.supervisor.plugin_id": plugin_id, "spaceone.supervisor.plugin.version": version}
    return SimpleNamespace(labels=labels)


def test_plugins_whose_containers_are_gone_are_waited_for():
    service = PluginService([("a", "1.0"), ("a", "2.0"), ("b", "1.0")], public=False)
    plugins.prepare(service, "sandbox-1", [container("a", "2.0")])
    told = [(each["plugin_id"], each["version"], each["state"]) for each in service.published["plugin_info"]]
    assert told == [("a", "1.0", "PROVISIONING"), ("b", "1.0", "PROVISIONING")]
    assert service.updated == [
        {"supervisor_id": "supervisor-1", "is_public": True, "domain_id": "domain-root"}
    ]


def test_a_public_supervisor_is_left_alone():
    service = PluginService([], public=True)
    plugins.prepare(service, "sandbox-1", [])
    assert service.updated == []


def test_status_without_a_sandbox(tmp_path: Path):
    assert {service.state for service in sandbox.status(tmp_path)} == {"stopped"}
    assert {"identity", "supervisor", "redis"} <= {service.name for service in sandbox.status(tmp_path)}


def test_status_tells_what_runs_what_ended_and_what_is_silent(
    layout: Layout, processes: Processes, monkeypatch: pytest.MonkeyPatch
):
    processes.start("supervisor", ["sleep", "60"])
    processes.start("identity", ["sleep", "60"], address="grpc://127.0.0.1:9")
    processes.start("config", ["true"], address="grpc://127.0.0.1:9")
    processes.start("prefect-server", ["sleep", "60"])
    while processes.running("config"):
        pass
    found = {service.name: service for service in sandbox.status(layout.root.parent)}
    assert found["supervisor"].state == "running"
    assert found["supervisor"].pid
    assert found["supervisor"].memory > 0
    assert found["identity"].state == "not answering"
    assert (found["config"].state, found["config"].pid) == ("ended", None)
    assert found["redis"].state == "stopped"
    assert found["prefect-server"].state == "running", "parts on request are shown once they were started"


def test_logs_of_a_part(layout: Layout):
    layout.log("identity").write_text("words")
    assert sandbox.logs(layout.root.parent, "identity") == layout.log("identity")
    with pytest.raises(SandboxError, match=r"no log of 'identitty'[\s\S]*identity"):
        sandbox.logs(layout.root.parent, "identitty")
    with pytest.raises(SandboxError, match="no log of"):
        sandbox.logs(layout.root.parent, "../logs/identity")


def test_down_stops_what_was_started_and_keeps_the_data(layout: Layout, processes: Processes, steps: Steps):
    processes.start("identity", ["sleep", "60"])
    (layout.data / "kept").touch()
    sandbox.down(layout.root.parent, progress=steps)
    assert processes.running("identity") is None
    assert (layout.data / "kept").exists()
    sandbox.down(layout.root.parent, progress=steps)


def test_purge_removes_the_folder(layout: Layout, processes: Processes):
    processes.start("identity", ["sleep", "60"])
    sandbox.down(layout.root.parent, purge=True)
    assert processes.running("identity") is None
    assert not layout.root.exists()


def test_purge_names_the_databases_that_it_leaves_elsewhere(layout: Layout, steps: Steps):
    State(layout.data / "state.json").put("database", {"address": "mongo:27017", "prefix": "sandbox_ab_"})
    sandbox.down(layout.root.parent, purge=True, progress=steps)
    assert steps.said == ["The databases sandbox_ab_* at mongo:27017 stay: drop them there."]


def test_down_without_a_sandbox_does_nothing(tmp_path: Path):
    sandbox.down(tmp_path / "nowhere", purge=True)
    assert not (tmp_path / "nowhere").exists()


def test_up_refuses_a_bad_database_before_anything_is_started(tmp_path: Path):
    with pytest.raises(SandboxError, match="does not begin with mongodb://"):
        sandbox.up(tmp_path, mongodb_uri="localhost")
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
        sandbox.up(tmp_path)
    assert not (tmp_path / "2.x" / "venv").exists()


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
    assert steps.steps == ["waiting for another command that is at work on this sandbox"]


def test_services_are_installed_again_for_another_lock(
    layout: Layout, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    lock = tmp_path / "lock.txt"
    lock.write_text("")
    monkeypatch.setattr(runtime, "REQUIREMENTS", lock)
    assert not runtime.is_installed(layout)
    runtime.install(layout, progress.Quiet())
    assert runtime.is_installed(layout)
    lock.write_text("# changed\n")
    assert not runtime.is_installed(layout)


def test_a_failed_installation_quotes_pip_and_is_not_taken_for_done(
    layout: Layout, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    lock = tmp_path / "lock.txt"
    lock.write_text("a line that is no requirement\n")
    monkeypatch.setattr(runtime, "REQUIREMENTS", lock)
    with pytest.raises(SandboxError, match=r"cannot be installed[\s\S]*Invalid requirement"):
        runtime.install(layout, progress.Quiet())
    assert not runtime.is_installed(layout)


def test_the_lock_names_hashes_and_no_place():
    lines = runtime.REQUIREMENTS.read_text().splitlines()
    pinned = [line for line in lines if "==" in line]
    named = [
        line for line in runtime.REQUIREMENTS.with_suffix(".in").read_text().splitlines() if "==" in line
    ]
    assert len(pinned) == len(named)
    assert sum("--hash=sha256:" in line for line in lines) >= len(pinned)
    assert not [line for line in lines if "://" in line or line.startswith(("-i", "-f", "--index", "--find"))]


def test_lines_tell_how_long_a_step_took(capsys: pytest.CaptureFixture[str]):
    lines = progress.Lines()
    with lines.step("work"):
        lines.say("a word")
    with pytest.raises(RuntimeError), lines.step("other work"):
        raise RuntimeError
    said = capsys.readouterr().err.splitlines()
    assert said[0] == "… work"
    assert said[1] == "a word"
    assert said[2].startswith("✓ work (")
    assert said[4].startswith("✗ other work (")


def test_every_part_of_the_platform_has_a_configuration():
    assert set(configuration.SERVERS) == {"identity", "repository", "inventory", "plugin", "secret", "config"}
    assert set(configuration.BACKGROUND) == {"inventory-worker", "inventory-scheduler", "supervisor"}
