"""A platform in memory, for the plan's own logic; tests/integration runs the same against the real one."""

from __future__ import annotations

import pytest

from flows.manifest import Manifest
from flows.resources import Scope, Target, declared_resources
from flows.spaceone import Generation, UnknownField


class Platform:
    """Lists, creates and updates records by `service.Resource`, and remembers what was written."""

    ids = {
        "identity.Schema": "schema_id",
        "identity.Provider": "provider",
        "identity.Project": "project_id",
        "identity.ServiceAccount": "service_account_id",
        "repository.Plugin": "plugin_id",
        "inventory.Collector": "collector_id",
        "repository.Repository": "repository_id",
    }

    def __init__(self):
        self.records = {name: [] for name in self.ids}
        self.records["repository.Repository"] = [{"repository_id": "repo-local", "repository_type": "LOCAL"}]
        self.writes = []
        self.refuses = {}
        self.lacks = set()

    def list(self, method, params):
        wanted = {key: value for key, value in params.items() if key != "query"}
        records = self.records[method.rsplit(".", 1)[0]]
        return [dict(r) for r in records if all(r.get(key) == value for key, value in wanted.items())]

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
            record = {identity: f"{identity}-1", **params}
            if "secret_data" in record:
                record["secret_id"] = "secret-1"
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


@pytest.fixture
def platform():
    return Platform()


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
def resources(manifest):
    target = Target("0.1.0", "HARBOR", {"base_url": "http://127.0.0.1:1"})
    return declared_resources(Generation.V2, manifest, target)
