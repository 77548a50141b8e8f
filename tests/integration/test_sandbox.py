"""The sandboxes against the real services: started, used, and repaired. Stopping is in test_sandbox_restart."""

from __future__ import annotations

import io
import os
import re
import signal
from contextlib import closing
from typing import TYPE_CHECKING, Any

import docker
import psutil
import pytest
import requests
import yaml

from flows.spaceone import AuthenticationFailed, Client, PermissionDenied
from sandbox import lifecycle, prefect_parts
from sandbox.engine import containers
from sandbox.errors import SandboxError
from sandbox.machine.layout import PACKAGE
from sandbox.machine.processes import Processes
from sandbox.spaceone.generations import generation_of
from tests.integration.conftest import client, running, spacectl, states
from tests.waiting import PATIENCE, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from docker.models.containers import Container

    from sandbox.machine.layout import Layout

pytestmark = [pytest.mark.integration, pytest.mark.timeout(1800)]

STOPPED = "0" * 8
"""The identifier of a sandbox of which only the network is left."""
SPACECTL = {"2.x": "2.0.10", "1.12": "1.12.2"}


@pytest.fixture(scope="module")
def engine() -> Iterator[docker.DockerClient]:
    with closing(docker.from_env()) as engine:
        yield engine


def parts(engine: docker.DockerClient, layout: Layout) -> dict[str, Container]:
    return containers.of_sandbox(engine, layout.identifier)


def test_everything_runs_with_address_and_memory(layout: Layout):
    found = {name: service for name, service in states(layout).items() if name in running(layout)}
    assert {name: service.state for name, service in found.items()} == dict.fromkeys(found, "running")
    assert {"mongodb", "redis", "registry", "identity", "supervisor", "inventory-worker"} <= set(found)
    assert all(service.memory > 1_000_000 for service in found.values())


def test_a_second_up_changes_nothing(home: Path, layout: Layout):
    before = running(layout)
    lifecycle.up(home, generation=layout.root.name)
    assert running(layout) == before


def test_only_loopback_is_listened_on(home: Path, layout: Layout, engine: docker.DockerClient):
    """Neither the engine's proxies nor anything else that a sandbox starts listens on another address."""
    published = set()
    for name, each in parts(engine, layout).items():
        for bindings in each.attrs["NetworkSettings"]["Ports"].values():
            for binding in bindings or []:
                assert binding["HostIp"] == "127.0.0.1", name
                published.add(int(binding["HostPort"]))
    assert len(published) >= 7
    listening = [each for each in psutil.net_connections("tcp") if each.status == psutil.CONN_LISTEN]
    ours = {(each.laddr.ip, each.laddr.port) for each in listening if each.laddr.port in published}
    assert ours == {("127.0.0.1", port) for port in published}


def test_plugins_publish_nothing(layout: Layout, engine: docker.DockerClient):
    every = containers.members(engine, layout.identifier)
    for each in every:
        if containers.PART not in each.labels:
            assert not any(each.attrs["NetworkSettings"]["Ports"].values())


def test_every_part_is_confined(layout: Layout, engine: docker.DockerClient):
    for name, each in parts(engine, layout).items():
        host = each.attrs["HostConfig"]
        assert host["CapDrop"] == ["ALL"], name
        assert host["SecurityOpt"] == ["no-new-privileges"], name
        assert host["ReadonlyRootfs"], name
        assert host["Memory"] > 0, name
        assert host["PidsLimit"] > 0, name
        assert not host["Privileged"], name
        assert each.attrs["Config"]["User"] not in {"", "root", "0", "0:0"}, name
        sockets = [mount for mount in each.attrs["Mounts"] if mount["Destination"].endswith("docker.sock")]
        assert bool(sockets) == (name == "supervisor"), name


def test_a_part_has_the_variables_that_it_needs_and_no_more(layout: Layout, engine: docker.DockerClient):
    given = {
        *(
            "CONFIGURATION",
            "PYTHONWARNINGS",
            "MALLOC_ARENA_MAX",
            "GRPC_VERBOSITY",
            "OTEL_TRACES_EXPORTER",
            "STORES",
        ),
        *("SANDBOX", "SANDBOX_NETWORK", "REDISCLI_AUTH", "MONGODB_USER", "MONGODB_PASSWORD"),
    }
    for name, each in parts(engine, layout).items():
        of_image = set(each.image.attrs["Config"]["Env"])
        more = {
            variable.partition("=")[0] for variable in each.attrs["Config"]["Env"] if variable not in of_image
        }
        assert more <= given, name


def test_the_stores_require_their_passwords(layout: Layout, engine: docker.DockerClient):
    found = parts(engine, layout)
    anybody = {"REDISCLI_AUTH": ""}
    answer: Any = found["redis"].exec_run(["redis-cli", "GET", "x"], environment=anybody)
    assert b"NOAUTH" in answer.output
    code = (
        "import pymongo, sys\n"
        "try: pymongo.MongoClient('mongodb', timeoutMS=5000).admin.command('listDatabases')\n"
        "except pymongo.errors.OperationFailure as error: sys.exit(str(error))"
    )
    answer = found["config"].exec_run(["python", "-c", code])
    assert b"requires authentication" in answer.output


def said(layout: Layout, *words: str) -> str:
    code, output, errors = lifecycle.spacectl(layout.root.parent, words, generation=layout.root.name)
    assert code == 0, errors
    return output.decode()


def test_spacectl_is_that_of_the_generation(layout: Layout, engine: docker.DockerClient):
    code = "from importlib.metadata import version; print(version('spacectl'))"
    version = containers.execute(parts(engine, layout)["identity"], ["python", "-c", code])
    assert version == SPACECTL[layout.root.name]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        # RepositoryQuery of 2.x has no `query`, which `spacectl list` always sends; `exec` sends what it is given.
        (("exec", "list", "repository.Repository", "-o", "table"), "repo-local"),
        (("list", "identity.Provider"), "google_cloud"),
        (("list", "identity.Schema"), "google-secret-oauth2-credentials"),
    ],
)
def test_spacectl_uses_the_sandbox_of_2(layout_2: Layout, words: tuple[str, ...], expected: str):
    assert expected in said(layout_2, *words)


MANAGED = ("-p", "repository_id=repo-managed")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("list", "repository.Repository"), ("repo-managed",)),
        (("list", "identity.Provider"), ("aws", "google_cloud", "azure")),
        (("list", "repository.Plugin", *MANAGED), ("plugin-aws-ec2-inven-collector", "Count: 24 / 24")),
        (("list", "repository.Schema", *MANAGED, "--minimal"), ("aws_access_key", "Count: 10 / 10")),
    ],
)
def test_spacectl_reads_of_1_12_what_the_walkthrough_begins_with(
    layout_1_12: Layout, words: tuple[str, ...], expected: tuple[str, ...]
):
    text = said(layout_1_12, *words)
    assert not [each for each in expected if each not in text], text


def test_the_two_tokens_of_2_have_the_rights_that_their_names_say(layout_2: Layout):
    with client(layout_2) as domain, client(layout_2, "sandbox-workspace") as workspace:
        assert [one["name"] for one in domain.list("identity.Workspace.list")] == ["sandbox"]
        workspace.list("identity.Project.list")
        with pytest.raises(PermissionDenied):
            workspace.call("identity.Provider.create", {"provider": "x", "name": "X"})
        with pytest.raises(PermissionDenied):
            domain.call("identity.Project.create", {"name": "x", "project_type": "PRIVATE"})


def test_nothing_is_told_to_who_has_no_token(layout: Layout):
    with Client(spacectl(layout)["endpoints"], "no.to.ken") as nobody, pytest.raises(AuthenticationFailed):
        nobody.call("identity.Provider.list")


def test_a_service_that_is_killed_comes_back_and_the_others_are_left_alone(layout: Layout):
    before = running(layout)
    os.kill(before["config"][1], signal.SIGKILL)

    def came_back() -> bool:
        found = running(layout)["config"]
        return found[1] not in {0, before["config"][1]} and found[0] == before["config"][0]

    wait_for(came_back, "the service's new process")
    wait_for(lambda: states(layout)["config"].state == "running")
    assert states(layout)["config"].restarts >= 1
    after = running(layout)
    del after["config"], before["config"]
    assert after == before


def test_a_part_that_was_removed_is_made_again(home: Path, layout: Layout, engine: docker.DockerClient):
    before = running(layout)
    parts(engine, layout)["config"].remove(force=True)
    assert states(layout)["config"].state == "stopped"
    lifecycle.up(home, generation=layout.root.name)
    after = running(layout)
    assert after.pop("config") != before.pop("config")
    assert after == before


def test_logs_of_all_parts_are_merged(layout: Layout):
    found = list(lifecycle.logs(layout.root.parent, [], generation=layout.root.name, lines=3))
    assert {"identity", "inventory", "mongodb", "redis", "registry"} <= {line.part for line in found}
    assert [line.time for line in found] == sorted(line.time for line in found)


def test_new_lines_of_a_log_are_followed(layout: Layout):
    name = layout.root.name
    following = lifecycle.logs(layout.root.parent, ["identity"], generation=name, lines=1, follow=True)
    with closing(following) as lines:
        next(lines)
        with client(layout) as domain:
            domain.list("identity.Provider.list")
        assert any("Provider.list" in line.text for line in (next(lines) for _ in range(20)))


def test_a_compose_file_is_what_runs(home: Path, layout: Layout, engine: docker.DockerClient):
    document = yaml.safe_load(lifecycle.compose(home, generation=layout.root.name))
    found = parts(engine, layout)
    assert {name: each["labels"] for name, each in document["services"].items()} == {
        name: {
            key: value for key, value in each.labels.items() if key in document["services"][name]["labels"]
        }
        for name, each in found.items()
    }


def test_prefect_is_started_on_request_with_a_worker_for_both(home: Path, layout_2: Layout):
    summary = lifecycle.up(home, prefect=True)
    assert summary.prefect is not None
    assert lifecycle.summary(home, generation="1.12").prefect == summary.prefect
    assert summary.prefect_password is not None
    user, _, password = summary.prefect_password.partition(":")
    pool = f"{summary.prefect}/api/work_pools/{prefect_parts.POOL}"
    assert requests.get(pool, auth=(user, password), timeout=PATIENCE).json()["type"] == "process"
    workers = requests.post(f"{pool}/workers/filter", json={}, auth=(user, password), timeout=PATIENCE).json()
    assert [(worker["name"], worker["status"]) for worker in workers] == [("sandbox", "ONLINE")]
    pages = requests.get(f"{summary.prefect}/ui-settings", timeout=PATIENCE).json()
    assert pages["api_url"] == f"{summary.prefect}/api"
    assert requests.get(summary.prefect, timeout=PATIENCE).ok

    server = running(layout_2.prefect)
    worker = Processes(layout_2.prefect).running(prefect_parts.WORKER)
    assert worker is not None
    worker.kill()
    worker.wait(PATIENCE)
    lifecycle.up(home, generation="1.12")
    again = Processes(layout_2.prefect).running(prefect_parts.WORKER)
    assert again is not None, "what was requested once stays, and is started again if it died"
    assert again.pid != worker.pid
    assert running(layout_2.prefect) == server


def test_what_has_no_wheel_was_built_with_the_locked_tools(
    layout: Layout, engine: docker.DockerClient
) -> None:
    generation = generation_of(layout)
    (exceptions,) = re.findall(r"^--no-binary (.*)$", generation.requirements.read_text(), re.MULTILINE)
    (tools,) = re.findall(
        r"^(setuptools)==(\S+)", (PACKAGE / "requirements/build.txt").read_text(), re.MULTILINE
    )
    for name in exceptions.split(","):
        folder = f"/opt/venv/lib/python3.11/site-packages/{name.replace('-', '_')}-*.dist-info"
        _, wheel = parts(engine, layout)["identity"].exec_run(["sh", "-c", f"cat {folder}/WHEEL"])
        assert f"Generator: {tools[0]} ({tools[1]})" in wheel.decode()


def test_an_image_with_the_labels_of_a_sandbox_makes_no_part_of_it(
    layout: Layout, engine: docker.DockerClient
) -> None:
    base = yaml.safe_load(layout.environment.read_text())["build"]["args"]["BASE_IMAGE"]
    forged = f"LABEL {containers.SANDBOX}={layout.identifier} {containers.PART}=redis"
    image, _ = engine.images.build(fileobj=io.BytesIO(f"FROM {base}\n{forged}\n".encode()), rm=True)
    before = parts(engine, layout)["redis"].id
    stranger = engine.containers.run(image.id, ["sleep", "3600"], detach=True, init=True)
    try:
        assert stranger.labels[containers.PART] == "redis"
        assert stranger not in containers.members(engine, layout.identifier)
        assert parts(engine, layout)["redis"].id == before
        assert str(stranger.name) not in states(layout)
    finally:
        stranger.remove(force=True)
        engine.images.remove(image.id)


@pytest.fixture
def network(layout_2: Layout, engine: docker.DockerClient) -> Iterator[Any]:
    """The network of a sandbox that has nothing else."""
    containers.network(engine, STOPPED)
    found = engine.networks.list(names=[containers.network_name(STOPPED)])[0]
    yield found
    for each in engine.containers.list(all=True, filters={"network": found.id}, ignore_removed=True):
        each.remove(force=True)
    containers.remove_networks(engine, STOPPED)


def sleeping(engine: docker.DockerClient, layout: Layout, network: Any, **options: Any) -> Container:
    base = yaml.safe_load(layout.environment.read_text())["build"]["args"]["BASE_IMAGE"]
    started: Container = engine.containers.run(
        base, ["sleep", "3600"], network=network.name, detach=True, init=True, **options
    )
    return started


def test_a_plugin_that_the_engine_starts_while_a_sandbox_stops_goes_with_it(
    layout_2: Layout, engine: docker.DockerClient, network: Any
) -> None:
    late = sleeping(engine, layout_2, network, labels={containers.SANDBOX: STOPPED})
    containers.remove_networks(engine, STOPPED)
    assert late not in engine.containers.list(all=True, ignore_removed=True)
    assert network not in engine.networks.list()


def test_a_network_with_somebody_elses_container_is_kept_and_both_are_named(
    layout_2: Layout, engine: docker.DockerClient, network: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(containers, "STOP_SECONDS", 1)
    other = sleeping(engine, layout_2, network)
    with pytest.raises(SandboxError, match=rf"{network.name} cannot be removed: {other.name} is connected"):
        containers.remove_networks(engine, STOPPED)
    assert other in engine.containers.list(ignore_removed=True)


DELETE = """
import sys
from spaceone.core import config
config.init_conf("spaceone.supervisor")
config.set_service_config()
config.set_global(NAME="sandbox-mine", BACKEND="DockerConnector",
                  CONNECTORS={"DockerConnector": {"start_port": 1, "end_port": 2}})
from sandbox.spaceone import supervisor
print(supervisor.SupervisorManager().delete_plugin("plugin-shared", "1.0.0"))
"""


def test_the_supervisor_stops_containers_of_its_own_alone(
    layout: Layout, engine: docker.DockerClient
) -> None:
    """Two platforms on one engine may run the same version of the same plugin. And an image may have any labels."""
    base = yaml.safe_load(layout.environment.read_text())["build"]["args"]["BASE_IMAGE"]
    inside = containers.network_name(layout.identifier)
    started = []
    try:
        for name, network in (
            ("sandbox-mine", inside),
            ("sandbox-theirs", inside),
            ("sandbox-mine", "bridge"),
        ):
            labels = {
                "spaceone.supervisor.name": name,
                "spaceone.supervisor.plugin_id": "plugin-shared",
                "spaceone.supervisor.plugin.version": "1.0.0",
            }
            started.append(
                engine.containers.run(
                    base,
                    ["sleep", "3600"],
                    labels=labels,
                    network=network,
                    detach=True,
                    init=True,
                    auto_remove=True,
                )
            )
        done: Any = parts(engine, layout)["supervisor"].exec_run(["python", "-W", "ignore", "-c", DELETE])
        running = engine.containers.list(ignore_removed=True)
        assert [each for each in started if each in running] == started[1:], done.output
    finally:
        for container in engine.containers.list(ignore_removed=True):
            if container in started:
                container.kill()
