"""One manifest, both generations: what each platform holds afterwards, read with the unmodified spacectl of its own.

What spacectl says of the two differs where the generations do, and nowhere else: `DIFFERENCES` names where.
"""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from flows.resources.releases import TAG
from tests.sandboxes import spacectl

pytestmark = pytest.mark.e2e

#: Every field that the records of the two generations do not have alike, by kind: (2.x, 1.12) in words.
DIFFERENCES = {
    "repository": {"repository_type": ("LOCAL, configured", "local, registered")},
    "schema": {
        "schema_id": ("what identifies it", "it has none: the name does"),
        "schema_type": ("SECRET", "not supported"),
        "provider": ("whose secrets it describes", "not supported"),
        "service_type": ("not supported", "secret.credentials"),
        "labels": ("not supported", "as declared"),
        "repository_info": ("of identity", "of a repository"),
    },
    "provider": {
        "icon": ("of its own", "in the tags"),
        "tags.icon": ("of its own", "in the tags"),
        "template": ("the schema of the service account's form", "the form's schema"),
        "metadata": ("the help is in that schema's options", "the form's help in English and Korean"),
        "capability": ("related_schemas of that schema", "the schemas of its secrets"),
    },
    "project": {
        "project_type": ("PRIVATE", "not supported"),
        "project_group_info": ("needs no group", "in a group"),
        "created_by": ("not supported", "who made it"),
        "tags": ("left out where empty", "shown where empty"),
    },
    "service account": {
        "state": ("ACTIVE", "not supported"),
        "secret_schema_id": ("of the account", "of the secret"),
        "service_account_type": ("not supported", "GENERAL"),
        "scope": ("not supported", "PROJECT"),
        "project_info": ("by id alone", "with the project's name"),
        "tags": ("left out where empty", "shown where empty"),
    },
    "secret": {
        "name": ("made of the account's id", "the account's name"),
        "schema_id": ("called schema_id", "called schema"),
        "schema": ("called schema_id", "called schema"),
        "secret_type": ("not supported", "CREDENTIALS"),
        "resource_group": ("PROJECT", "not supported"),
    },
    "plugin": {
        "resource_type": ("inventory.Collector", "called service_type"),
        "service_type": ("called resource_type", "inventory.Collector"),
        "template": ("not supported", "as declared"),
        "docs": ("shown where empty", "not supported"),
        "registry_config.url": ("the installation's own", "as declared: nothing"),
        "registry_config.image_pull_secrets": ("the installation's own", "as declared: nothing"),
        "repository_info.repository_type": ("LOCAL", "local"),
    },
    "collector": {
        "resource_group": ("DOMAIN", "not supported"),
        "plugin_info.metadata.supported_resource_type": ("with Namespace and Metric", "it has neither"),
        "plugin_info.options.generation": ("not needed", "1.12, from the environment"),
    },
    "cloud service type": {},
    "cloud service": {
        "metadata.portfolio.view.sub_data.reference": ("its type's", "its own"),
        "metadata.portfolio.view.sub_data.layouts": ("its type's", "its own"),
        "metadata.portfolio.view.table": ("its type's", "its own"),
        "metadata.portfolio.view.search": ("its type's", "its own"),
        "collection_info": ("one", "a list"),
    },
    "region": {},
}

#: What no two installations have alike, or no two moments.
VOLATILE = frozenset(
    {
        *(
            "repository_id",
            "project_id",
            "project_group_id",
            "service_account_id",
            "secret_id",
            "collector_id",
        ),
        *("cloud_service_id", "cloud_service_type_id", "region_id", "domain_id", "workspace_id"),
        *("at", "by", "created_at", "updated_at", "last_collected_at", "registry_url", "base_url"),
    }
)


class Spacectl:
    """The spacectl of a sandbox, as its environment has it from PyPI."""

    def __init__(self, summary: Any) -> None:
        self._sandbox = summary

    @property
    def version(self) -> str:
        return self._said("version").split()[-1]

    def list(self, resource: str, **params: Any) -> list[dict[str, Any]]:
        parameters = ["-j", json.dumps(params)] if params else []
        said = self._said("exec", "list", resource, *parameters, "-o", "json")
        return list(json.loads(said or "{}").get("results", []))

    def get(self, resource: str, **params: Any) -> dict[str, Any]:
        return dict(json.loads(self._said("get", resource, "-j", json.dumps(params), "-o", "json")))

    def _said(self, *words: str) -> str:
        done = spacectl(self._sandbox, *words)
        assert done.returncode == 0, done.stderr
        assert "ERROR" not in done.stdout, done.stdout
        return done.stdout


@pytest.fixture(scope="module")
def spacectls(sandbox, sandbox_1_12):
    return {"2.x": Spacectl(sandbox), "1.12": Spacectl(sandbox_1_12)}


@pytest.fixture(scope="module")
def on_each(sandbox, sandbox_1_12, run):
    """What a command says as JSON on both, by generation, with the unchanged manifest in deployments/portfolio."""

    def on_each(command: str) -> dict[str, dict[str, Any]]:
        said = {}
        for generation, summary in (("2.x", sandbox), ("1.12", sandbox_1_12)):
            done = run(command, summary.name, "--output", "json")
            assert done.returncode == 0, done.stdout + done.stderr
            said[generation] = json.loads(done.stdout)
        return said

    return on_each


@pytest.fixture(scope="module")
def released(on_each):
    """The reports of both releases, by generation."""
    return on_each("release")


def one(records: list[dict[str, Any]], **fields: str) -> dict[str, Any]:
    (found,) = [
        record for record in records if all(record.get(key) == value for key, value in fields.items())
    ]
    return found


def state(spacectl: Spacectl, generation: str) -> dict[str, dict[str, Any]]:
    """The records of what the manifest declares and of what came in, by kind."""
    repository = one(spacectl.list("repository.Repository"), name="Local Repository")
    schemas = (
        spacectl.list("identity.Schema")
        if generation == "2.x"
        else spacectl.list("repository.Schema", repository_id=repository["repository_id"])
    )
    account = one(spacectl.list("identity.ServiceAccount"), name="Investment", provider="portfolio")
    coin = one(spacectl.list("inventory.CloudService"), name="Bitcoin", provider="portfolio")
    coin = spacectl.get("inventory.CloudService", cloud_service_id=coin["cloud_service_id"])
    return {
        "repository": repository,
        "schema": one(schemas, name="portfolio_investment_schema"),
        "provider": one(spacectl.list("identity.Provider"), provider="portfolio"),
        "project": one(spacectl.list("identity.Project"), name="Portfolio"),
        "service account": account,
        "secret": one(spacectl.list("secret.Secret"), service_account_id=account["service_account_id"]),
        "plugin": one(spacectl.list("repository.Plugin"), plugin_id="plugin-portfolio-inven-collector"),
        "collector": one(spacectl.list("inventory.Collector"), name="Portfolio Collector"),
        "cloud service type": one(spacectl.list("inventory.CloudServiceType"), provider="portfolio"),
        # Prices move from one collection to the next: which data there is can be compared, not what it says.
        "cloud service": {**coin, "data": sorted(coin["data"])},
        "region": one(spacectl.list("inventory.Region"), provider="portfolio"),
    }


def differing(one: Any, other: Any, path: str = "") -> set[str]:
    """The shortest dotted paths below which two records are not alike."""
    if path.endswith(f".{TAG}"):  # a text with JSON, with when and by what it was released
        one, other = json.loads(one), json.loads(other)
    if not (isinstance(one, dict) and isinstance(other, dict)):
        return set() if one == other else {path}
    found = set()
    for key in (one.keys() | other.keys()) - VOLATILE:
        below = f"{path}.{key}".lstrip(".")
        found |= differing(one[key], other[key], below) if key in one and key in other else {below}
    return found


@pytest.fixture(scope="module")
def states(released, spacectls):
    with ThreadPoolExecutor() as pool:
        read = {name: pool.submit(state, spacectl, name) for name, spacectl in spacectls.items()}
    return {generation: future.result() for generation, future in read.items()}


def test_each_platform_is_read_with_the_spacectl_of_its_generation(spacectls):
    assert {generation: spacectl.version for generation, spacectl in spacectls.items()} == {
        "2.x": "2.0.10",
        "1.12": "1.12.2",
    }


@pytest.mark.parametrize("kind", DIFFERENCES)
def test_the_platforms_hold_the_same_but_for_what_is_named(states, kind):
    found = differing(states["2.x"][kind], states["1.12"][kind])
    assert found == set(DIFFERENCES[kind]), found ^ set(DIFFERENCES[kind])


#: The actions of a release that one generation alone has: (kind, name).
ACTIONS = {
    "2.x": {("schema", "portfolio-service-account")},
    "1.12": {("project group", "Portfolio"), ("secret", "Investment")},
}


def test_the_reports_differ_where_the_generations_do(released):
    actions = {
        generation: {
            (action["kind"], action["name"]) for action in report["actions"] if action["kind"] != "image"
        }
        for generation, report in released.items()
    }
    assert {
        "2.x": actions["2.x"] - actions["1.12"],
        "1.12": actions["1.12"] - actions["2.x"],
    } == ACTIONS
    for generation, report in released.items():
        assert report["generation"] == generation
        assert report["job"]["status"] == "SUCCESS"
        assert report["cloud_services"] == {"portfolio/Investment/Cryptocurrency": 5}
        assert report["resources"] == {
            "inventory.CloudService": 5,
            "inventory.CloudServiceType": 1,
            "inventory.Region": 1,
        }
    same = ("plugin_id", "version", "source_digest", "source", "columns")
    assert [released["2.x"].get(key) for key in same] == [released["1.12"].get(key) for key in same]


def test_the_console_would_show_the_same_of_a_resource_in_both(released):
    shown = {generation: report["preview"] for generation, report in released.items()}
    assert shown["2.x"]["tags"] == shown["1.12"]["tags"] == {"symbol": "BTC"}
    tabs = {
        generation: [(tab["tab"], tab["title"], [row[0] for row in tab["rows"]]) for tab in preview["tabs"]]
        for generation, preview in shown.items()
    }
    assert tabs["2.x"] == tabs["1.12"]
    assert {tab for tab, _, _ in tabs["2.x"]} == {"Market", "Quotes", "Records"}


def test_every_translation_is_in_the_plan(released):
    notes = {
        generation: {action["kind"]: action.get("notes", []) for action in report["actions"]}
        for generation, report in released.items()
    }
    assert "metadata: 2.x supports only the markdown of " in " ".join(notes["2.x"]["provider"])
    assert "labels are not supported by a schema of 2.x." in [
        note for action in released["2.x"]["actions"] for note in action.get("notes", [])
    ]
    assert "secret_schema_id and secret_data are a separate secret in 1.12." in notes["1.12"]["secret"]


def test_what_runs_on_each_is_what_was_released(released, on_each):
    verified = on_each("verify")
    checks = [[check["name"] for check in each["checks"]] for each in verified.values()]
    assert checks[0] == checks[1]
    assert {each["digest"] for each in verified.values()} == {each["digest"] for each in released.values()}
