"""The sandbox against the real services: started, used, broken, stopped and started again.

It has a folder of its own, so that it runs beside any other sandbox of this machine.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import docker
import psutil
import pytest
import requests
import yaml

from deployments.sandbox import plugins, prefect_parts, runtime, sandbox
from deployments.sandbox.layout import Layout
from deployments.sandbox.processes import MARK, Processes
from flows.spaceone import Client, PermissionDenied

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]

PLUGIN = "plugin-sandbox-test"
VERSION = "0.0.1"
START_SECONDS = 40  # what a start may take once everything is installed


class Lines:
    """A progress that keeps what it was told, for a failing test to show."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def step(self, name: str) -> Lines:
        self.lines.append(name)
        return self

    def say(self, text: str) -> None:
        self.lines.append(text)

    def __enter__(self) -> Lines:
        return self

    def __exit__(self, *_: object) -> None:
        return None


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, sandbox_home: Path) -> Iterator[Path]:
    """A sandbox that runs. Its packages are those of the tests' or the checkout's sandbox where one is installed."""
    folder = tmp_path_factory.mktemp("sandbox")
    layout = Layout.of(folder, "2.x")
    layout.make()
    for installed in (Layout.of(sandbox_home, "2.x"), Layout.of(sandbox.default_home(), "2.x")):
        if runtime.is_installed(installed):
            layout.venv.symlink_to(installed.venv)
            break
    try:
        sandbox.up(folder)
        yield folder
    finally:
        sandbox.down(folder, purge=True)
        assert not layout.root.exists()


@pytest.fixture
def layout(home: Path) -> Layout:
    return Layout.of(home, "2.x")


def states(home: Path) -> dict[str, sandbox.Service]:
    return {service.name: service for service in sandbox.status(home)}


def client(layout: Layout, name: str = "sandbox") -> Client:
    content = yaml.safe_load(layout.spacectl(name).read_text())
    return Client(content["endpoints"], content["token"])


def marked(layout: Layout) -> list[str]:
    """Command lines of all processes that carry this sandbox's mark."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get(MARK, "").startswith(str(layout.root)) and process.status() != "zombie":
                found.append(" ".join(process.cmdline()))
        except (psutil.Error, OSError):
            continue
    return found


def test_everything_runs_with_address_process_and_memory(home: Path):
    found = states(home)
    assert {service.state for service in found.values()} == {"running"}
    assert {"mongodb", "redis", "registry", "identity", "supervisor", "inventory-worker"} <= set(found)
    assert all(service.pid and service.memory > 1_000_000 for service in found.values())
    assert sum(service.memory for service in found.values()) < 2_000_000_000


def test_a_second_up_changes_nothing_and_is_quick(home: Path):
    before = {name: service.pid for name, service in states(home).items()}
    started = time.monotonic()
    sandbox.up(home)
    assert time.monotonic() - started < START_SECONDS
    assert {name: service.pid for name, service in states(home).items()} == before


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
def test_spacectl_uses_the_sandbox(layout: Layout, words: tuple[str, ...], expected: str):
    version = subprocess.run(
        [layout.python, "-c", "from importlib.metadata import version; print(version('spacectl'))"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert version.stdout.strip() == "2.0.10"
    variables = {**os.environ, "HOME": str(layout.spacectl_home), "PYTHONWARNINGS": "ignore"}
    done = subprocess.run(
        [layout.venv / "bin" / "spacectl", *words], env=variables, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert expected in done.stdout


def test_the_two_tokens_have_the_rights_that_their_names_say(layout: Layout):
    with client(layout) as domain, client(layout, "sandbox-workspace") as workspace:
        assert [one["name"] for one in domain.list("identity.Workspace.list")] == ["sandbox"]
        assert workspace.list("identity.Project.list") == []
        with pytest.raises(PermissionDenied):
            workspace.call("identity.Provider.create", {"provider": "x", "name": "X"})
        with pytest.raises(PermissionDenied):
            domain.call("identity.Project.create", {"name": "x", "project_type": "PRIVATE"})


def test_no_log_holds_a_secret(layout: Layout):
    state = (layout.data / "state.json").read_text()
    kept: dict[str, Any] = yaml.safe_load(state)["bootstrap"]
    hidden = [
        kept["root"]["password"],
        kept["admin"]["password"],
        kept["system_token"],
        kept["domain_secret"],
    ]
    for log in layout.logs.iterdir():
        text = log.read_text(errors="replace")
        assert not [secret for secret in hidden if secret in text], f"{log.name} holds a secret"


def test_a_service_that_died_is_started_again_and_the_others_are_left_alone(home: Path, layout: Layout):
    before = {name: service.pid for name, service in states(home).items()}
    process = Processes(layout).running("config")
    assert process is not None
    process.kill()
    process.wait(10)
    assert states(home)["config"].state == "ended"
    sandbox.up(home)
    after = {name: service.pid for name, service in states(home).items()}
    assert after.pop("config") not in {None, before.pop("config")}
    assert after == before


def test_two_ups_at_once_make_one_sandbox(home: Path):
    sandbox.down(home)
    code = (
        "import sys, pathlib; from deployments.sandbox import sandbox; sandbox.up(pathlib.Path(sys.argv[1]))"
    )
    both = [subprocess.Popen([sys.executable, "-c", code, str(home)]) for _ in range(2)]
    assert [one.wait(120) for one in both] == [0, 0]
    assert {service.state for service in states(home).values()} == {"running"}
    servers = [line for line in marked(Layout.of(home, "2.x")) if "grpc-server spaceone.identity" in line]
    assert len(servers) == 1


def test_prefect_is_started_on_request_with_a_worker(home: Path, layout: Layout):
    pytest.importorskip("prefect")
    summary = sandbox.up(home, prefect=True)
    assert summary.prefect is not None
    pool = f"{summary.prefect}/api/work_pools/{prefect_parts.POOL}"
    assert requests.get(pool, timeout=10).json()["type"] == "process"
    workers = requests.post(f"{pool}/workers/filter", json={}, timeout=10).json()
    assert [(worker["name"], worker["status"]) for worker in workers] == [("sandbox", "ONLINE")]
    assert (
        requests.get(f"{summary.prefect}/ui-settings", timeout=10).json()["api_url"]
        == f"{summary.prefect}/api"
    )
    before = {name: service.pid for name, service in states(home).items()}
    worker = Processes(layout).running(prefect_parts.WORKER)
    assert worker is not None
    worker.kill()
    worker.wait(10)
    sandbox.up(home)
    after = {name: service.pid for name, service in states(home).items()}
    assert after.pop(prefect_parts.WORKER) not in {None, before.pop(prefect_parts.WORKER)}
    assert after == before, "what was asked for once stays, and is started again where it died"


def test_nothing_is_left_after_down_and_data_is_there_after_up(home: Path, layout: Layout):
    with client(layout) as domain:
        domain.call("identity.Provider.create", {"provider": "kept", "name": "Kept"})
    addresses = [service.address for service in states(home).values() if service.address]
    token = yaml.safe_load(layout.spacectl("sandbox").read_text())["token"]
    sandbox.down(home)
    assert marked(layout) == []
    for address in addresses:
        host, _, port = address.rpartition("/")[2].partition(":")
        with pytest.raises(ConnectionRefusedError), socket.create_connection((host, int(port)), timeout=1):
            pass
    assert {service.state for service in states(home).values()} == {"stopped"}

    started = time.monotonic()
    sandbox.up(home)
    assert time.monotonic() - started < START_SECONDS
    assert yaml.safe_load(layout.spacectl("sandbox").read_text())["token"] == token, "the identities are kept"
    with client(layout) as domain:
        assert domain.call("identity.Provider.get", {"provider": "kept"})["name"] == "Kept"


def test_a_port_that_somebody_took_meanwhile_is_changed_everywhere(home: Path, layout: Layout):
    sandbox.down(home)
    endpoint = yaml.safe_load(layout.spacectl("sandbox").read_text())["endpoints"]["identity"]
    taken = int(endpoint.rpartition(":")[2])
    with socket.socket() as somebody:
        somebody.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        somebody.bind(("127.0.0.1", taken))
        somebody.listen()
        sandbox.up(home)
        moved = yaml.safe_load(layout.spacectl("sandbox").read_text())["endpoints"]["identity"]
        assert moved != endpoint
        with client(layout) as domain:
            assert domain.call("identity.Provider.get", {"provider": "aws"})["name"] == "AWS"
            # Repository asks identity for the token's keys: it knows the new address, too.
            assert domain.list("repository.Plugin.list") == []


def test_an_emptied_database_is_set_up_again(home: Path, layout: Layout):
    lines = Lines()
    sandbox.down(home)
    for file in (layout.data / "mongodb").iterdir():
        file.unlink()
    sandbox.up(home, progress=lines)
    assert [line for line in lines.lines if "database was emptied" in line]
    with client(layout) as domain, client(layout, "sandbox-workspace") as workspace:
        assert len(domain.list("identity.Provider.list")) == 4
        assert workspace.list("identity.Project.list") == []


@pytest.fixture
def plugin_image(layout: Layout, checkout: Path) -> Iterator[str]:
    """The portfolio plugin under another name, in the sandbox's registry."""
    environment = yaml.safe_load(layout.environment.read_text())
    name = f"{environment['registry']['address']}/{PLUGIN}"
    engine = docker.from_env()
    try:
        engine.images.build(
            path=str(checkout / "plugin"),
            tag=f"{name}:{VERSION}",
            buildargs=environment["build"]["args"],
            rm=True,
        )
        pushed = engine.images.push(name, tag=VERSION)
        assert '"error"' not in pushed
        yield PLUGIN
        engine.images.remove(f"{name}:{VERSION}", force=True)
    finally:
        engine.close()


def containers(layout: Layout) -> list[str]:
    engine = docker.from_env()
    try:
        return [
            str(one.name) for one in plugins.containers(engine, plugins.supervisor_name(layout.identifier))
        ]
    finally:
        engine.close()


def collect(domain: Client, collector_id: str) -> dict[str, Any]:
    job_id = domain.call("inventory.Collector.collect", {"collector_id": collector_id}, timeout=120)["job_id"]
    for _ in range(240):
        job = domain.call("inventory.Job.get", {"job_id": job_id})
        if job["status"] not in {"CREATED", "IN_PROGRESS"}:
            return job
        time.sleep(0.5)
    raise AssertionError(f"the job did not end: {job}")


def test_plugins_are_started_by_the_supervisor_and_come_back_after_a_stop(
    home: Path, layout: Layout, plugin_image: str
):
    options = yaml.safe_load(layout.environment.read_text()).get("plugin_options", {})
    with client(layout) as domain, client(layout, "sandbox-workspace") as workspace:
        plugin = {
            "name": "Sandbox test",
            "plugin_id": PLUGIN,
            "image": plugin_image,
            "resource_type": "inventory.Collector",
            "registry_type": "HARBOR",
            "provider": "aws",
        }
        domain.call("repository.Plugin.register", plugin)
        chosen = {"plugin_id": PLUGIN, "version": VERSION, "upgrade_mode": "MANUAL", "options": options}
        collector = domain.call(
            "inventory.Collector.create",
            {"name": "test", "resource_group": "DOMAIN", "plugin_info": chosen, "provider": "aws"},
            timeout=180,
        )
        assert len(containers(layout)) == 1
        domain.list("identity.Schema.list")  # the platform makes its own schemas when they are first listed
        project = workspace.call("identity.Project.create", {"name": "test", "project_type": "PRIVATE"})
        workspace.call(
            "identity.ServiceAccount.create",
            {
                "name": "test",
                "data": {"account_id": "1234"},
                "provider": "aws",
                "project_id": project["project_id"],
                "secret_schema_id": "aws-secret-access-key",
                "secret_data": {"aws_access_key_id": "not-a-key", "aws_secret_access_key": "not-a-key"},
            },
        )
        first = collect(domain, collector["collector_id"])
        assert first["status"] == "SUCCESS", first
        assert first["total_tasks"] > 0

    before = containers(layout)
    sandbox.down(home)
    assert containers(layout) == []

    sandbox.up(home)
    with client(layout) as domain:
        # At once: the plugin service must not send this to the container's old address.
        again = collect(domain, collector["collector_id"])
        assert again["status"] == "SUCCESS", again
    assert len(containers(layout)) == 1
    assert containers(layout) != before
    names = {service.name: service for service in sandbox.status(home)}
    assert names[containers(layout)[0]].address.startswith("grpc://127.0.0.1:")


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


def test_the_supervisor_stops_containers_of_its_own_alone(home: Path, layout: Layout) -> None:
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
            command = ["sleep", "300"]
            started.append(
                engine.containers.run(base, command, labels=labels, detach=True, init=True, auto_remove=True)
            )
        done = subprocess.run(
            [layout.python, "-W", "ignore", "-c", DELETE],
            cwd=Path(sandbox.__file__).parent,
            capture_output=True,
            text=True,
            timeout=120,
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
