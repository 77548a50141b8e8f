"""Both sandboxes used, stopped and started again: what is gone, what is kept, and what comes back.

They are stopped twice in all: once with everything in use, once to lose their databases.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import signal
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import docker
import psutil
import pytest
import yaml

from flows.spaceone import SpaceoneError
from sandbox import lifecycle, parts
from sandbox.engine import containers, installed
from sandbox.engine.connection import connect
from sandbox.machine.layout import Layout
from sandbox.machine.processes import is_alive
from sandbox.machine.progress import Quiet
from sandbox.spaceone.environment_files import PORTFOLIO
from sandbox.spaceone.generations import GENERATIONS
from tests.engine import wait_for_those_beside
from tests.integration.conftest import client, running, spacectl, start_both, states
from tests.waiting import PATIENCE, wait_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from flows.spaceone import Client

pytestmark = [pytest.mark.integration, pytest.mark.timeout(1800)]

PLUGIN = "plugin-sandbox-test"
VERSION = "0.0.1"
SECRET = {"aws_access_key_id": "hush-hush", "aws_secret_access_key": "hush-hush-hush"}
UP = (
    "import sys, pathlib; from sandbox import lifecycle; "
    "lifecycle.up(pathlib.Path(sys.argv[1]), generation=sys.argv[2])"
)


def collector_2(layout: Layout, chosen: Mapping[str, Any]) -> str:
    """A plugin, an account with a secret and a collector, as 2.x has them; the collector's id."""
    with client(layout) as domain, client(layout, "sandbox-workspace") as workspace:
        plugin = {
            "name": "Sandbox test",
            "plugin_id": PLUGIN,
            "image": PLUGIN,
            "resource_type": "inventory.Collector",
            "registry_type": "HARBOR",
            "provider": "aws",
        }
        domain.call("repository.Plugin.register", plugin)
        domain.list("identity.Schema.list")  # the platform makes its own schemas when they are first listed
        project = workspace.call("identity.Project.create", {"name": "test", "project_type": "PRIVATE"})
        account = {
            "name": "test",
            "data": {"account_id": "1234"},
            "provider": "aws",
            "project_id": project["project_id"],
            "secret_schema_id": "aws-secret-access-key",
            "secret_data": SECRET,
        }
        workspace.call("identity.ServiceAccount.create", account)
        return create(domain, {"resource_group": "DOMAIN", "plugin_info": chosen})


def collector_1_12(layout: Layout, chosen: Mapping[str, Any]) -> str:
    """The same as 1.12 has them."""
    with client(layout) as domain:
        # A plugin is registered in the one local repository.
        domain.call("repository.Repository.register", {"name": "Local", "repository_type": "local"})
        plugin = {
            "name": "Sandbox test",
            "image": PLUGIN,
            "service_type": "inventory.Collector",
            "registry_type": "HARBOR",
            "provider": "aws",
            "capability": {"supported_schema": ["aws_access_key"]},
        }
        domain.call("repository.Plugin.register", plugin)
        group = domain.call("identity.ProjectGroup.create", {"name": "test"})["project_group_id"]
        project = domain.call("identity.Project.create", {"name": "test", "project_group_id": group})
        account = domain.call(
            "identity.ServiceAccount.create",
            {
                "name": "test",
                "data": {"account_id": "1234"},
                "provider": "aws",
                "project_id": project["project_id"],
                "service_account_type": "GENERAL",
            },
        )
        secret = {
            "name": "test",
            "data": SECRET,
            "secret_type": "CREDENTIALS",
            "schema": "aws_access_key",
            "service_account_id": account["service_account_id"],
        }
        domain.call("secret.Secret.create", secret)
        return create(domain, {"plugin_info": chosen})


COLLECTORS: Mapping[str, Callable[[Layout, Mapping[str, Any]], str]] = {
    "2.x": collector_2,
    "1.12": collector_1_12,
}


def create(domain: Client, more: Mapping[str, Any]) -> str:
    request = {"name": "test", "provider": "aws", **more}
    return str(domain.call("inventory.Collector.create", request, timeout=180)["collector_id"])


def collect(layout: Layout, collector_id: str) -> dict[str, Any]:
    """A job that has ended."""
    with client(layout) as domain:
        started = domain.call("inventory.Collector.collect", {"collector_id": collector_id}, timeout=180)

        def ended() -> dict[str, Any] | None:
            job = domain.call("inventory.Job.get", {"job_id": started["job_id"]})
            return None if job["status"] in {"CREATED", "IN_PROGRESS"} else job

        return wait_for(ended, "the job's end", seconds=600, pause=0.5)


def plugin_containers(layout: Layout) -> list[str]:
    engine = connect()
    if engine is None:
        return []  # stopped with the last sandbox
    with closing(engine):
        found = containers.members(engine, layout.identifier)
        return [str(one.name) for one in found if containers.PART not in one.labels]


def left_on_the_engine(layout: Layout) -> list[str]:
    """Containers and networks of a sandbox."""
    engine = connect()
    if engine is None:
        return []
    with closing(engine):
        found = [str(each.name) for each in containers.members(engine, layout.identifier)]
        return found + [
            str(each.name)
            for each in engine.networks.list(filters={"label": f"{containers.SANDBOX}={layout.identifier}"})
        ]


@dataclass
class Restart:
    """What was seen of one sandbox: in use, stopped, and started again with its identity's port taken."""

    layout: Layout
    collector_id: str = ""
    jobs: list[dict[str, Any]] = field(default_factory=list)
    spacectl: list[Mapping[str, Any]] = field(default_factory=list)
    containers: list[list[str]] = field(default_factory=list)
    addresses: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    listening: list[str] = field(default_factory=list)
    stopped: set[str] = field(default_factory=set)
    memory: int = 0
    exits: list[int] = field(default_factory=list)

    def use(self) -> None:
        """Collect with the plugin, started by the supervisor, and look at what there is."""
        self.memory = sum(service.memory for service in states(self.layout).values())
        environment = yaml.safe_load(self.layout.environment.read_text())
        chosen = {
            "plugin_id": PLUGIN,
            "upgrade_mode": "AUTO",
            "options": environment["plugin_options"][PORTFOLIO],
        }
        self.collector_id = COLLECTORS[self.layout.root.name](self.layout, chosen)
        with client(self.layout) as domain:
            domain.call("identity.Provider.create", {"provider": "kept", "name": "Kept"})
        self.look()
        self.addresses = [
            service.address for service in states(self.layout).values() if "127.0.0.1" in service.address
        ]

    def look(self) -> None:
        self.jobs.append(collect(self.layout, self.collector_id))
        self.spacectl.append(spacectl(self.layout))
        self.containers.append(plugin_containers(self.layout))

    def look_at_the_stopped(self) -> None:
        self.left = left_on_the_engine(self.layout)
        self.listening = [address for address in self.addresses if listens(address)]
        self.stopped = {service.state for service in states(self.layout).values()}
        self.containers.append(plugin_containers(self.layout))

    def identity(self) -> int:
        """The port that identity has now, or had."""
        return int(self.spacectl[-1]["endpoints"]["identity"].rpartition(":")[2])


def listens(address: str) -> bool:
    host, _, port = address.rpartition("/")[2].partition(":")
    try:
        socket.create_connection((host, int(port)), timeout=PATIENCE).close()
    except ConnectionRefusedError:
        return False
    return True


def push_plugin(layouts: list[Layout], checkout: Path) -> None:
    """The portfolio plugin under another name, in every sandbox's registry."""
    with closing(docker.from_env()) as engine:
        for layout in layouts:
            environment = yaml.safe_load(layout.environment.read_text())
            name = f"{environment['registry']['address']}/{PLUGIN}"
            engine.images.build(
                path=str(checkout / "plugin"),
                tag=f"{name}:{VERSION}",
                buildargs=environment["build"]["args"],
                rm=True,
            )
            assert '"error"' not in engine.images.push(name, tag=VERSION)


def start_twice(home: Path, layouts: list[Layout]) -> list[list[int]]:
    """Two `up` at once of each sandbox, all beside each other; their exit codes."""
    started = [
        [subprocess.Popen([sys.executable, "-c", UP, str(home), layout.root.name]) for _ in range(2)]
        for layout in layouts
    ]
    return [[each.wait(900) for each in both] for both in started]


@pytest.fixture(scope="module")
def home(sandbox_home: Path) -> Path:
    """Both sandboxes of the tests, new: with the plugins of all other tests a start would take minutes."""
    wait_for_those_beside()
    lifecycle.down(sandbox_home, purge=True)
    start_both(sandbox_home)
    return sandbox_home


@pytest.fixture(scope="module")
def restarts(home: Path, checkout: Path) -> dict[str, Restart]:
    """Both sandboxes after a stop, in which somebody took identity's port, and two starts at once."""
    layouts = [Layout.of(home, name) for name in GENERATIONS]
    push_plugin(layouts, checkout)
    found = [Restart(layout) for layout in layouts]
    with ThreadPoolExecutor() as pool:
        list(pool.map(Restart.use, found))
    lifecycle.down(home)
    for each in found:
        each.look_at_the_stopped()
    with ExitStack() as taken:
        for each in found:
            somebody = taken.enter_context(socket.socket())
            somebody.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            somebody.bind(("127.0.0.1", each.identity()))
            somebody.listen()
        for each, exits in zip(found, start_twice(home, layouts), strict=True):
            each.exits = exits
        # At once: the plugin service must not send this to the container's old address.
        with ThreadPoolExecutor() as pool:
            list(pool.map(Restart.look, found))
    return {each.layout.root.name: each for each in found}


@pytest.fixture(params=list(GENERATIONS))
def restart(request: pytest.FixtureRequest, restarts: dict[str, Restart]) -> Restart:
    return restarts[request.param]


def test_both_new_sandboxes_need_less_memory_than_a_laptop_has(restarts: dict[str, Restart]):
    assert 500_000_000 < sum(each.memory for each in restarts.values()) < 1_700_000_000


def test_a_plugin_is_started_by_the_supervisor(restart: Restart):
    job = restart.jobs[0]
    assert (job["status"], job.get("failure_tasks", 0)) == ("SUCCESS", 0), job
    assert job["total_tasks"] > 0
    assert len(restart.containers[0]) == 1


def test_nothing_is_left_after_down(restart: Restart):
    assert restart.left == []
    assert restart.listening == []
    assert restart.stopped == {"stopped"}
    assert restart.containers[1] == []


def test_two_ups_at_once_make_one_sandbox(restart: Restart):
    assert restart.exits == [0, 0]
    assert {service.state for service in states(restart.layout).values()} == {"running"}
    assert len(running(restart.layout)) == len(states(restart.layout)) - len(restart.containers[-1])


def test_a_plugin_comes_back_after_a_stop(restart: Restart):
    first, again = restart.jobs
    assert (again["status"], again.get("failure_tasks", 0)) == ("SUCCESS", 0), again
    assert again["total_tasks"] == first["total_tasks"]
    before, _, after = restart.containers
    assert len(after) == 1
    assert after != before
    assert states(restart.layout)[after[0]].address == f"grpc://{after[0]}:50051"


def test_identities_and_data_are_there_after_up(restart: Restart):
    before, after = ({**each, "endpoints": None} for each in restart.spacectl)
    assert after == before, "the tokens are kept"
    with client(restart.layout) as domain:
        assert domain.call("identity.Provider.get", {"provider": "kept"})["name"] == "Kept"


def test_a_port_that_somebody_took_meanwhile_is_changed_everywhere(restart: Restart):
    before, after = (each["endpoints"] for each in restart.spacectl)
    assert {name for name in before if before[name] != after[name]} == {"identity"}
    with client(restart.layout) as domain:
        # Repository asks identity for the token's keys: it knows the new address, too.
        named = {"repository_id": "repo-managed"} if restart.layout.root.name == "1.12" else {}
        assert len(domain.list("repository.Plugin.list", named)) == (24 if named else 1)


def test_no_log_holds_a_secret(restart: Restart):
    kept = json.loads(restart.layout.state.read_text())
    hidden = [*SECRET.values(), *secrets(kept["bootstrap"]), *kept["passwords"].values()]
    assert len(hidden) > len(SECRET) + 4
    name = restart.layout.root.name
    for line in lifecycle.logs(restart.layout.root.parent, [], generation=name, lines=0):
        assert not [secret for secret in hidden if secret in line.text], f"{line.part} holds a secret"


def secrets(kept: Mapping[str, Any]) -> Iterator[str]:
    """Every password, key and token of a bootstrap's state."""
    for name, value in kept.items():
        if isinstance(value, dict):
            yield from secrets(value)
        elif name.endswith(("password", "token", "secret", "api_key")):
            yield value


@dataclass
class Killed:
    """What was acknowledged before everything was killed, what is there afterwards, and a collection after that."""

    acknowledged: set[str] = field(default_factory=set)
    found: set[str] = field(default_factory=set)
    states: dict[str, str] = field(default_factory=dict)
    jobs: list[dict[str, Any]] = field(default_factory=list)


def write_until_it_fails(layout: Layout, acknowledged: set[str]) -> None:
    """Creates providers one after the other, as long as the platform answers."""
    with client(layout) as domain, contextlib.suppress(SpaceoneError):
        for number in itertools.count():
            domain.call("identity.Provider.create", {"provider": f"killed-{number}", "name": "Killed"})
            acknowledged.add(f"killed-{number}")


def kill(layouts: list[Layout]) -> None:
    """SIGKILL to every process of every part and plugin, without a word to the engine."""
    with closing(docker.from_env()) as engine:
        for layout in layouts:
            for each in containers.members(engine, layout.identifier):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(each.attrs["State"]["Pid"], signal.SIGKILL)


def serves(layout: Layout) -> bool:
    """Whether every part runs, the platform answers, and the plugin's new container is published."""
    with contextlib.suppress(SpaceoneError), client(layout) as domain:
        domain.list("identity.Provider.list")
        domain.list("inventory.Collector.list")
        runs = {service.state for service in states(layout).values()} == {"running"}
        return runs and len(plugin_containers(layout)) == 1
    return False


@pytest.fixture(scope="module")
def killed(restarts: dict[str, Restart]) -> dict[str, Killed]:
    """Both sandboxes after everything was killed in the middle of writes; nobody calls `up`."""
    found = {name: Killed() for name in restarts}
    layouts = [each.layout for each in restarts.values()]
    with ThreadPoolExecutor() as pool:
        writers = [
            pool.submit(write_until_it_fails, each.layout, found[name].acknowledged)
            for name, each in restarts.items()
        ]
        wait_for(lambda: all(len(each.acknowledged) > 20 for each in found.values()), "writes")
        kill(layouts)
        for writer in writers:
            writer.result()

    def look(restart: Restart) -> None:
        layout = restart.layout
        seen = found[layout.root.name]
        seen.found = providers_after_a_restart(layout)
        seen.states = {part: each.state for part, each in states(layout).items()}
        seen.jobs.append(collect(layout, restart.collector_id))

    with ThreadPoolExecutor() as pool:
        list(pool.map(look, restarts.values()))
    return found


def providers_after_a_restart(layout: Layout) -> set[str]:
    """Waits until a sandbox serves again; the providers that it has then."""
    wait_for(lambda: serves(layout), f"the sandbox of {layout.root.name}", seconds=180)
    with client(layout) as domain:
        return {each["provider"] for each in domain.list("identity.Provider.list")}


def test_killed_parts_come_back_with_every_acknowledged_write(layout: Layout, killed: dict[str, Killed]):
    seen = killed[layout.root.name]
    assert set(seen.states.values()) == {"running"}
    assert len(seen.acknowledged) > 20
    assert not seen.acknowledged - seen.found
    (job,) = seen.jobs
    assert (job["status"], job.get("failure_tasks", 0)) == ("SUCCESS", 0), job


def test_an_engine_that_was_killed_comes_back_with_everything(
    home: Path, restarts: dict[str, Restart], killed: dict[str, Killed]
):
    engines = [each for each in psutil.process_iter() if each.name() == "dockerd" and is_alive(each)]
    if len(engines) != 1 or os.geteuid():
        pytest.skip("only root may kill the engine, and only if one dockerd runs on this machine")
    engines[0].kill()
    wait_for(lambda: not is_alive(engines[0]), "the engine's end")
    lifecycle.up(home, generation="2.x")  # starts the engine, which starts all others

    def look(restart: Restart) -> None:
        assert providers_after_a_restart(restart.layout) == killed[restart.layout.root.name].found
        job = collect(restart.layout, restart.collector_id)
        assert (job["status"], job.get("failure_tasks", 0)) == ("SUCCESS", 0), job

    with ThreadPoolExecutor() as pool:
        list(pool.map(look, restarts.values()))


@pytest.fixture(scope="module")
def emptied(home: Path, restarts: dict[str, Restart], killed: dict[str, Killed]) -> dict[str, list[str]]:
    """What both told when they were started on databases that somebody had emptied."""
    lifecycle.down(home)  # stops the engine too if no other container runs
    with closing(installed.ensure(Layout.of(home, "2.x").engine, Quiet())) as engine:
        for each in restarts.values():
            engine.volumes.get(parts.volumes(each.layout)["mongodb"]).remove()
    return {name: told.lines for name, told in start_both(home).items()}


def test_an_emptied_database_is_set_up_again(layout: Layout, emptied: dict[str, list[str]]):
    said = [line for line in emptied[layout.root.name] if "database was emptied" in line]
    assert len(said) == 1
    with client(layout) as domain:
        found = {each["provider"] for each in domain.list("identity.Provider.list")}
        assert {"aws", "azure", "google_cloud"} <= found
        assert "kept" not in found
        assert domain.list("inventory.Collector.list") == []
