"""`pluginctl demo`, and the deployments of prefect.yaml on a real worker: what Prefect's server says of the runs."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import threading
import uuid
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from flows.steps.places import ENVIRONMENTS
from flows.tasks.artifacts import kind_of
from tests.browser import browser
from tests.e2e.conftest import SECRET, Project
from tests.e2e.price_source import PriceSource
from tests.pages import log_in
from tests.waiting import PATIENCE, wait_for

pytestmark = pytest.mark.e2e

FINAL = {"COMPLETED", "FAILED", "CRASHED", "CANCELLED"}


class Server:
    """Prefect's server, asked by HTTP."""

    def __init__(self, url: str, password: str) -> None:
        self._url = url
        self._session = requests.Session()
        self._session.auth = tuple(password.split(":"))
        # 503 is its answer while its SQLite is locked; Prefect's own client asks again, too.
        again = Retry(8, backoff_factor=0.3, status_forcelist=[503], allowed_methods=None)
        self._session.mount("http://", HTTPAdapter(max_retries=again))

    def close(self) -> None:
        self._session.close()

    def post(self, path: str, **body: Any) -> Any:
        answer = self._session.post(f"{self._url}/{path}", json=body, timeout=PATIENCE)
        assert answer.ok, answer.text
        return answer.json() if answer.content else None

    def get(self, path: str) -> Any:
        answer = self._session.get(f"{self._url}/{path}", timeout=PATIENCE)
        assert answer.ok, answer.text
        return answer.json()


@dataclass
class Run:
    """A flow run that has ended.

    Attributes:
        state: The type of its state.
        ending: The name of its state.
        tasks: Task runs by the name of their task.
        artifacts: By kind.
        logs: All lines.
    """

    name: str
    state: str
    ending: str
    message: str
    tasks: dict[str, list[dict[str, Any]]]
    artifacts: dict[str, Any]
    logs: str


@pytest.fixture(scope="module")
def server(sandbox):
    """The sandbox's."""
    with closing(Server(sandbox.prefect_environment["PREFECT_API_URL"], sandbox.prefect_password)) as server:
        yield server


@pytest.fixture(scope="module")
def demo(sandbox, run, server):
    """`pluginctl demo` in the running sandbox; the schedule that it deploys is paused afterwards."""
    done = run("demo")
    assert done.returncode == 0, done.stdout + done.stderr
    return done, next(each for each in pause(server) if each["name"] == "portfolio@sandbox")


def pause(server: Server) -> list[dict[str, Any]]:
    """Pauses all deployments of `recollect`."""
    deployments = server.post("deployments/filter", flows={"name": {"any_": ["recollect"]}})
    for deployment in deployments:
        server.post(f"deployments/{deployment['id']}/pause_deployment")
    return deployments


def prefect(sandbox, *words: str, **more: Any) -> subprocess.CompletedProcess[str]:
    """`prefect`, as a person types it after `pluginctl sandbox env`."""
    return subprocess.run(
        [sys.executable, "-m", "prefect", *words],
        env={**os.environ, **sandbox.prefect_environment, "COLUMNS": "200", **more.pop("variables", {})},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
        **more,
    )


def by_command(sandbox, deployment: str, parameters: dict[str, Any]) -> str:
    """`prefect deployment run`; gives the run's id."""
    flags = [flag for key, value in parameters.items() for flag in ("-p", f"{key}={json.dumps(value)}")]
    done = prefect(sandbox, "deployment", "run", deployment, *flags)
    found = re.search(r"UUID: ([0-9a-f-]{36})", done.stdout)
    assert found, done.stdout + done.stderr
    return found[1]


@pytest.fixture(scope="module")
def worktree(sandbox, demo, server, checkout, tmp_path_factory) -> Path:
    """Where the worker runs the flows from now on: this module's copies are below it."""
    folder = tmp_path_factory.mktemp("worktree")
    (folder / "flows").symlink_to(checkout / "flows")
    (folder / ENVIRONMENTS).mkdir(parents=True)
    shutil.copy(checkout / "prefect.yaml", folder)
    names = ("--name", "release", "--name", "recollect")
    done = prefect(sandbox, "--no-prompt", "deploy", *names, cwd=folder)
    assert done.returncode == 0, done.stdout + done.stderr
    pause(server)
    return folder


@pytest.fixture(scope="module")
def new_project(worktree, platform, checkout, dockerfile):
    """Makes copies that the worker may read."""
    return lambda: Project(
        checkout, worktree / "projects" / uuid.uuid4().hex, platform.environment, dockerfile
    )


@pytest.fixture(scope="module")
def named(worktree, sandbox_home):
    """Gives a file of an environment a name, by which flows take it; the worker has a variable for the sandbox."""

    def name(path: Path) -> str:
        name = f"{path.stem}-{uuid.uuid4().hex[:8]}"
        text = path.read_text().replace(str(sandbox_home), "${PLUGINCTL_SANDBOX_HOME}")
        (worktree / ENVIRONMENTS / f"{name}.yaml").write_text(text)
        return name

    return name


@pytest.fixture(scope="module")
def given(worktree, named):
    """Parameters of a release of a copy."""

    def parameters(project: Project) -> dict[str, str]:
        folders = {name: str(getattr(project, name).relative_to(worktree)) for name in ("source", "manifest")}
        return {"environment": named(project.environment), **folders}

    return parameters


@pytest.fixture(scope="module")
def deployment_run(sandbox, worktree, server, ended):
    """Runs a deployment to its end."""

    def start(deployment: str, command: bool = False, **parameters: Any) -> Run:
        if command:
            identity = by_command(sandbox, deployment, parameters)
        else:
            known = server.get(f"deployments/name/{deployment}")["id"]
            identity = server.post(f"deployments/{known}/create_flow_run", parameters=parameters)["id"]
        return ended(identity)

    return start


@pytest.fixture(scope="module")
def ended(sandbox, server, tokens):
    """Waits for the end of a flow run; no log or artifact may hold a secret."""

    def end(identity: str) -> Run:
        wait_for(
            lambda: server.get(f"flow_runs/{identity}")["state"]["type"] in FINAL,
            f"the end of {identity}",
            seconds=600,
            pause=0.3,
        )
        return read(identity)

    def recorded(identity: str, mine: Any) -> tuple[list[Any], list[Any]] | None:
        """The lines and the task runs of a run that has ended: the server writes both down later than its state."""
        lines: list[Any] = []
        more = {"flow_run_id": {"any_": [identity]}}
        while page := server.post("logs/filter", logs=more, limit=200, offset=len(lines)):
            lines += page
        runs = server.post("task_runs/filter", **mine, sort="EXPECTED_START_TIME_ASC")
        said = {line["task_run_id"] for line in lines if "Finished in state" in line["message"]}
        known = {run["id"] for run in runs if run["state"]["type"] in FINAL}
        # None is the flow's own.
        return (lines, runs) if None in said and said - {None} <= known else None

    def read(identity: str) -> Run:
        flow_run = server.get(f"flow_runs/{identity}")
        mine = {"flow_runs": {"id": {"any_": [identity]}}}
        lines, runs = wait_for(partial(recorded, identity, mine), "a complete record of the run", pause=0.3)
        tasks: dict[str, list[dict[str, Any]]] = {}
        for task in runs:
            tasks.setdefault(task["name"], []).append(task)
        artifacts = server.post("artifacts/filter", artifacts={"flow_run_id": {"any_": [identity]}})
        logs = "\n".join(line["message"] for line in lines)
        said = json.dumps([flow_run, tasks, artifacts, logs])
        assert not [secret for secret in (*tokens, SECRET, sandbox.prefect_password) if secret in said]
        state = flow_run["state"]
        kinds = {kind_of(artifact["key"]): artifact for artifact in artifacts}
        return Run(flow_run["name"], state["type"], state["name"], state["message"] or "", tasks, kinds, logs)

    return end


@pytest.fixture(scope="module")
def parameters(given, project):
    """Of a release of this module's copy."""
    return given(project)


@pytest.fixture(scope="module")
def released(deployment_run, parameters):
    """The first release of the copy, by a worker."""
    return deployment_run("release/release", command=True, **parameters)


@pytest.fixture
def collecting(parameters):
    """Parameters of a re-collection."""
    return {name: parameters[name] for name in ("environment", "manifest")}


def test_the_demo_shows_what_was_registered_and_collected_and_where_to_look(demo, sandbox):
    done, _ = demo
    for words in (
        "plugin-portfolio-inven-collector",
        "Portfolio Collector",
        "Bitcoin",
        "Ethereum",
        "Price",
        "Rank",
    ):
        assert words in done.stdout
    rows = re.findall(r"^(\S.*?) +(\d+) .*[\d.]+", done.stdout.partition("Collected")[2], re.MULTILINE)
    assert len(rows) >= 5
    pages = re.search(r"Prefect: +(\S+)", done.stdout)[1]
    assert pages.startswith(sandbox.prefect)
    assert requests.get(sandbox.prefect, timeout=PATIENCE).ok
    catalogue = re.search(r"Registry: +(\S+)", done.stdout)[1]
    assert "quasarhub/plugin-portfolio-inven-collector" in requests.get(catalogue, timeout=PATIENCE).text


FORM = """(async () => {
    // As slowly as a person. The page may draw the form once more when it has read the deployment: then choose again.
    const pause = () => new Promise((resolve) => setTimeout(resolve, 500));
    for (let held = 0; held < 3; held += 1) {
        const [environment] = document.querySelectorAll('form select');
        if (environment.value !== 'sandbox') {
            environment.value = 'sandbox';
            environment.dispatchEvent(new Event('change', {bubbles: true}));
            held = -1;
        }
        await pause();
        const [dry] = document.querySelectorAll('form input[type=checkbox]');
        if (!dry.checked) {
            dry.click();
            held = -1;
        }
        await pause();
    }
    document.querySelector('form button[type=submit]').click();
})()"""


def test_a_release_starts_from_the_form_of_the_pages(demo, sandbox, server, ended, tmp_path):
    """By its choices alone: nothing is typed."""
    (tmp_path / "profile").mkdir()
    deployment = server.get("deployments/name/release/portfolio")["id"]
    mine = {"deployments": {"id": {"any_": [deployment]}}}
    before = {run["id"] for run in server.post("flow_runs/filter", **mine)}
    with browser(tmp_path / "profile") as page:

        def submit() -> None:
            log_in(page, sandbox, f"/deployments/deployment/{deployment}/run")
            wait_for(
                lambda: page.run("!!document.querySelector('form select')") or page.disturbed,
                "the form",
                pause=0.2,
            )
            if not page.disturbed:
                page.run(FORM)

        page.undisturbed(submit)
        runs = wait_for(
            lambda: [run for run in server.post("flow_runs/filter", **mine) if run["id"] not in before],
            "the run of the form",
            pause=0.3,
        )
    parameters = runs[0]["parameters"]
    assert (parameters["environment"], parameters["dry_run"]) == ("sandbox", True)
    run = ended(runs[0]["id"])
    assert (run.state, run.ending) == ("COMPLETED", "Unchanged"), run.message


def test_the_recollect_deployment_has_its_schedule(demo):
    _, deployment = demo
    (schedule,) = deployment["schedules"]
    assert schedule["active"]
    assert (schedule["schedule"]["cron"], schedule["schedule"]["timezone"]) == ("*/15 * * * *", "UTC")
    assert deployment["enforce_parameter_schema"]


def test_a_release_on_a_worker_completes_with_its_steps_as_task_runs(released, project, parameters):
    name = f"release {project.plugin_id} 0.1.0 to {parameters['environment']}"
    assert (released.state, released.ending, released.name) == ("COMPLETED", "Released", name)
    steps = list(released.tasks)
    assert steps[:11] == [
        "read source",
        "connect",
        "check endpoints",
        "plan",
        "log in to registry",
        "build image",
        "inspect image",
        "trial run",
        "list packages",
        "push image",
        "attest image",
    ]
    assert "register plugin " + project.plugin_id in steps
    assert "create collector " + project.collector in steps
    assert steps[-5:] == ["collect", "follow the job", "judge", "read the inventory", "show a resource"]
    runs = [run for runs in released.tasks.values() for run in runs]
    assert {run["state"]["type"] for run in runs} == {"COMPLETED"}


def test_the_plan_is_a_table(released, project):
    plan = released.artifacts["plan"]
    assert plan["type"] == "table"
    rows = json.loads(plan["data"])
    assert [row["action"] for row in rows] == ["create", "keep"] + ["create"] * 7
    assert {"kind": "collector", "name": project.collector}.items() <= rows[-1].items()
    assert "8 to create, 1 to keep" in plan["description"]
    assert plan["key"].startswith(f"plan-{project.plugin_id}-")


def test_collecting_is_a_progress_that_ended(released):
    progress = released.artifacts["collection"]
    assert (progress["type"], progress["data"]) == ("progress", 100.0)
    assert re.search(r"job-\w+: SUCCESS, 1 of 1 tasks ended", progress["description"])


def test_the_report_leads_from_the_source_to_the_counts(released, project, client):
    report = released.artifacts["report"]
    assert report["type"] == "markdown"
    text = report["data"]
    (collector,) = client.list("inventory.Collector.list", {"name": project.collector})
    (job,) = client.list("inventory.Job.list", {"collector_id": collector["collector_id"]})
    place = 0
    for words in (
        f"Release of {project.plugin_id} 0.1.0: Released",
        "source digest",
        f"{project.image}:0.1.0",
        "image digest",
        f"{project.plugin_id} 0.1.0",
        collector["collector_id"],
        job["job_id"],
        "inventory.CloudService | 5",
        "Bitcoin",
    ):
        place = text.index(words, place)
    assert "sha256-files:" in text
    assert "sha256:" in text


def test_the_collected_resources_are_a_table(released):
    rows = json.loads(released.artifacts["resources"]["data"])
    assert len(rows) == 5
    assert "Bitcoin" in [row["Name"] for row in rows]
    assert {"Rank", "Price"} <= set(rows[0])


def test_a_second_release_on_a_worker_writes_nothing_but_collect(
    released, deployment_run, parameters, witness, project
):
    with witness.watching(project.image) as window:
        second = deployment_run("release/release", **parameters)
    assert (second.state, second.ending) == ("COMPLETED", "Unchanged")
    assert window.calls == {"inventory.Collector.collect": 1}
    assert (window.uploads, window.images) == ([], {})
    assert {row["action"] for row in json.loads(second.artifacts["plan"]["data"])} == {"keep"}


def test_a_dry_run_on_a_worker_leaves_the_plan_alone(deployment_run, new_project, given, witness):
    other = new_project()
    with witness.watching(other.image) as window:
        dry = deployment_run("release/release", dry_run=True, **given(other))
    assert (dry.state, dry.ending) == ("COMPLETED", "Planned")
    assert dry.name.endswith("(dry run)")
    assert list(dry.tasks) == ["read source", "connect", "check endpoints", "plan"]
    assert set(dry.artifacts) - {""} == {"plan", "report"}  # the one without a key is the flow's result
    assert (window.calls, window.uploads, window.images) == ({}, [], {})


def test_recollect_on_a_worker_collects_and_reports(released, deployment_run, collecting, project):
    again = deployment_run("recollect/recollect", **collecting)
    assert (again.state, again.ending) == ("COMPLETED", "Collected")
    assert "collect" in again.tasks
    assert f"Recollect of {project.plugin_id} 0.1.0: Collected" in again.artifacts["report"]["data"]


def test_recollect_of_what_was_never_released_fails_and_says_what_to_do(deployment_run, new_project, given):
    other = new_project()
    parameters = given(other)
    del parameters["source"]
    failed = deployment_run("recollect/recollect", **parameters)
    assert (failed.state, failed.ending) == ("FAILED", "Refused")
    assert "Traceback" not in failed.logs
    assert "Nothing was changed." in failed.artifacts["report"]["data"]
    assert f"There is no collector '{other.collector}'" in failed.message
    assert "Release the plugin first" in failed.message
    assert "collect" not in failed.tasks


def test_a_failed_verdict_fails_the_flow_run_with_the_plugins_own_words(
    released, deployment_run, project, parameters, named
):
    dead = project.write_environment("dead-source", plugin_options={"base_url": "http://127.0.0.1:9/api/v3"})
    failed = deployment_run("release/release", **{**parameters, "environment": named(dead)})
    assert (failed.state, failed.ending) == ("FAILED", "NotCollected")
    assert "127.0.0.1:9 cannot be reached" in failed.message
    text = failed.artifacts["report"]["data"]
    assert f"Release of {project.plugin_id} 0.1.0: NotCollected" in text
    assert "Why it failed" in text
    assert "127.0.0.1:9 cannot be reached" in text


class Slow(PriceSource):
    """Answers when it is told to.

    Attributes:
        asked: Set when somebody asks.
        open: Set, it answers.
    """

    def __init__(self) -> None:
        self.asked, self.open = threading.Event(), threading.Event()

    def answer(self, query: dict[str, str]) -> tuple[int, str]:
        self.asked.set()
        self.open.wait(PATIENCE)
        return HTTPStatus.OK, "[]"


def test_a_cancelled_run_names_the_job_that_goes_on(
    released, server, ended, engine, project, parameters, named, client
):
    source = Slow()
    with source.serving(engine):
        slow = project.write_environment("slow-source", plugin_options={"base_url": source.address})
        deployment = server.get("deployments/name/release/release")["id"]
        given = {**parameters, "environment": named(slow)}
        identity = server.post(f"deployments/{deployment}/create_flow_run", parameters=given)["id"]
        assert source.asked.wait(PATIENCE)
        mine = {"flow_runs": {"id": {"any_": [identity]}}}

        def following() -> bool:
            tasks = server.post("task_runs/filter", **mine)
            return any(task["name"] == "follow the job" for task in tasks)

        wait_for(following, "the run to follow the job")
        server.post(f"flow_runs/{identity}/set_state", state={"type": "CANCELLING", "name": "Cancelling"})
        cancelled = ended(identity)
        source.open.set()
    assert cancelled.state == "CANCELLED"
    (collector,) = client.list("inventory.Collector.list", {"name": project.collector})
    jobs = client.list("inventory.Job.list", {"collector_id": collector["collector_id"]})
    last = max(jobs, key=lambda job: str(job["created_at"]))
    words = f"The platform's job {last['job_id']} goes on"
    assert words in cancelled.logs
    assert words in cancelled.artifacts["report"]["data"]


def test_a_refused_plan_fails_the_flow_run_before_anything_is_built(
    released, deployment_run, new_project, given, witness
):
    other = new_project()
    (other.source / "src/VERSION").unlink()
    with witness.watching(other.image) as window:
        failed = deployment_run("release/release", **given(other))
    assert (failed.state, failed.ending) == ("FAILED", "Refused")
    assert "src/VERSION: is missing" in failed.message
    assert (window.calls, window.uploads, window.images) == ({}, [], {})


@pytest.mark.parametrize(
    "wrong",
    [
        {"environment": "/etc/passwd"},
        {"environment": "../../../../../etc/passwd"},
        {"environment": "x" * 10_000},
        {"source": "/etc"},
        {"manifest": "/etc"},
    ],
)
def test_a_form_leads_to_no_file_outside_of_the_worktree(deployment_run, parameters, wrong):
    failed = deployment_run("release/release", **{**parameters, **wrong})
    assert (failed.state, failed.ending) == ("FAILED", "Refused")
    assert len(failed.message) < 500
    assert failed.tasks == {}
    assert "root:" not in failed.message + failed.logs
