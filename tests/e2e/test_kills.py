"""What becomes of a release whose process, worker or Prefect server is killed, and of the next one.

One plugin is released three times. In each release something is killed with -9, at another moment; the next release
continues from what is there.
"""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any
from uuid import UUID

import psutil
import pytest
import yaml
from prefect.client.schemas.filters import FlowRunFilter
from prefect.client.schemas.objects import FlowRun

from flows.steps.places import ENVIRONMENTS, PROJECT
from flows.tasks.limits import LEASE_SECONDS, collector_limit
from tests.e2e.conftest import Project, endpoint_of, redirect
from tests.e2e.price_source import COINS, Held
from tests.many_plugins import write_automations
from tests.prefect_servers import Prefect
from tests.proxy import Proxy
from tests.waiting import PATIENCE

pytestmark = pytest.mark.e2e

NAME = "killed"  # of the environment, and of the plugin for `pluginctl deploy`
BUILD_SECONDS = 10
DOWN_SECONDS = 15
"""How long the Prefect server stays away."""


class Prices(Held):
    """Holds prices back; what the plugin asks before a collection, such as the currencies, has no parameters."""

    def answer(self, query: dict[str, str]) -> tuple[int, str]:
        return super().answer(query) if query else (HTTPStatus.OK, "[]")


@dataclass
class Desk:
    """The project that is deployed, and what stands between a run and the platform.

    Attributes:
        inventory: A proxy of the service; shut, a release comes no further than to its collector.
        source: The plugin's prices; held back, a release comes no further than to its collection.
    """

    prefect: Prefect
    project: Project
    inventory: Proxy
    source: Prices

    def begin(self) -> UUID:
        """Starts a release."""
        deployment = self.prefect.client.read_deployment_by_name(f"release/{NAME}")
        return self.prefect.client.create_flow_run_from_deployment(deployment.id).id

    def reaches(self, run: UUID, *steps: str) -> None:
        """Waits until a run has begun one of some steps, and has not ended."""
        mine = FlowRunFilter.model_validate({"id": {"any_": [run]}})

        def there() -> bool:
            client = self.prefect.client
            state = client.read_flow_run(run).state
            assert state is not None
            assert not state.is_final(), state
            return any(each.name.startswith(steps) for each in client.read_task_runs(flow_run_filter=mine))

        self.prefect.until(there, f"one of {steps}")

    def end(self, run: UUID) -> FlowRun:
        """Waits for the end of a run."""

        def over() -> FlowRun | None:
            found = self.prefect.client.read_flow_run(run)
            return found if found.state and found.state.is_final() else None

        ended: FlowRun = self.prefect.until(over, "the end of the run")
        return ended


@pytest.fixture(scope="module")
def project(platform, checkout, tmp_path_factory) -> Project:
    """A copy of the plugin in a folder that a worker runs flows in."""
    folder = tmp_path_factory.mktemp("worktree")
    copy = Project(checkout, folder / "projects", platform.environment)
    dockerfile = copy.source / "Dockerfile"
    slow = f"COPY src/VERSION /opt/plugin/VERSION\nRUN sleep {BUILD_SECONDS} && echo {copy.tag}\n"
    dockerfile.write_text(dockerfile.read_text().replace(slow.partition("\n")[0] + "\n", slow))
    return copy


@pytest.fixture(scope="module")
def desk(own_prefect, platform, project, checkout, engine, sandbox_home):
    """The plugin, deployed."""
    worktree = project.folder.parent
    source = Prices()
    with source.serving(engine), Proxy(*endpoint_of(platform, "inventory")) as inventory:
        environment = redirect(platform, project, NAME, inventory=inventory.address)
        fields = yaml.safe_load(environment.read_text())
        fields["extends"] = "${PLUGINCTL_SANDBOX_HOME}/2.x/environment.yaml"
        options = {"base_url": source.address, "request_timeout": 120, "count": len(COINS)}
        fields["plugin_options"] = {project.plugin_id: options}
        _write(worktree / ENVIRONMENTS / f"{NAME}.yaml", fields)
        declared = {
            "source": str(project.source.relative_to(worktree)),
            "manifest": str(project.manifest.relative_to(worktree)),
            "environments": {NAME: None},
        }
        _write(worktree / PROJECT / f"plugins/{NAME}.yaml", declared)
        write_automations(worktree, checkout)
        own_prefect.pluginctl(worktree, "deploy")
        yield Desk(own_prefect, project, inventory, source)
        source.open.set()


def _write(path: Path, fields: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(fields))


@pytest.fixture(scope="module")
def worker(desk):
    """A worker for the first two releases."""
    with desk.prefect.worker("first", limit=1) as worker:
        yield worker


@pytest.fixture(scope="module")
def process_killed(desk, worker):
    """The first release, whose process is killed while the image is built."""
    run = desk.begin()
    desk.reaches(run, "build image")
    for process in worker.children():
        process.kill()
    return desk.end(run)


@pytest.fixture(scope="module")
def both_killed(desk, worker, process_killed):
    """The second release, which is killed with its worker while it creates the collector."""
    run = desk.begin()
    desk.reaches(run, "create", "register")  # the first of eight; the collector is the last
    desk.inventory.shut()
    desk.reaches(run, "create collector")
    worker.kill()
    desk.inventory.open()
    return desk.end(run)


@pytest.fixture(scope="module")
def survivor(desk, both_killed):
    """The third release, whose worker and server are killed while it follows the job."""
    for each in desk.prefect.client.read_automations():
        # They wait here for less than the server is away, and would take the run for dead.
        desk.prefect.client.delete_automation(each.id)
    desk.source.open.clear()
    with desk.prefect.worker("second", limit=1) as worker:
        run = desk.begin()
        desk.reaches(run, "follow the job")
        process = worker.children()
        worker.kill(alone=True)
        desk.prefect.server.kill()
        time.sleep(DOWN_SECONDS)
        desk.prefect.start_server()
        desk.source.open.set()
        yield desk.end(run)
        for each in process:
            with suppress(psutil.NoSuchProcess):
                each.kill()


def test_a_run_whose_process_is_killed_in_the_build_becomes_crashed(process_killed):
    assert process_killed.state.name == "Crashed"
    assert "-9" in process_killed.state.message


def test_a_run_whose_worker_dies_with_it_in_a_create_becomes_crashed(both_killed):
    assert both_killed.state.name == "Crashed"
    assert "the same run again continues from there" in both_killed.state.message


def test_a_run_goes_on_without_its_worker_and_its_server(survivor, client, project):
    # Unchanged: the create of the second release reached the platform.
    assert survivor.state.name in {"Released", "Unchanged"}, survivor.state.message
    (collector,) = client.list("inventory.Collector.list", {"name": project.collector})
    assert client.list("inventory.Job.list", {"collector_id": collector["collector_id"]})


def test_what_was_killed_is_there_once(survivor, client, project):
    for method, query in {
        "repository.Plugin.list": {"plugin_id": project.plugin_id},
        "inventory.Collector.list": {"name": project.collector},
        "identity.ServiceAccount.list": {"provider": project.provider},
        "secret.Secret.list": {"provider": project.provider},
    }.items():
        assert len(client.list(method, query)) == 1, method


def test_the_collector_is_free_again(desk, survivor):
    name = collector_limit(NAME, desk.project.plugin_id)
    desk.prefect.until(
        lambda: desk.prefect.client.read_global_concurrency_limit_by_name(name).active_slots == 0,
        "the end of the lease",
        seconds=LEASE_SECONDS + PATIENCE,
    )
