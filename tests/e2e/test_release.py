"""One command takes a plugin from its source to collected resources, and a second one changes nothing."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
import requests

from sandbox.engine import containers
from tests.sandboxes import layout_of, spacectl
from tests.waiting import PATIENCE

pytestmark = pytest.mark.e2e

PROMISED = {
    "environment",
    "generation",
    "plugin_id",
    "version",
    "image",
    "digest",
    "actions",
    "job",
    "resources",
}
PROMISED |= {"duration_s"}
KINDS = [
    "image",
    "repository",
    "schema",
    "schema",
    "provider",
    "project",
    "service account",
    "plugin",
    "collector",
]


@pytest.fixture(scope="module")
def dockerfile():
    """The plugin's own, as the walkthrough, the demo and the wheel have it, too."""


@pytest.fixture(scope="module")
def first(project, run, witness):
    """The first release of this module's plugin: what the command said, and what the servers saw."""
    began = datetime.now(UTC)
    with witness.watching(project.image) as window:
        done = run(*project.arguments(), "--output", "json")
    assert done.returncode == 0, done.stdout + done.stderr
    return SimpleNamespace(report=json.loads(done.stdout), window=window, said=done.stderr, began=began)


@pytest.fixture(scope="module")
def collector(first, project, client):
    """As the platform holds it."""
    found = client.list("inventory.Collector.list", {"name": project.collector})
    assert len(found) == 1
    return found[0]


def coins(client, project):
    """What the inventory holds of the copy's provider, by name."""
    query = {"filter": [{"k": "provider", "v": project.provider, "o": "eq"}]}
    found = client.list("inventory.CloudService.list", {"query": query})
    return {record["name"]: record for record in found}


def test_a_first_release_prints_one_json_object_with_all_that_is_promised(first, project, sandbox):
    report = first.report
    assert set(report) >= PROMISED
    assert report["environment"] == "environment"
    assert (report["generation"], report["plugin_id"], report["version"]) == (
        "2.x",
        project.plugin_id,
        "0.1.0",
    )
    registry = sandbox.registry.removeprefix("http://")
    assert report["image"] == f"{registry}/{project.image}:0.1.0"
    assert report["digest"].startswith("sha256:")
    assert [action["kind"] for action in report["actions"]] == KINDS
    assert [action["action"] for action in report["actions"]] == ["create", "keep"] + ["create"] * 7
    for action in report["actions"]:
        assert {"kind", "name", "action", "fields"} <= set(action)
    assert set(report["job"]) >= {"job_id", "status", "tasks", "failures"}
    assert (report["job"]["status"], report["job"]["tasks"], report["job"]["failures"]) == ("SUCCESS", 1, [])
    assert report["resources"] == {
        "inventory.CloudService": 5,
        "inventory.CloudServiceType": 1,
        "inventory.Region": 1,
    }
    assert report["source"]["setup"]["version"] == "0.1.0"
    assert report["built"]["size"] > 10**7
    assert set(report["trial"]["services"]) == {
        "spaceone.api.inventory.plugin.Collector",
        "spaceone.api.inventory.plugin.Job",
        "grpc.health.v1.Health",
        "spaceone.api.core.v1.ServerInfo",
    }
    assert report["duration_s"] > 0


def test_progress_and_plan_go_to_standard_error_alone(first):
    assert "✓ plan: 8 to create, 1 to keep" in first.said
    for step in (
        "read source: version 0.1.0, ",
        "log in to registry",
        "build image",
        "inspect image",
        "trial run: serves ",
        "push image",
        "register plugin",
        "create collector",
        "follow the job",
    ):
        assert f"✓ {step}" in first.said


def test_the_inventory_holds_cryptocurrencies_with_price_rank_and_change(first, project, client):
    found = coins(client, project)
    assert len(found) >= 5
    assert "Bitcoin" in found
    ranks = set()
    for record in found.values():
        data = record["data"]
        assert data["price"] > 0
        assert isinstance(data["change_percent_24h"], float)
        ranks.add(data["rank"])
        assert (record["cloud_service_group"], record["cloud_service_type"]) == (
            "Investment",
            "Cryptocurrency",
        )
    assert ranks >= {1, 2, 3, 4, 5}


def test_the_registry_holds_the_image_with_its_digest_and_labels(first, project, sandbox):
    repository = f"{sandbox.registry}/v2/{project.image}"
    accept = {"Accept": "application/vnd.docker.distribution.manifest.v2+json"}
    manifest = requests.get(f"{repository}/manifests/0.1.0", headers=accept, timeout=PATIENCE)
    assert f"sha256:{hashlib.sha256(manifest.content).hexdigest()}" == first.report["digest"]
    config = requests.get(
        f"{repository}/blobs/{manifest.json()['config']['digest']}", timeout=PATIENCE
    ).json()
    labels = config["config"]["Labels"]
    assert labels["org.opencontainers.image.version"] == "0.1.0"
    assert labels["org.opencontainers.image.title"] == project.plugin_id
    assert labels["org.opencontainers.image.created"].endswith("Z")
    assert labels["io.spaceone.pipeline.source-digest"].startswith("sha256-files:")
    assert requests.get(f"{repository}/tags/list", timeout=PATIENCE).json()["tags"] == ["0.1.0"]


def test_the_collector_runs_this_version_by_hand_and_not_by_itself(first, collector, project):
    info = collector["plugin_info"]
    assert (info["plugin_id"], info["version"], info["upgrade_mode"]) == (
        project.plugin_id,
        "0.1.0",
        "MANUAL",
    )
    assert collector["provider"] == project.provider


def test_the_plugin_runs_as_a_container_of_the_supervisor(first, engine, project):
    running = engine.containers.list(
        filters={"label": f"spaceone.supervisor.plugin_id={project.plugin_id}"}, ignore_removed=True
    )
    assert [c.labels["spaceone.supervisor.plugin.version"] for c in running] == ["0.1.0"]


def test_the_servers_saw_each_write_of_the_first_release_once(first):
    assert first.window.calls == {
        "identity.Schema.create": 2,
        "identity.Provider.create": 1,
        "identity.Project.create": 1,
        "identity.ServiceAccount.create": 1,
        "secret.Secret.create": 1,  # identity's own, for the service account
        "repository.Plugin.register": 1,
        "repository.Plugin.update": 1,  # which image was released
        "inventory.Collector.create": 1,
        "inventory.Collector.collect": 1,
    }
    assert [line for line in first.window.uploads if line.startswith("PUT") and "/manifests/0.1.0" in line]
    assert first.window.images["tag"] >= 1
    assert first.window.images["push"] == 1


def test_a_second_release_keeps_everything_and_writes_nothing_but_collect(
    first, project, release, witness, client
):
    with witness.watching(project.image) as window:
        report = release(project)
    assert [action["kind"] for action in report["actions"]] == KINDS
    assert {action["action"] for action in report["actions"]} == {"keep"}
    assert all(action["fields"] == [] for action in report["actions"])
    assert window.calls == {"inventory.Collector.collect": 1}
    assert window.reads > 8
    assert window.uploads == []
    assert window.images == {}
    assert report["digest"] == first.report["digest"]
    assert report["job"]["job_id"] != first.report["job"]["job_id"]
    assert len(coins(client, project)) == 5


def test_the_text_of_a_release_shows_what_was_registered_and_collected(first, project, run):
    done = run(*project.arguments())
    assert done.returncode == 0, done.stderr
    for words in (
        project.provider,
        project.plugin_id,
        project.collector,
        "Bitcoin",
        "Ethereum",
        "Rank",
        "Price",
    ):
        assert words in done.stdout
    assert "24h" in done.stdout.lower().replace(" ", "")
    assert f"release of {project.plugin_id} 0.1.0 succeeded" in done.stdout


def test_recollect_collects_again_with_the_released_version(first, project, run, witness):
    with witness.watching(project.image) as window:
        done = run(
            "recollect", str(project.environment), "--manifest", str(project.manifest), "--output", "json"
        )
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert (report["version"], report["job"]["status"], report["job"]["tasks"]) == ("0.1.0", "SUCCESS", 1)
    assert window.calls == {"inventory.Collector.collect": 1}


def test_spacectl_of_pypi_lists_what_was_released(first, project, sandbox):
    for words, expected in (
        (("repository.Plugin",), project.plugin_id),
        (("inventory.Collector",), project.collector),
        (("identity.Provider",), project.provider),
        (("identity.Schema",), project.schema),
    ):
        done = spacectl(sandbox, "list", *words)
        assert done.returncode == 0, done.stdout + done.stderr
        assert expected in done.stdout


def test_no_log_of_the_platform_or_of_the_plugin_holds_a_secret(first, project, sandbox, engine, tokens):
    found = containers.members(engine, layout_of(sandbox).identifier)
    # A job that was cancelled, as in tests before, is logged by inventory's worker with all that it was given.
    logs = {each.name: each.logs(since=first.began) for each in found}
    assert any(name.startswith(project.plugin_id) for name in logs)
    assert len(logs) > 12
    secrets = [secret.encode() for secret in (*tokens, "hush-hush-hush")]
    assert [name for name, text in logs.items() for secret in secrets if secret in text] == []


def test_the_status_gives_every_part_with_address_memory_and_state(first, project, run, sandbox):
    done = run("sandbox", "status", "--output", "json")
    assert done.returncode == 0
    shown = json.loads(done.stdout)
    assert shown["spacectl_environment"] == str(sandbox.spacectl_environment)
    parts = {part["name"]: part for part in shown["services"] + shown["shared"]}
    expected = {
        "identity",
        "repository",
        "inventory",
        "inventory-worker",
        "inventory-scheduler",
        "plugin",
        "secret",
    }
    assert set(parts) >= expected | {"config", "supervisor", "mongodb", "redis", "registry", "prefect-server"}
    assert any(name.startswith(project.plugin_id) for name in parts)
    for part in parts.values():
        assert part["state"] == "running"
        assert part["memory"] > 1_000_000
    assert parts["identity"]["address"].startswith("grpc://")
