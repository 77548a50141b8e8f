"""A plugin of one's own for each module, the platform's own records, and what servers wrote down meanwhile."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import docker
import pytest
import requests
import yaml

from flows.spaceone import Client, read_spacectl
from sandbox.lifecycle import Summary
from sandbox.spaceone.environment_files import PORTFOLIO
from tests import plugin_bases
from tests.prefect_servers import Prefect, postgresql
from tests.sandboxes import log
from tests.waiting import PATIENCE, wait_for

#: What the servers call a read; everything else counts as a write. (Written down here once more on purpose: the
#: client's own list is part of what is tested.)
READS = {"list", "get", "stat", "analyze", "get_versions", "check", "get_public_key", "verify_plugin"}
#: What `collect` itself makes the services ask each other.
INSIDE_COLLECT = {"Plugin.get_plugin_endpoint", "Secret.get_data"}
#: Lines of a log in which a request is found that was just made: the engine reads these alone.
LAST = 1000
#: What every copy's service account holds; it must never be shown.
SECRET = "hush-hush-hush"


class Project:
    """A copy of plugin/ and deployments/portfolio under names that nobody else uses, and its environment.

    Args:
        checkout: Where they are.
        folder: Where the copy is made.
        base: The file of the environment that its own adds to.
        dockerfile: Its Dockerfile; None for the plugin's own.

    Attributes:
        source, manifest, environment: What `pluginctl release` takes.
        tag: In every name, so that two copies share nothing.
    """

    def __init__(self, checkout: Path, folder: Path, base: Path, dockerfile: str | None = None) -> None:
        self.tag = uuid.uuid4().hex[:8]
        self.folder, self._base = folder, base
        self.source, self.manifest = folder / "plugin", folder / "manifest"
        caches = shutil.ignore_patterns(".*_cache", "__pycache__")
        shutil.copytree(checkout / "plugin", self.source, ignore=caches)
        shutil.copytree(checkout / "deployments/portfolio", self.manifest)
        (self.source / "src/VERSION").write_text("0.1.0\n")
        if dockerfile:
            (self.source / "Dockerfile").write_text(dockerfile)
        self.provider, self.schema = f"portfolio_{self.tag}", f"investment_{self.tag}"
        self.plugin_id, self.image = f"portfolio-{self.tag}", f"e2e/portfolio-{self.tag}"
        self.collector = f"Collector {self.tag}"
        self.replace("plugin/src/plugin/types/model.py", 'Final = "portfolio"', f'Final = "{self.provider}"')
        self.edit("create_schema", name=self.schema)
        self.edit("create_provider", provider=self.provider, capability={"supported_schema": [self.schema]})
        self.edit(
            "create_service_account",
            name=f"Account {self.tag}",
            provider=self.provider,
            project=f"Project {self.tag}",
            secret_schema_id=self.schema,
            secret_data={"investment_type": SECRET},
        )
        supported = {"supported_schema": [self.schema]}
        self.edit("register_plugin", provider=self.provider, image=self.image, capability=supported)
        self.edit(
            "create_collector",
            name=self.collector,
            provider=self.provider,
            plugin_info={"plugin_id": self.plugin_id},
        )
        self.environment = self.write_environment("environment")

    def write_environment(self, file: str, **fields: Any) -> Path:
        """An environment file that adds to the sandbox's, whose options of the portfolio plugin are the copy's, too."""
        path = self.folder / f"{file}.yaml"
        given = yaml.safe_load(self._base.read_text())["plugin_options"][PORTFOLIO]
        options = {self.plugin_id: {**given, **fields.pop("plugin_options", {})}}
        path.write_text(yaml.safe_dump({"extends": str(self._base), "plugin_options": options, **fields}))
        return path

    def edit(self, file: str, **fields: Any) -> None:
        """Sets fields of one of the manifest's files; None removes one."""
        path = self.manifest / f"{file}.yaml"
        data = {**yaml.safe_load(path.read_text()), **fields}
        path.write_text(yaml.safe_dump({k: v for k, v in data.items() if v is not None}, sort_keys=False))

    def replace(self, path: str, old: str, new: str) -> None:
        """Changes words in a file of the copy."""
        text = (self.folder / path).read_text()
        assert old in text
        (self.folder / path).write_text(text.replace(old, new))

    def arguments(self, environment: str | Path | None = None) -> list[str]:
        """`release …` for this copy."""
        where = str(environment or self.environment)
        return ["release", where, "--source", str(self.source), "--manifest", str(self.manifest)]


@pytest.fixture(scope="module")
def platform(request):
    """The sandbox that a module's tests run against: that of 2.x, unless the module says which.

    A module that runs on both says so with
    `pytest.mark.parametrize("platform", ["2.x", "1.12"], indirect=True, scope="module")`.
    """
    fixtures = {"2.x": "sandbox", "1.12": "sandbox_1_12"}
    return request.getfixturevalue(fixtures[getattr(request, "param", "2.x")])


@pytest.fixture(scope="module")
def dockerfile(platform, sandbox_home):
    """Of a module's copies: see `plugin_bases.portfolio`. None for the plugin's own, in a module about building."""
    return plugin_bases.portfolio(sandbox_home)


@pytest.fixture(scope="module")
def new_project(platform, checkout, dockerfile, tmp_path_factory):
    """Makes copies."""
    return lambda: Project(checkout, tmp_path_factory.mktemp("project"), platform.environment, dockerfile)


@pytest.fixture(scope="module")
def project(new_project):
    """The module's own copy."""
    return new_project()


def redirect(platform: Summary, project: Project, name: str, **services: str) -> Path:
    """Writes an environment in which services are at other addresses; its token is given for these."""
    chosen = {}
    for kind in ("sandbox", "sandbox-workspace"):
        file = platform.spacectl_environment.with_name(f"{kind}.yml")
        if file.exists():
            content = yaml.safe_load(file.read_text())
            content["endpoints"] |= {service: f"grpc://{address}" for service, address in services.items()}
            path = project.folder / f"{name}-{kind}.yml"
            path.write_text(yaml.safe_dump(content))
            chosen[kind] = str(path)
    workspace = {"workspace": {"spacectl": chosen["sandbox-workspace"]}} if len(chosen) > 1 else {}
    return project.write_environment(name, spacectl=chosen["sandbox"], **workspace)


@pytest.fixture
def redirected(platform, project):
    """Writes an environment in which services are at other addresses: see `redirect`."""
    return partial(redirect, platform, project)


def endpoint_of(platform: Summary, service: str) -> tuple[str, int]:
    """Host and port of a service of a sandbox."""
    endpoint = read_spacectl(platform.spacectl_environment).endpoints[service]
    host, _, port = endpoint.removeprefix("grpc://").rpartition(":")
    return host, int(port)


@pytest.fixture(scope="module")
def tokens(platform):
    """The sandbox's tokens, which must never be shown: one of the domain, and in 2.x one of the workspace."""
    found = [read_spacectl(path).token for path in platform.spacectl_environment.parent.glob("*.yml")]
    assert all(found)
    return found


@pytest.fixture(scope="module")
def run(pluginctl, tokens):
    """`pluginctl`, of which no run may show a secret or a trace."""

    def run(*arguments: str | Path, **more: Any) -> subprocess.CompletedProcess[str]:
        done = pluginctl(*arguments, **more)
        said = done.stdout + done.stderr
        assert "Traceback" not in said, said
        assert not [secret for secret in (*tokens, SECRET) if secret in said]
        return done

    return run


@pytest.fixture(scope="module")
def release(run):
    """Releases a copy; gives the report, having made sure of the exit code."""

    def release(
        project: Project, *more: str, environment: Path | None = None, code: int = 0
    ) -> dict[str, Any]:
        done = run(*project.arguments(environment), *more, "--output", "json")
        assert done.returncode == code, done.stdout + done.stderr
        assert done.stdout, done.stderr
        report: dict[str, Any] = json.loads(done.stdout)
        return report

    return release


@pytest.fixture(scope="module")
def client(platform) -> Iterator[Client]:
    """The domain's, to look at the platform past the pipeline."""
    credentials = read_spacectl(platform.spacectl_environment)
    with Client(credentials.endpoints, credentials.token) as client:
        yield client


@pytest.fixture(scope="module")
def workspace(platform, client) -> Client:
    """The same with the workspace's token; 1.12 has no workspaces, and one token for all."""
    path = platform.spacectl_environment.with_name("sandbox-workspace.yml")
    return client.with_token(read_spacectl(path).token) if path.exists() else client


@pytest.fixture(scope="module")
def engine(platform) -> Iterator[docker.DockerClient]:
    """The Docker engine itself, which the platform has started where none ran."""
    engine = docker.from_env()
    yield engine
    engine.close()


@dataclass
class Window:
    """What the servers wrote down between two moments.

    Attributes:
        calls: How often each `service.Resource.verb` that writes arrived.
        reads: How many that do not.
        uploads: The registry's requests other than GET and HEAD.
        images: What became of images on the Docker engine: `tag` ends every build, `push` every push.
    """

    calls: Counter[str] = field(default_factory=Counter)
    reads: int = 0
    uploads: list[str] = field(default_factory=list)
    images: Counter[str] = field(default_factory=Counter)


class Witness:
    """Reads the services' logs, the registry's access log and the engine's events.

    A marker call opens and closes a window in each log: what a server has logged before the second one is complete.
    """

    MARKERS = {
        "identity": "identity.Provider.list",
        "repository": "repository.Plugin.list",
        "inventory": "inventory.Collector.list",
        "secret": "secret.Secret.list",
    }

    def __init__(self, sandbox: Summary, client: Client, engine: docker.DockerClient) -> None:
        self._sandbox, self._client, self._engine = sandbox, client, engine

    @contextmanager
    def watching(self, image: str) -> Iterator[Window]:
        """Everything that happens inside; of the engine's images those called `image` (others work on it, too)."""
        window = Window()
        began, opened = self._mark(), time.time()
        yield window
        ended, closed = self._mark(), time.time()
        for service in self.MARKERS:
            for line in self._between(service, began, ended).splitlines():
                if request := re.search(r"(\S+) +(\w+\.\w+) \(\S+\) \(REQUEST\)", line):
                    self._take(window, service, line, request[2])
        access = re.findall(r'"([A-Z]+ \S+) HTTP/1\.1" \d+', self._between("registry", began, ended))
        window.uploads += [line for line in access if line.split()[0] not in {"GET", "HEAD"}]
        events = self._engine.events(
            since=f"{opened:.6f}", until=f"{closed:.6f}", filters={"type": "image"}, decode=True
        )
        for event in events:
            if image in event["Actor"]["Attributes"].get("name", ""):
                window.images[event["Action"]] += 1

    def _take(self, window: Window, service: str, line: str, method: str) -> None:
        if "SYSTEM_TOKEN" in line or method in INSIDE_COLLECT:
            return
        if method.split(".")[1] in READS:
            window.reads += 1
        else:
            window.calls[f"{service}.{method}"] += 1

    def _mark(self) -> str:
        marker = f"marker-{uuid.uuid4().hex}"
        for method in self.MARKERS.values():
            self._client.call(method, {"query": {"keyword": marker}})
        requests.get(f"{self._sandbox.registry}/v2/{marker}/tags/list", timeout=PATIENCE)
        for name in (*self.MARKERS, "registry"):
            wait_for(
                lambda log=name: marker in self._text(log, tail=LAST),
                f"a request in the log of {name}",
                pause=0.05,
            )
        return marker

    def _text(self, name: str, **options: Any) -> str:
        return log(self._engine, self._sandbox, name, **options)

    def _between(self, name: str, began: str, ended: str) -> str:
        return self._text(name).split(began)[-1].split(ended)[0]


@pytest.fixture(scope="module")
def witness(platform, client, engine):
    """See `Witness`."""
    return Witness(platform, client, engine)


@pytest.fixture(scope="session")
def own_prefect(tmp_path_factory, sandbox_home) -> Iterator[Prefect]:
    """A Prefect server on PostgreSQL, beside the sandbox's, without a worker: tests may kill what they start there."""
    variables = {"PLUGINCTL_SANDBOX_HOME": str(sandbox_home)}
    with (
        postgresql() as database,
        Prefect(tmp_path_factory.mktemp("prefect"), database, variables) as prefect,
    ):
        yield prefect
