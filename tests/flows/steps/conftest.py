"""An environment in memory: a platform that holds records, a registry and an engine; all calls are remembered."""

from __future__ import annotations

import dataclasses
import io
import tarfile
from contextlib import contextmanager, nullcontext
from types import SimpleNamespace

import pytest

from flows.images import ImageReference
from flows.images.engine import LocalImage, Trial
from flows.images.registry import Login, RemoteImage
from flows.images.registry.artifacts import Descriptor
from flows.images.state import ImageState, ImageStatus
from flows.manifest import Environment, Settings
from flows.resources import Scope
from flows.spaceone import Generation
from flows.steps import (
    collection,
    delivery,
    drift,
    images,
    planning,
    release,
    releases,
    rollback,
    verification,
)
from flows.steps.runner import PlainRunner

IDS = {
    "identity.Schema": "schema_id",
    "identity.Provider": "provider",
    "identity.Project": "project_id",
    "identity.ServiceAccount": "service_account_id",
    "repository.Plugin": "plugin_id",
    "inventory.Collector": "collector_id",
}
READS = {"list", "get", "get_version", "analyze", "inspect", "check", "files"}
#: What the engine says of any image, and how each serves.
IMAGE = LocalImage(
    ImageReference(None, "x", "1"), f"sha256:{'ab' * 32}", None, 155_000_000, "1", ("50051/tcp",), {}
)
#: The digest under which the registry holds it.
PUSHED = f"sha256:{'cd' * 32}"
TRIAL = Trial(("grpc.health.v1.Health", "spaceone.api.inventory.plugin.Collector"), 1.25)


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

    def catalogue(self, service):
        names = [
            f"spaceone.api.{name.replace('.', '.v1.')}" for name in self.records if name.startswith(service)
        ]
        return SimpleNamespace(names=names, endpoint=f"grpc://{service}:50051")

    def list(self, method, params):
        return self.call(method, params).get("results", [])

    def count(self, method, params):
        return len(self.list(method, params))

    def call(self, method, params=None, timeout=None):
        self.calls.append(method)
        if method in self.refuses:
            raise self.refuses[method]
        name, verb = method.rsplit(".", 1)
        if verb == "get_version":
            return {"version": "2.0"}
        special = {
            "inventory.Collector.collect": {"job_id": "job-1", "status": "IN_PROGRESS", "total_tasks": 1},
            "inventory.Job.get": self.job,
            "inventory.JobTask.list": {"results": [self.task]},
            "inventory.CloudService.list": {
                "total_count": 2,
                "results": [
                    {"name": "Bitcoin", "cloud_service_id": "1"},
                    {"name": "X", "cloud_service_id": "2"},
                ],
            },
            "inventory.CloudService.get": {"name": "Bitcoin", "tags": {"p": {"symbol": "BTC"}}},
            "inventory.CloudService.analyze": {
                "results": [
                    {"provider": "p", "cloud_service_group": "g", "cloud_service_type": "t", "count": 2.0}
                ]
            },
            "inventory.CloudServiceType.list": {"total_count": 1},
            "inventory.Region.list": {"total_count": 1},
        }
        if method == "inventory.Collector.collect":
            self.records["inventory.Collector"][0]["last_collected_at"] = "2026-01-01T00:00:00.000Z"
        if method in special:
            return special[method]
        if verb == "list":
            wanted = {key: value for key, value in params.items() if key != "query"}
            found = [r for r in self.records.get(name, []) if all(r.get(k) == v for k, v in wanted.items())]
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
        self.image = IMAGE
        self.archive = files(
            {"var/lib/dpkg/status": b"Package: bash\nVersion: 5.2\nStatus: install ok installed\n"}
        )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return None

    def close(self):
        """Nothing is connected."""

    def inspect(self, reference):
        self.calls.append("inspect")
        names = (f"{reference.name}@{PUSHED}",) if "push" in self.calls else ()
        return dataclasses.replace(self.image, reference=reference, names=names)

    find = inspect

    def digest(self, name, *, made_here=True):
        return f"sha256:{'ba' * 32}"

    @contextmanager
    def files(self, image):
        self.calls.append("files")
        yield iter([self.archive])

    def build(self, source, reference, *, build_args, plugin_type, on_output, platform=None):
        self.plugin_type = plugin_type
        self._do(f"build {platform}" if platform else "build", on_output)
        return self.image.id

    def platform(self):
        return "linux/amd64"

    def builds_with_buildkit(self, source):
        return False

    def check_platforms(self, source, platforms):
        if "check" in self.refuses:
            raise self.refuses["check"]

    def push_index(self, reference, registry, images, *, on_output):
        self._do("push", on_output)
        registry.world.remote = RemoteImage(
            PUSHED,
            {},
            platforms={platform: image.id for platform, image in images.items()},
            manifests={platform: f"sha256:{index:064}" for index, platform in enumerate(images)},
        )
        return SimpleNamespace(digest=PUSHED)

    def push(self, reference, registry, *, on_output):
        return self._do("push", on_output)

    def try_out(self):
        self._do("trial", str)
        return TRIAL

    def _do(self, what, on_output):
        self.calls.append(what)
        on_output(f"a line of the {what}")
        if what in self.refuses:
            raise self.refuses[what]
        return PUSHED


def files(contents):
    """A tar archive of these files."""
    output = io.BytesIO()
    with tarfile.open(fileobj=output, mode="w") as archive:
        for path, content in contents.items():
            info = tarfile.TarInfo(path)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return output.getvalue()


class Artifacts:
    """A repository of documents: what is stored, by tag."""

    def __init__(self, registry, repository):
        self.registry, self.repository = registry, repository
        self.held = registry.documents.setdefault(repository, {})

    def describe(self, tag):
        self.registry.refuse("describe")
        if tag.startswith("sha256:") or tag in self.held:
            return Descriptor("application/vnd.docker.distribution.manifest.v2+json", tag, 1)
        return None

    def tags(self):
        self.registry.refuse("tags")
        return self.registry.tags

    def read(self, tag):
        return self.held.get(tag)

    def store(self, tag, content, subject, annotations):
        self.registry.calls.append("store")
        self.registry.refuse("store")
        self.held[tag] = content
        return True


class Registry:
    """Lets everybody push, or raises what it is told to."""

    def __init__(self, calls, world):
        self.address = world.address
        self.calls, self.login = calls, world.login
        self.world = world
        self.documents, self.tags, self.refuses = world.documents, world.tags, world.refuses

    def image(self, repository, tag):
        return self.world.remote

    def refuse(self, method):
        if method in self.refuses:
            raise self.refuses[method]

    def artifacts(self, repository):
        return Artifacts(self, repository)

    def __str__(self):
        return self.address

    def manifest_digest(self, repository, tag):
        if isinstance(self.world.digest, Exception):
            raise self.world.digest
        return self.world.digest

    def check_push(self, reference):
        self.calls.append("check")
        if isinstance(self.login, Exception):
            raise self.login
        return self.login


class Recorder(PlainRunner):
    """A runner that remembers; it never waits."""

    def __init__(self):
        self.steps, self.plans, self.lines, self.jobs, self.reports = [], [], [], [], []
        self.outcomes = {}

    def run(self, step):
        self.steps.append(step)
        result = step.function()
        self.outcomes[step.name] = step.summary(result)
        return result

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
    """The environment.

    `world.status` is what its registry holds of the image, `world.pushed` after a push, and `world.digest` its digest;
    `world.address` the registry's host;
    `world.login` how it lets one in; `world.documents` what it holds by repository and tag, `world.tags` the tags of
    every repository, `world.remote` the image that it gives, `world.plugin_type` what it was
    tried as, and `world.refuses` errors by method.
    """
    world = SimpleNamespace(
        status=ImageStatus.ABSENT,
        plugin_type="inventory.Collector",
        pushed=ImageStatus.SAME,
        digest=PUSHED,
        login=Login("ann", token=False),
        documents={},
        address="127.0.0.1:5000",
        generation=Generation.V2,
        tags=["0.1.0"],
        refuses={},
        remote=None,
        environment=Environment(
            name="test",
            folder="/",
            settings=Settings(
                registry={"type": "HARBOR"},
                plugin_options={"plugin-portfolio-inven-collector": {"base_url": "http://coins"}},
            ),
        ),
    )

    @contextmanager
    def open_session(environment, runner):
        clients = {Scope.DOMAIN: platform, Scope.WORKSPACE: platform}
        registry = Registry(platform.calls, world)
        yield SimpleNamespace(
            environment=environment,
            clients=clients,
            client=platform,
            generation=world.generation,
            registry=lambda: nullcontext(registry),
        )

    def compare(source, registry, reference):
        status = world.pushed if "push" in platform.calls else world.status
        digest = None if status is ImageStatus.ABSENT else world.digest
        message = f"bump {source.version_file}"
        made_from = source.digest if status is ImageStatus.SAME else "sha256:source"
        return ImageState(status, reference, digest, made_from, message, plugin_type=world.plugin_type)

    monkeypatch.setattr(release, "open_session", open_session)
    monkeypatch.setattr(collection, "open_session", open_session)
    monkeypatch.setattr(verification, "open_session", open_session)
    monkeypatch.setattr(drift, "open_session", open_session)
    monkeypatch.setattr(releases, "open_session", open_session)
    monkeypatch.setattr(rollback, "open_session", open_session)
    monkeypatch.setattr(planning, "compare", compare)
    monkeypatch.setattr(images, "compare", compare)
    monkeypatch.setattr("flows.images.engine.client.Engine.connect", lambda: engine)
    monkeypatch.setattr(delivery, "_try", lambda engine, *_: engine.try_out())
    return world
