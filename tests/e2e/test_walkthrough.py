"""The walkthrough to the letter: its own YAML, as a manifest, into a fresh SpaceONE 1.12, with its own results."""

from __future__ import annotations

import json
import re
from types import SimpleNamespace

import pytest
import requests
import yaml

from flows.spaceone import Client, read_spacectl
from tests.sandboxes import mongodb
from tests.sandboxes import spacectl as run_spacectl
from tests.waiting import PATIENCE

pytestmark = pytest.mark.e2e

MANIFEST = "tests/fixtures/walkthrough"
DEFAULT_PROVIDERS = {"aws", "google_cloud", "azure"}


@pytest.fixture(scope="module")
def client(sandbox_1_12):
    credentials = read_spacectl(sandbox_1_12.spacectl_environment)
    with Client(credentials.endpoints, credentials.token) as client:
        yield client


@pytest.fixture(scope="module")
def fresh(client, sandbox_1_12, engine):
    """The installation as the walkthrough finds it: a managed repository, 24 plugins, 3 providers, no collector."""
    _without_collectors(client)
    for record in client.list("identity.ServiceAccount.list"):
        # Its secrets go with it.
        key = {"service_account_id": record["service_account_id"]}
        client.call("identity.ServiceAccount.delete", key)
    for project in client.list("identity.Project.list"):
        client.call("identity.Project.delete", {"project_id": project["project_id"]})
    for group in client.list("identity.ProjectGroup.list"):
        client.call("identity.ProjectGroup.delete", {"project_group_id": group["project_group_id"]})
    # identity 1.12.4 cannot delete one: its own call lacks the domain.
    with mongodb(engine, sandbox_1_12) as databases:
        databases["identity"]["provider"].delete_many({"provider": {"$nin": list(DEFAULT_PROVIDERS)}})
    for repository in client.list("repository.Repository.list", {"repository_type": "local"}):
        place = {"repository_id": repository["repository_id"]}
        for plugin in client.list("repository.Plugin.list", place):
            client.call("repository.Plugin.deregister", {"plugin_id": plugin["plugin_id"]})
        for schema in client.list("repository.Schema.list", place):
            client.call("repository.Schema.delete", {"name": schema["name"]})
        client.call("repository.Repository.deregister", place)
    yield
    _without_collectors(client)  # theirs has a schedule


def _without_collectors(client):
    for collector in client.list("inventory.Collector.list"):
        client.call("inventory.Collector.delete", {"collector_id": collector["collector_id"]})


@pytest.fixture(scope="module")
def first(fresh, run):
    """The release of the walkthrough's manifest: what the command said."""
    done = run("release", "sandbox-1.12", "--manifest", MANIFEST, "--output", "json")
    assert done.returncode == 0, done.stdout + done.stderr
    return SimpleNamespace(report=json.loads(done.stdout), said=done.stderr)


@pytest.fixture(scope="module")
def spacectl(sandbox_1_12):
    """What one types in the walkthrough, as it comes out of spacectl 1.12.2."""

    def spacectl(*words: str) -> str:
        done = run_spacectl(sandbox_1_12, *words)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return spacectl


def counted(listing: str) -> int:
    """The number under a table of spacectl's."""
    found = re.search(r"Count: (\d+) / (\d+)", listing)
    assert found, listing
    assert found[1] == found[2]
    return int(found[1])


def test_the_counts_are_those_of_the_walkthrough(first):
    listings = first.report["listings"]
    assert listings["repository"] == [1, 2]
    assert listings["schema"] == [0, 1]
    assert listings["provider"] == [3, 4]
    assert listings["service account"] == [0, 1]
    assert listings["plugin"] == [24, 25]
    assert listings["collector"] == [0, 1]
    assert first.report["cloud_services"] == {"portfolio/Investment/Cryptocurrency": 5}


def test_spacectl_lists_what_the_walkthrough_lists(first, spacectl):
    repositories = spacectl("list", "repository.Repository")
    assert counted(repositories) == 2
    assert "Managed Repository" in repositories
    assert "Local Repository" in repositories
    providers = spacectl("list", "identity.Provider", "--minimal")
    assert counted(providers) == 4
    assert re.search(r"portfolio +\| Portfolio +\| +10", providers)
    plugins = spacectl("list", "repository.Plugin", "--minimal")
    assert counted(plugins) == 25
    line = next(line for line in plugins.splitlines() if "plugin-portfolio-inven-collector" in line)
    assert [cell.strip() for cell in line.split("|")][1:5] == [
        *(
            "Portfolio Collector",
            "quasarhub/plugin-portfolio-inven-collector",
            "ENABLED",
            "inventory.Collector",
        )
    ]
    assert counted(spacectl("list", "inventory.Collector")) == 1


def test_every_step_of_the_walkthrough_has_an_outcome_of_its_own(first):
    said = [line for line in first.said.splitlines() if line.startswith("✓ ")]
    outcomes = dict(line.removeprefix("✓ ").split(": ", 1) for line in said if ": " in line)
    assert "identity 1.12.4" in outcomes["check endpoints"]
    assert outcomes["register repository Local Repository"].startswith("repo-")
    assert outcomes["create schema portfolio_investment_schema"].startswith("portfolio_investment_schema")
    assert outcomes["create provider portfolio"].startswith("portfolio")
    assert outcomes["create service account Investment"].startswith("sa-")
    assert outcomes["register plugin plugin-portfolio-inven-collector"].startswith("plugin-portfolio")
    assert outcomes["create collector Portfolio Collector"].startswith("collector-")
    assert outcomes["collect"].startswith("job-")
    assert "plugin 24 → 25" in outcomes["list what is registered"]
    assert outcomes["read the inventory"].startswith("5 portfolio/Investment/Cryptocurrency")
    assert "1 tag, tabs Market, Records" in outcomes["show a resource"]


def test_the_form_for_a_service_account_has_its_help_in_both_languages(first, client, checkout):
    declared = yaml.safe_load((checkout / MANIFEST / "create_provider.yaml").read_text(encoding="utf-8"))
    (held,) = client.list("identity.Provider.list", {"provider": "portfolio"})
    assert held["metadata"] == declared["metadata"]
    form = held["metadata"]["view"]["layouts"]["help:service_account:create"]
    assert "시작 가이드" in form["options"]["markdown"]["ko"]
    assert held["template"] == declared["template"]


def test_the_registry_holds_the_version(first, sandbox_1_12):
    tags = requests.get(
        f"{sandbox_1_12.registry}/v2/quasarhub/plugin-portfolio-inven-collector/tags/list", timeout=PATIENCE
    ).json()["tags"]
    assert first.report["version"] in tags


def test_a_resource_is_shown_with_its_details_tags_and_dynamic_ui(first, run):
    done = run("show", "sandbox-1.12", "Bitcoin", "--manifest", MANIFEST, "--output", "json")
    assert done.returncode == 0, done.stderr
    shown = json.loads(done.stdout)
    assert shown["details"]["Provider"] == "portfolio"
    assert shown["details"]["Link"] == "https://www.coingecko.com/en/coins/bitcoin"
    assert shown["tags"] == {"symbol": "BTC"}
    assert {tab["tab"] for tab in shown["tabs"]} == {"Market", "Quotes", "Records"}


def test_the_api_is_listed_as_spacectl_lists_it(first, run, spacectl):
    done = run("api-resources", "sandbox-1.12", "--output", "json")
    assert done.returncode == 0, done.stderr
    ours = {
        (service, resource): verbs
        for service, about in json.loads(done.stdout).items()
        for resource, verbs in about["resources"].items()
    }
    theirs = {}
    for line in spacectl("api-resources").splitlines()[2:]:
        service, resource, _, verbs = (cell.strip() for cell in line.split("|"))
        if resource not in {"Health", "ServerInfo"}:
            theirs[service, resource] = verbs.split(", ")
    assert ours == theirs


def test_a_second_release_writes_nothing(first, run):
    done = run("release", "sandbox-1.12", "--manifest", MANIFEST, "--output", "json")
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads(done.stdout)
    assert {action["action"] for action in report["actions"]} == {"keep"}
    assert report["listings"] == {}
