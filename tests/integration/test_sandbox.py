"""The sandboxes against the real services: started, used, and repaired. Stopping is in test_sandbox_restart."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import docker
import pytest
import requests
import yaml

from flows.spaceone import AuthenticationFailed, Client, PermissionDenied
from sandbox import lifecycle, prefect_parts
from sandbox.machine.layout import PACKAGE
from sandbox.machine.processes import Processes
from tests.integration.conftest import client, pids, spacectl, states
from tests.waiting import PATIENCE

if TYPE_CHECKING:
    from sandbox.machine.layout import Layout

pytestmark = [pytest.mark.integration, pytest.mark.timeout(1800)]

SPACECTL = {"2.x": "2.0.10", "1.12": "1.12.2"}


def test_everything_runs_with_address_process_and_memory(layout: Layout):
    found = states(layout)
    assert {name: service.state for name, service in found.items()} == dict.fromkeys(found, "running")
    assert {"mongodb", "redis", "registry", "identity", "supervisor", "inventory-worker"} <= set(found)
    assert all(service.pid and service.memory > 1_000_000 for service in found.values())
    assert sum(service.memory for service in found.values()) < 2_000_000_000


def test_a_second_up_changes_nothing(home: Path, layout: Layout):
    before = pids(layout)
    lifecycle.up(home, generation=layout.root.name)
    assert pids(layout) == before


def run_spacectl(layout: Layout, *words: str) -> str:
    variables = {**os.environ, "HOME": str(layout.spacectl_home), "PYTHONWARNINGS": "ignore"}
    done = subprocess.run(
        [layout.venv / "bin" / "spacectl", *words], env=variables, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_spacectl_is_that_of_the_generation(layout: Layout):
    version = subprocess.run(
        [layout.python, "-c", "from importlib.metadata import version; print(version('spacectl'))"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert version.stdout.strip() == SPACECTL[layout.root.name]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        # RepositoryQuery of 2.x has no `query`, which `spacectl list` always sends; `exec` sends what it is given.
        (("exec", "list", "repository.Repository", "-o", "table"), "repo-local"),
        (("list", "identity.Provider"), "google_cloud"),
        (("list", "identity.Schema"), "google-secret-oauth2-credentials"),
        (("list", "repository.Plugin"), "NO DATA"),
        (("list", "inventory.Collector"), "NO DATA"),
    ],
)
def test_spacectl_uses_the_sandbox_of_2(layout_2: Layout, words: tuple[str, ...], expected: str):
    assert expected in run_spacectl(layout_2, *words)


MANAGED = ("-p", "repository_id=repo-managed")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("list", "repository.Repository"), ("repo-managed", "Count: 1 / 1")),
        (("list", "identity.Provider"), ("aws", "google_cloud", "azure", "Count: 3 / 3")),
        (("list", "repository.Plugin", *MANAGED), ("plugin-aws-ec2-inven-collector", "Count: 24 / 24")),
        (("list", "repository.Schema", *MANAGED, "--minimal"), ("aws_access_key", "Count: 10 / 10")),
        (("list", "inventory.Collector"), ("NO DATA",)),
    ],
)
def test_spacectl_reads_of_1_12_what_the_walkthrough_begins_with(
    layout_1_12: Layout, words: tuple[str, ...], expected: tuple[str, ...]
):
    said = run_spacectl(layout_1_12, *words)
    assert not [each for each in expected if each not in said], said


def test_the_two_tokens_of_2_have_the_rights_that_their_names_say(layout_2: Layout):
    with client(layout_2) as domain, client(layout_2, "sandbox-workspace") as workspace:
        assert [one["name"] for one in domain.list("identity.Workspace.list")] == ["sandbox"]
        assert workspace.list("identity.Project.list") == []
        with pytest.raises(PermissionDenied):
            workspace.call("identity.Provider.create", {"provider": "x", "name": "X"})
        with pytest.raises(PermissionDenied):
            domain.call("identity.Project.create", {"name": "x", "project_type": "PRIVATE"})


def test_nothing_is_told_to_who_has_no_token(layout: Layout):
    with Client(spacectl(layout)["endpoints"], "no.to.ken") as nobody, pytest.raises(AuthenticationFailed):
        nobody.call("identity.Provider.list")


def test_a_service_that_died_is_started_again_and_the_others_are_left_alone(home: Path, layout: Layout):
    before = pids(layout)
    process = Processes(layout).running("config")
    assert process is not None
    process.kill()
    process.wait(PATIENCE)
    assert states(layout)["config"].state == "ended"
    lifecycle.up(home, generation=layout.root.name)
    after = pids(layout)
    assert after.pop("config") not in {None, before.pop("config")}
    assert after == before


def test_prefect_is_started_on_request_with_a_worker_for_both(home: Path, layout_2: Layout):
    pytest.importorskip("prefect")
    summary = lifecycle.up(home, prefect=True)
    assert summary.prefect is not None
    assert lifecycle.summary(home, generation="1.12").prefect == summary.prefect
    pool = f"{summary.prefect}/api/work_pools/{prefect_parts.POOL}"
    assert requests.get(pool, timeout=PATIENCE).json()["type"] == "process"
    workers = requests.post(f"{pool}/workers/filter", json={}, timeout=PATIENCE).json()
    assert [(worker["name"], worker["status"]) for worker in workers] == [("sandbox", "ONLINE")]
    pages = requests.get(f"{summary.prefect}/ui-settings", timeout=PATIENCE).json()
    assert pages["api_url"] == f"{summary.prefect}/api"

    before = {service.name: service.pid for service in lifecycle.shared(home)}
    worker = Processes(layout_2.prefect).running(prefect_parts.WORKER)
    assert worker is not None
    worker.kill()
    worker.wait(PATIENCE)
    lifecycle.up(home, generation="1.12")
    after = {service.name: service.pid for service in lifecycle.shared(home)}
    assert after.pop(prefect_parts.WORKER) not in {None, before.pop(prefect_parts.WORKER)}
    assert after == before, "what was asked for once stays, and is started again where it died"


DELETE = """
import sys
from spaceone.core import config
config.init_conf("spaceone.supervisor")
config.set_service_config()
config.set_global(NAME="sandbox-mine", BACKEND="DockerConnector",
                  CONNECTORS={"DockerConnector": {"start_port": 1, "end_port": 2}})
import supervisor
print(supervisor.SupervisorManager().delete_plugin("plugin-shared", "1.0.0"))
"""


def test_the_supervisor_stops_containers_of_its_own_alone(layout: Layout) -> None:
    """Two platforms on one engine may run the same version of the same plugin."""
    base = yaml.safe_load(layout.environment.read_text())["build"]["args"]["BASE_IMAGE"]
    engine = docker.from_env()
    started = []
    try:
        for name in ("sandbox-mine", "sandbox-theirs"):
            labels = {
                "spaceone.supervisor.name": name,
                "spaceone.supervisor.plugin_id": "plugin-shared",
                "spaceone.supervisor.plugin.version": "1.0.0",
            }
            command = ["sleep", "3600"]
            started.append(
                engine.containers.run(base, command, labels=labels, detach=True, init=True, auto_remove=True)
            )
        done = subprocess.run(
            [layout.python, "-W", "ignore", "-c", DELETE],
            cwd=PACKAGE / "spaceone",
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        left = {
            each.labels["spaceone.supervisor.name"] for each in engine.containers.list() if each in started
        }
        assert left == {"sandbox-theirs"}, done.stdout + done.stderr
    finally:
        for container in engine.containers.list():
            if container in started:
                container.kill()
        engine.close()
