"""The wheel in an environment of its own: a sandbox and a release from a folder that is no checkout."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from sandbox.lifecycle import Summary
from tests.integration.conftest import running
from tests.sandboxes import layout_of
from tests.wheels import Installed, install

pytestmark = [pytest.mark.integration, pytest.mark.timeout(1200)]

GENERATION = "2.x"


@pytest.fixture(scope="module")
def pluginctl(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """The installed command."""
    return install(checkout, tmp_path_factory.mktemp("installed"))


@pytest.fixture
def here(sandbox_home: Path) -> dict[str, str]:
    """The tests' sandboxes, for the installed command."""
    return {"PLUGINCTL_SANDBOX_HOME": str(sandbox_home)}


@pytest.fixture
def started(sandbox: Summary, pluginctl: Installed, elsewhere: Path, here: dict[str, str]):
    """What the installed command says when it starts the tests' sandbox, which runs: it keeps every container.

    A container's specification has a digest of its image's files. So the wheel has to contain all of them.
    """
    before = running(layout_of(sandbox))
    done = pluginctl("sandbox", "up", folder=elsewhere, **here)
    assert running(layout_of(sandbox)) == before
    return done


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    return folder


def test_it_says_which_version_it_is(pluginctl, elsewhere):
    assert re.fullmatch(r"pluginctl \d+\.\d+\.\d+\n", pluginctl("--version", folder=elsewhere).stdout)


def test_a_sandbox_that_was_never_started(pluginctl, elsewhere):
    said = pluginctl("release", "sandbox", folder=elsewhere, code=2).stderr
    assert str(pluginctl.home / GENERATION / "environment.yaml") in said
    assert f"hint: Start the sandbox: pluginctl sandbox up --generation {GENERATION}" in said


def test_the_demo_says_that_it_needs_a_checkout(pluginctl, elsewhere):
    assert "Clone the repository" in pluginctl("demo", folder=elsewhere, code=2).stderr


def test_a_sandbox_and_a_release_from_a_folder_that_is_no_checkout(pluginctl, started, elsewhere, here):
    assert "SpaceONE 2.x" in started.stdout

    released = pluginctl("release", "sandbox", "--output", "json", folder=elsewhere, **here)
    assert f"the samples in {pluginctl.samples} are used" in released.stderr
    report = json.loads(released.stdout)
    assert (report["generation"], report["dry_run"]) == (GENERATION, False)
    assert report["job"]["status"] == "SUCCESS"
    assert pluginctl("show", "sandbox", folder=elsewhere, **here).stdout
    assert not list(elsewhere.iterdir()), "nothing is left behind in the current folder"

    # The same plugin in a project of its author, who has no environment for the sandbox.
    project = elsewhere.with_name("project")
    shutil.copytree(pluginctl.samples, project, ignore=shutil.ignore_patterns("environments", "__pycache__"))
    again = pluginctl("release", "sandbox", "--dry-run", "--output", "json", folder=project, **here)
    assert "There is no deployments/environments/sandbox.yaml here" in again.stderr
    assert {action["action"] for action in json.loads(again.stdout)["actions"]} == {"keep"}
