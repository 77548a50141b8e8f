"""A platform in memory, of either generation, for the plan's own logic; tests/e2e runs the same against real ones."""

from __future__ import annotations

from functools import partial

import pytest

from flows.images.placement import Placement
from flows.manifest import Manifest
from flows.resources import Scope, Target, declared_resources
from flows.spaceone import Generation, UnknownField

IMAGE = "quasarhub/plugin-portfolio-inven-collector"
#: In a registry of another type than the manifest's.
PLACEMENT = Placement(IMAGE, IMAGE, "HARBOR", notes=("registry_type is the environment's: HARBOR.",))
TARGET = Target("0.1.0", {"base_url": "http://127.0.0.1:1"}, PLACEMENT)
IDS = {
    "repository.Repository": "repository_id",
    "repository.Plugin": "plugin_id",
    "identity.Provider": "provider",
    "identity.Project": "project_id",
    "identity.ServiceAccount": "service_account_id",
    "inventory.Collector": "collector_id",
}


class Platform:
    """Lists, creates and updates records by `service.Resource`, and remembers what was written."""

    ids = {**IDS, "identity.Schema": "schema_id"}

    def __init__(self):
        self.records = {name: [] for name in self.ids}
        self.records["repository.Repository"] = [{"repository_id": "repo-local", "repository_type": "LOCAL"}]
        self.writes, self.lists = [], []
        self.refuses = {}
        self.lacks = set()
        self.silent = None

    def list(self, method, params):
        self.lists.append((method, params))
        if self.silent:
            raise self.silent
        wanted = {key: value for key, value in params.items() if key != "query"}
        records = self.records[method.rsplit(".", 1)[0]]
        found = [record for record in records if all(record.get(key) == wanted[key] for key in wanted)]
        return [self.shown(record) for record in found]

    def shown(self, record):
        return dict(record)

    def check(self, method, params):
        for name in params:
            if (method, name) in self.lacks:
                raise UnknownField(f"{method} has no field {name!r} on this server.", name)

    def call(self, method, params, timeout=None):
        name, verb = method.rsplit(".", 1)
        self.writes.append((method, dict(params)))
        if method in self.refuses:
            raise self.refuses[method]
        identity = self.ids[name]
        if verb in {"create", "register"}:
            record = self.stored(name, {identity: f"{identity}-1", **params})
            self.records[name].append(record)
            return record
        record = next(r for r in self.records[name] if r[identity] == params[identity])
        if verb == "update_plugin":
            record["plugin_info"] = {**record["plugin_info"], **params}
        elif verb == "update_secret_data":
            record["secret_id"] = "secret-2"
        else:
            record.update(params)
        return record

    def stored(self, name, record):
        return {**record, "secret_id": "secret-1"} if "secret_data" in record else record


class Platform112(Platform):
    """As 1.12: its repository is registered, projects lie in groups, secrets stand by themselves."""

    ids = {
        **IDS,
        "repository.Schema": "name",
        "identity.ProjectGroup": "project_group_id",
        "secret.Secret": "secret_id",
    }

    def __init__(self):
        super().__init__()
        self.records["repository.Repository"] = []

    def stored(self, name, record):
        if name == "repository.Plugin":
            record = {**record, "plugin_id": record["image"].rsplit("/", 1)[-1]}
        if name in {"repository.Plugin", "repository.Schema"}:
            record = {**record, "repository_id": "repository_id-1"}
        return record

    def shown(self, record):
        """What a record refers to is an info, and the data of a secret is not shown."""
        shown = {
            key: value for key, value in record.items() if not (key == "data" and "secret_type" in record)
        }
        if "project_group_id" in record and "project_id" in record:
            shown["project_group_info"] = {"project_group_id": shown.pop("project_group_id")}
        elif "project_id" in record:
            shown["project_info"] = {"project_id": shown.pop("project_id")}
        return shown


@pytest.fixture(params=list(Generation), ids=str)
def generation(request):
    """Each generation in turn."""
    return request.param


@pytest.fixture
def platform(generation):
    return Platform112() if generation is Generation.V1_12 else Platform()


@pytest.fixture
def clients(platform):
    return {Scope.DOMAIN: platform, Scope.WORKSPACE: platform}


@pytest.fixture(scope="session")
def manifest(checkout):
    return Manifest.load(checkout / "deployments/portfolio")


@pytest.fixture(scope="session")
def native(checkout):
    """A manifest in the words of 2.x."""
    return Manifest.load(checkout / "tests/fixtures/native-2x")


@pytest.fixture
def declare(generation):
    """`declared_resources` of the generation at hand."""
    return partial(declared_resources, generation)


@pytest.fixture
def resources(declare, manifest):
    return declare(manifest, TARGET)


@pytest.fixture(autouse=True)
def no_pause(monkeypatch):
    """A plan that finds several of one resource looks again at once."""
    monkeypatch.setattr("flows.resources.plan._PAUSE_SECONDS", 0.0)
