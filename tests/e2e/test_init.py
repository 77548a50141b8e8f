"""`pluginctl init` in somebody's repository, then the commands of its own workflow, from an installed wheel.

A further source is one line in SOURCES.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from sandbox.lifecycle import Summary
from sandbox.spaceone.environment_files import PORTFOLIO
from tests import plugin_bases
from tests.conftest import SANDBOX_HOME
from tests.wheels import Installed, install
from tests.workflows import Command, commands

pytestmark = [pytest.mark.e2e, pytest.mark.apart, pytest.mark.timeout(1800)]

CHECKOUT = Path(__file__).resolve().parents[2]
PLUGINS = CHECKOUT / "tests/plugins"
CASE = CHECKOUT / "tests/fixtures/cases/01-managed-resource-layout/manifest"
WORKFLOW = ".github/workflows/pluginctl.yaml"
PREPARING = ("python -m pip install ", "pluginctl sandbox up ")
"""How the commands begin that each job of a workflow has, since each gets a new machine."""


@dataclass(frozen=True)
class Source:
    """A plugin's repository.

    Attributes:
        make: Writes it into a folder, with a tag in all names that a platform keeps; returns options for `init`.
        plugin_id: The id of its plugin, where TAG stands for the tag.
        released: Whether the commands for a version's tag are run, too. The same plugins are released from the same
            manifests in `test_framework_plugins` and `test_slow_start`; what `init` adds is checked and planned with.
    """

    make: Callable[[Path, str], list[str]]
    plugin_id: str
    released: bool = True


def portfolio(folder: Path, tag: str) -> list[str]:
    """The portfolio plugin without its manifest."""
    caches = shutil.ignore_patterns(".*_cache", "__pycache__")
    shutil.copytree(CHECKOUT / "plugin", folder, ignore=caches)
    (folder / "src/VERSION").write_text("0.1.0\n")
    model = folder / "src/plugin/types/model.py"
    model.write_text(model.read_text().replace('Final = "portfolio"', f'Final = "portfolio_{tag}"'))
    return ["--image", f"e2e/plugin-init-{tag}-collector"]


def built_at_once(folder: Path) -> None:
    """Gives a copy of the portfolio plugin a Dockerfile that only copies."""
    (folder / "Dockerfile").write_text(plugin_bases.portfolio(SANDBOX_HOME))


def managed_resource(folder: Path, tag: str) -> list[str]:
    """The same code with a manifest in the layout of SpaceONE's organisation."""
    portfolio(folder, tag)
    built_at_once(folder)
    for file in CASE.rglob("*.yaml"):
        text = re.sub(r"rep-acme", f"acme-{tag}", file.read_text()).replace("image: rep/", "image: e2e/")
        path = folder / "managed_resource" / file.relative_to(CASE)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return []


def below(folder: Path, tag: str) -> list[str]:
    """The source in a folder of the repository."""
    options = portfolio(folder / "collector", tag)
    built_at_once(folder / "collector")
    (folder / "README.md").write_text("# A plugin\n")
    return options


def framework(name: str, word: str) -> Callable[[Path, str], list[str]]:
    """A plugin of tests/plugins with its manifest, under names of its own, on the base image of its framework.

    Args:
        name: Its folder.
        word: What its names are made of.
    """

    def make(folder: Path, tag: str) -> list[str]:
        shutil.copytree(PLUGINS / name, folder)
        (folder / "src/VERSION").write_text("0.1.0\n")
        for file in (*folder.rglob("*.py"), *folder.rglob("*.yaml")):
            # In a module's name it stays.
            text = re.sub(
                rf"(?<![\w.]){word}(?!_(?:connector|manager|conf))", f"{word}-{tag}", file.read_text()
            )
            file.write_text(
                text.replace(word.title(), f"{word.title()} {tag}") if file.suffix == ".yaml" else text
            )
        dockerfile = folder / "Dockerfile"
        text = dockerfile.read_text().replace("START_SECONDS=90", "START_SECONDS=3")
        base = plugin_bases.framework(SANDBOX_HOME, "1.12" if name.endswith("1.12") else "2.x")
        dockerfile.write_text(text.replace("FROM ${BASE_IMAGE}", f"FROM {base}"))
        return ["--environment", "sandbox-1.12"] if name.endswith("1.12") else []

    return make


SOURCES = {
    "managed-resource": Source(managed_resource, "plugin-acme-TAG-inven-collector"),
    "below": Source(below, "plugin-init-TAG-collector"),
    "framework": Source(
        framework("framework-2x", "greenhouse"), "plugin-greenhouse-TAG-inven-collector", False
    ),
    "slow": Source(framework("slow", "glacier"), "plugin-glacier-TAG-inven-collector", False),
    "old-style": Source(framework("old-style-1.12", "orchard"), "plugin-orchard-TAG-inven-collector"),
}


@pytest.fixture(scope="module")
def pluginctl(tmp_path_factory) -> Installed:
    return install(CHECKOUT, tmp_path_factory.mktemp("installed"))


@pytest.fixture(scope="module")
def here(platform: Summary, sandbox_home: Path) -> dict[str, str]:
    """The tests' sandboxes, for the installed command."""
    return {"PLUGINCTL_SANDBOX_HOME": str(sandbox_home)}


@pytest.fixture(scope="module")
def run(pluginctl: Installed, here: dict[str, str]) -> Callable[[Command], subprocess.CompletedProcess[str]]:
    """Runs a command of a workflow, and gives what it said; one that prepares the machine, for all jobs at once."""
    prepared: dict[str, subprocess.CompletedProcess[str]] = {}

    def run(command: Command) -> subprocess.CompletedProcess[str]:
        script = command.script
        if script in prepared:
            return prepared[script]
        done = pluginctl.run(
            ["bash", "-e", "-c", script],
            command.folder,
            GITHUB_REF_NAME="v0.1.0",
            **here,
            **command.variables,
        )
        if script.startswith(PREPARING):
            prepared[script] = done
        return done

    return run


def committed(folder: Path, version: str) -> None:
    """The repository as its author has it: everything is in a commit with the version's tag."""
    git = ["git", "-C", str(folder), "-c", "user.name=A", "-c", "user.email=a@example.com"]
    if not (folder / ".git").exists():
        subprocess.run([*git, "init", "-q"], check=True)
    subprocess.run([*git, "add", "-A"], check=True)
    subprocess.run([*git, "commit", "-q", "-m", "A plugin"], check=True)
    subprocess.run([*git, "tag", "-f", f"v{version}"], check=True, capture_output=True)


@pytest.mark.parametrize(
    ("platform", "name"),
    [("1.12" if name == "old-style" else "2.x", name) for name in SOURCES],
    indirect=["platform"],
    scope="module",
)
def test_the_commands_of_the_workflow_plan_and_release_a_repository_as_it_is(
    platform, name, pluginctl, run, here, client, tmp_path
):
    source, tag = SOURCES[name], uuid.uuid4().hex[:6]
    repository = tmp_path / "repository"
    options = source.make(repository, tag)
    committed(repository, "0.1.0")

    made = json.loads(pluginctl("init", "--yes", "-o", "json", *options, folder=repository).stdout)
    assert WORKFLOW in {each["path"] for each in made["written"]}
    again = json.loads(pluginctl("init", "--yes", "-o", "json", *options, folder=repository).stdout)
    assert again["written"] == []
    committed(repository, "0.1.0")

    # At once, and without an edit: environment, source and manifest are found.
    planned = pluginctl("release", platform.name, "--dry-run", "-o", "json", folder=repository, **here)
    report = json.loads(planned.stdout)
    plugin_id = source.plugin_id.replace("TAG", tag)
    assert (report["plugin_id"], report["version"]) == (plugin_id, "0.1.0")
    assert {action["action"] for action in report["actions"]} <= {"create", "keep"}, report["actions"]

    events = {"pull request": ["check", "plan"], "tag": ["check", "release"]}
    if not source.released:
        del events["tag"]
    for event, jobs in events.items():
        for command in commands(repository / WORKFLOW, jobs, tmp_path / event, {}):
            assert "error:" not in run(command).stderr, (event, command)
    if not source.released:
        return
    found = client.call("repository.Plugin.list", {"plugin_id": plugin_id})
    assert [each["plugin_id"] for each in found["results"]] == [plugin_id]

    again = pluginctl(
        "release", platform.name, "--publish-only", "--dry-run", "-o", "json", folder=repository, **here
    )
    assert {action["action"] for action in json.loads(again.stdout)["actions"]} == {"keep"}


def test_an_environment_of_the_repository_with_an_account_collects(pluginctl, run, platform, tmp_path):
    """The other workflow: it plans with the environment of the base branch, and needs secrets."""
    tag = uuid.uuid4().hex[:6]
    repository = tmp_path / "repository"
    options = portfolio(repository, tag)
    plugin_id = f"plugin-init-{tag}-collector"
    given = yaml.safe_load(platform.environment.read_text())["plugin_options"][PORTFOLIO]
    environments = repository / "deployments/environments"
    environments.mkdir(parents=True)
    fields = {
        "extends": "${PLUGINCTL_SANDBOX_HOME}/2.x/environment.yaml",
        "plugin_options": {plugin_id: given},
    }
    (environments / "staging.yaml").write_text(yaml.safe_dump(fields))
    made = json.loads(pluginctl("init", "--yes", "-o", "json", *options, folder=repository).stdout)
    assert "deployments/environments/staging.yaml" in made["kept"]
    account = {
        "name": f"Account {tag}",
        "provider": f"portfolio_{tag}",
        "project": f"Project {tag}",
        "data": {},
        "secret_schema_id": f"portfolio_{tag}_secret",
        "secret_data": {"investment_type": "cryptocurrency"},
    }
    (repository / "deployments/manifest/create_service_account.yaml").write_text(yaml.safe_dump(account))
    workflow = repository / WORKFLOW
    workflow.write_text(workflow.read_text().replace(" --publish-only", ""))
    committed(repository, "0.1.0")

    said = []
    for event, jobs in (("pull request", ["check", "plan"]), ("tag", ["check", "release"])):
        secrets = {"PLUGINCTL_READ_TOKEN": "not-used"} if event == "pull request" else {}
        said += [
            (command.job, command.name, run(command).stdout)
            for command in commands(workflow, jobs, tmp_path / event, secrets)
        ]
    assert any(job == "plan" and "Nothing was changed" in text for job, _, text in said), said
    assert any(
        job == "release" and f"release of {plugin_id} 0.1.0 succeeded" in text for job, _, text in said
    ), said
