"""An environment whose registry has images below a path: release, the same again, verify, collect again."""

from __future__ import annotations

import json

import pytest
import requests

from tests.waiting import PATIENCE

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.apart,
    pytest.mark.parametrize("platform", ["2.x", "1.12"], indirect=True, scope="module"),
]

PATH = "project/repository"


@pytest.fixture(scope="module")
def below(project, platform):
    """The environment."""
    host = platform.registry.removeprefix("http://")
    return project.write_environment("below", registry={"address": f"{host}/{PATH}"})


@pytest.fixture(scope="module")
def released(project, release, below):
    """The report of a release; the sandbox's registry is of the type HARBOR."""
    return release(project, environment=below)


def tags(platform, repository):
    answer = requests.get(f"{platform.registry}/v2/{repository}/tags/list", timeout=PATIENCE)
    return sorted(answer.json().get("tags") or ())


def test_the_image_and_its_documents_are_below_the_path(released, project, platform):
    name = f"{PATH}/{project.plugin_id}"
    host = platform.registry.removeprefix("http://")
    assert released["image"] == f"{host}/{name}:0.1.0"
    assert tags(platform, name) == ["0.1.0"]
    digest = released["digest"].replace(":", "-")
    assert tags(platform, f"{name}_attestations") == [f"{digest}.provenance", f"{digest}.sbom"]
    assert tags(platform, project.image) == []


def test_the_platform_lists_the_version_and_runs_it(released, project, client):
    (plugin,) = client.list("repository.Plugin.list", {"plugin_id": project.plugin_id})
    assert (plugin["image"], plugin["registry_type"]) == (f"{PATH}/{project.plugin_id}", "HARBOR")
    asked = {"plugin_id": project.plugin_id}
    if released["generation"] == "1.12":
        asked["domain_id"] = plugin["domain_id"]
    versions = client.call("repository.Plugin.get_versions", asked)
    assert versions["results"] == ["0.1.0"]
    assert released["job"]["status"] == "SUCCESS"
    assert released["resources"]["inventory.CloudService"] > 0


def test_a_second_release_keeps_everything(released, project, release, below):
    again = release(project, environment=below)
    assert {action["action"] for action in again["actions"]} == {"keep"}
    assert again["digest"] == released["digest"]


def test_it_is_verified_and_collected_again(released, project, run, below):
    where = ["--source", str(project.source), "--manifest", str(project.manifest)]
    done = run("verify", str(below), *where, "--output", "json")
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout)["image"] == released["image"]
    done = run("recollect", str(below), "--manifest", str(project.manifest))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "as released" in done.stderr


def test_another_path_is_blocked_with_what_the_platform_has(released, project, run, platform):
    host = platform.registry.removeprefix("http://")
    other = project.write_environment("other", registry={"address": f"{host}/elsewhere"})
    done = run(*project.arguments(other), "--dry-run")
    assert done.returncode == 2
    assert f"image is '{PATH}/{project.plugin_id}'" in " ".join((done.stdout + done.stderr).split())
