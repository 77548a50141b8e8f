"""Two first releases of one plugin at once, by two processes that know nothing of each other."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import yaml

from flows.manifest import Manifest
from flows.resources import Execution, Resource, Scope, Target, Verb, declared_resources, plan_resources
from flows.resources.plan import resolved
from flows.spaceone import Client, Generation
from tests.e2e.conftest import Project
from tests.waiting import PATIENCE

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.parametrize("platform", ["2.x", "1.12"], indirect=True, scope="module"),
]

ROUNDS = 1
"""Raise it to try a change: the image is built once, and what a round has made is removed before the next."""


class Holdings:
    """What a platform has of a project."""

    def __init__(self, project: Project, client: Client, workspace: Client) -> None:
        self.project, self.client = project, client
        self.generation = "2.x" if workspace is not client else "1.12"
        provider, name = {"provider": project.provider}, f"Project {project.tag}"
        newer = self.generation == "2.x"
        schema = ("identity.Schema", "schema_id", client, {"schema_id": project.schema})
        if not newer:
            (local,) = client.list("repository.Repository.list", {"repository_type": "local"})
            of_local = {"repository_id": local["repository_id"], "name": project.schema}
            schema = ("repository.Schema", "name", client, of_local)
        #: In the order in which they can be removed: kind, API, field of the id, who asks, and what finds it.
        self.kinds: list[tuple[str, str, str, Client, dict[str, Any]]] = [
            ("collector", "inventory.Collector", "collector_id", client, {"name": project.collector}),
            ("service account", "identity.ServiceAccount", "service_account_id", workspace, provider),
            ("project", "identity.Project", "project_id", workspace, {"name": name}),
            ("plugin", "repository.Plugin", "plugin_id", client, {"plugin_id": project.plugin_id}),
            ("provider", "identity.Provider", "provider", client, provider),
            ("schema", *schema),
        ]
        if newer:
            form = {"provider": project.provider, "schema_type": "SERVICE_ACCOUNT"}
            self.kinds.append(("form", "identity.Schema", "schema_id", client, form))
        else:
            group = ("project group", "identity.ProjectGroup", "project_group_id", client, {"name": name})
            self.kinds.insert(3, group)

    def read(self) -> dict[str, list[str]]:
        """The ids by kind."""
        found = {
            kind: [str(record[field]) for record in client.list(f"{api}.list", query)]
            for kind, api, field, client, query in self.kinds
        }
        secrets = [
            self.client.list("secret.Secret.list", {"service_account_id": account})
            for account in found["service account"]
        ]
        found["secret"] = [str(secret["secret_id"]) for listed in secrets for secret in listed]
        return found

    def remove(self, *kept: str) -> None:
        """Removes all of it but some kinds. 1.12 can remove no provider: its own code fails."""
        kept = kept if self.generation == "2.x" else (*kept, "provider")
        found = self.read()
        for kind, api, field, client, _ in self.kinds:
            for identity in () if kind in kept else found[kind]:
                verb = "deregister" if kind == "plugin" else "delete"
                client.call(f"{api}.{verb}", {field: identity})


class Meeting:
    """A client that waits after its first look until the other one has looked, too."""

    def __init__(self, client: Client, barrier: threading.Barrier) -> None:
        self._client, self._barrier, self._looked = client, barrier, False
        self.call, self.check = client.call, client.check

    def list(self, method: str, params: dict[str, Any] | None = None) -> list[dict[str, Any]]:
        found = self._client.list(method, params)
        if not self._looked:
            self._looked = True
            self._barrier.wait(PATIENCE)
        return found


@pytest.fixture(scope="module")
def holdings(project, client, workspace, release):
    """What the platform has of the project, whose image is in the registry."""
    # A canceled task's secret data is in the log of 2.x's inventory worker, in which other tests look for theirs.
    project.edit("create_service_account", secret_data={"investment_type": "at-once"})
    release(project, "--publish-only")
    return Holdings(project, client, workspace)


@pytest.mark.parametrize("number", range(ROUNDS))
def test_two_first_releases_at_once_leave_one_of_each(number, holdings, project, release, witness):
    holdings.remove()
    with ThreadPoolExecutor() as pool:
        begun = [pool.submit(release, project) for _ in range(2)]
        reports = [each.result() for each in begun]
    ids = holdings.read()
    assert {kind: len(found) for kind, found in ids.items()} == dict.fromkeys(ids, 1)
    assert [report["collector_id"] for report in reports] == ids["collector"] * 2
    assert [report["job"]["failures"] for report in reports] == [[], []]

    with witness.watching(project.image) as window:
        third = release(project)
    assert {action["action"] for action in third["actions"]} == {"keep"}
    assert third["meanwhile"] == []
    del window.calls["identity.Authorization.verify"]  # how the services of 1.12 check a token
    assert window.calls == {"inventory.Collector.collect": 1}
    assert (window.uploads, window.images) == ([], {})


@pytest.mark.parametrize("number", range(ROUNDS))
def test_two_that_have_both_seen_nothing_leave_one_of_each(number, holdings, project, client, workspace):
    """The same without luck: every create of one meets that of the other."""
    holdings.remove("plugin")
    clients = {Scope.DOMAIN: client, Scope.WORKSPACE: workspace}
    generation = Generation.V2 if holdings.generation == "2.x" else Generation.V1_12
    options = yaml.safe_load(project.environment.read_text())["plugin_options"][project.plugin_id]
    declared = declared_resources(generation, Manifest.load(project.manifest), Target("0.1.0", options))
    ids, removed = {}, []
    for resource in declared:
        (action,) = plan_resources(clients, [bound(resource, ids)])
        if action.verb is not Verb.CREATE:
            ids[resource.key] = action.id
            continue
        barrier = threading.Barrier(2)
        both = [
            Execution(
                {resource.scope: Meeting(clients[resource.scope], barrier)}, action, dict(ids), lambda: None
            )
            for _ in range(2)
        ]
        with ThreadPoolExecutor(2) as pool:
            one, other = (each.result(PATIENCE) for each in [pool.submit(execution) for execution in both])
        assert one == other, resource.kind
        ids[resource.key] = one
        removed += [resource.kind for each in both for remark in each.remarks if remark.startswith("removed")]
    found = holdings.read()
    assert {kind: len(of) for kind, of in found.items()} == dict.fromkeys(found, 1)
    # The platform itself keeps the others unique.
    assert removed == (
        ["project", "collector"] if generation is Generation.V2 else ["project group", "project", "collector"]
    )


def bound(resource: Resource, ids: Mapping[tuple[str, str], str]) -> Resource:
    """A resource whose references are known."""
    return dataclasses.replace(
        resource, query=resolved(resource.query, ids), declared=resolved(resource.declared, ids)
    )
