"""An environment in memory: a platform that holds records, a registry and an engine; all calls are remembered."""

from __future__ import annotations

from contextlib import contextmanager, nullcontext
from types import SimpleNamespace

import pytest

from flows.images import ImageState, ImageStatus
from flows.manifest import Environment, Settings
from flows.resources import Scope
from flows.spaceone import Generation
from flows.steps import collection, release
from flows.steps.runner import PlainRunner

IDS = {
    "identity.Schema": "schema_id",
    "identity.Provider": "provider",
    "identity.Project": "project_id",
    "identity.ServiceAccount": "service_account_id",
    "repository.Plugin": "plugin_id",
    "inventory.Collector": "collector_id",
}
READS = {"list", "get", "analyze"}


class Platform:
    """Answers as the services do.

    Attributes:
        records: By `service.Resource`.
        calls: Every call, in order.
        refuses: Errors by method.
    """

    def __init__(self):
        self.records = {name: [] for name in IDS}
        self.records["repository.Repository"] = [{"repository_id": "repo-local", "repository_type": "LOCAL"}]
        self.records["inventory.Job"] = []
        self.calls = []
        self.refuses = {}
        self.job = {"job_id": "job-1", "status": "SUCCESS", "total_tasks": 1, "success_tasks": 1}
        self.task = {"job_task_id": "task-1", "status": "SUCCESS", "created_count": 2}

    @property
    def writes(self):
        return [method for method in self.calls if method.rsplit(".", 1)[-1] not in READS]

    def check(self, method, params):
        """Takes everything."""

    def list(self, method, params):
        return self.call(method, params).get("results", [])

    def call(self, method, params, timeout=None):
        self.calls.append(method)
        if method in self.refuses:
            raise self.refuses[method]
        name, verb = method.rsplit(".", 1)
        special = {
            "inventory.Collector.collect": {"job_id": "job-1", "status": "IN_PROGRESS", "total_tasks": 1},
            "inventory.Job.get": self.job,
            "inventory.JobTask.list": {"results": [self.task]},
            "inventory.CloudService.list": {
                "total_count": 2,
                "results": [{"name": "Bitcoin"}, {"name": "X"}],
            },
            "inventory.CloudService.analyze": {
                "results": [
                    {"provider": "p", "cloud_service_group": "g", "cloud_service_type": "t", "count": 2.0}
                ]
            },
            "inventory.CloudServiceType.list": {"total_count": 1},
            "inventory.Region.list": {"total_count": 1},
        }
        if method in special:
            return special[method]
        if verb == "list":
            wanted = {key: value for key, value in params.items() if key != "query"}
            found = [r for r in self.records[name] if all(r.get(k) == v for k, v in wanted.items())]
            return {"results": found}
        if verb in {"create", "register"}:
            record = {IDS[name]: f"{name}-1", **params}
            record |= {"secret_id": "secret-1"} if "secret_data" in params else {}
            self.records[name].append(record)
            return record
        (record,) = self.records[name]
        if verb == "update_plugin":
            record["plugin_info"] = {**record["plugin_info"], **params}
        else:
            record.update(params)
        return record


class Engine:
    """Remembers what it was asked for."""

    def __init__(self, calls):
        self.calls = calls
        self.refuses = {}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return None

    def build(self, source, reference, *, build_args, on_output):
        return self._do("build", on_output)

    def push(self, reference, registry, *, on_output):
        return self._do("push", on_output)

    def _do(self, what, on_output):
        self.calls.append(what)
        on_output(f"a line of the {what}")
        if what in self.refuses:
            raise self.refuses[what]
        return "sha256:pushed"


class Recorder(PlainRunner):
    """A runner that remembers; it never waits."""

    def __init__(self):
        self.steps, self.plans, self.lines, self.jobs, self.reports = [], [], [], [], []

    def run(self, step):
        self.steps.append(step)
        return step.function()

    def planned(self, plan):
        self.plans.append(plan)

    def output(self, line):
        self.lines.append(line)

    def collecting(self, job):
        self.jobs.append(job)

    def finished(self, report):
        self.reports.append(report)


@pytest.fixture
def recorder():
    return Recorder()


@pytest.fixture
def platform():
    return Platform()


@pytest.fixture
def engine(platform):
    return Engine(platform.calls)


@pytest.fixture
def world(monkeypatch, platform, engine):
    """The environment; `world.status` is what its registry holds of the image."""
    world = SimpleNamespace(
        status=ImageStatus.ABSENT,
        environment=Environment(
            name="test",
            folder="/",
            settings=Settings(registry={"type": "HARBOR"}, plugin_options={"base_url": "http://coins"}),
        ),
    )

    @contextmanager
    def open_session(environment):
        clients = {Scope.DOMAIN: platform, Scope.WORKSPACE: platform}
        registry = SimpleNamespace(address="127.0.0.1:5000")
        yield SimpleNamespace(
            environment=environment,
            clients=clients,
            client=platform,
            generation=Generation.V2,
            registry=lambda: nullcontext(registry),
        )

    def compare(source, registry, reference):
        digest = None if world.status is ImageStatus.ABSENT else "sha256:held"
        message = f"bump {source.version_file}"
        return ImageState(world.status, reference, digest, "sha256:source", message)

    monkeypatch.setattr(release, "open_session", open_session)
    monkeypatch.setattr(collection, "open_session", open_session)
    monkeypatch.setattr(release, "compare", compare)
    monkeypatch.setattr(release, "Engine", SimpleNamespace(connect=lambda: engine))
    return world
