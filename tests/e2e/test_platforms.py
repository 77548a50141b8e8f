"""An index under the version's tag: released, run by the platform, kept, verified.

It has one platform, the machine's: an image for another one cannot be built from this plugin without an emulator.
`tests/integration/test_platforms.py` has several.
"""

from __future__ import annotations

import json
import platform as machine

import pytest
import requests

from tests.waiting import PATIENCE

pytestmark = [pytest.mark.e2e, pytest.mark.apart]

OWN = {"x86_64": "linux/amd64", "aarch64": "linux/arm64"}[machine.machine()]
INDEX = "application/vnd.docker.distribution.manifest.list.v2+json"


@pytest.fixture(scope="module")
def indexed(project):
    """The environment."""
    return project.write_environment("indexed", build={"platforms": [OWN]})


@pytest.fixture(scope="module")
def released(project, release, indexed):
    """The report of a release."""
    return release(project, environment=indexed)


def test_the_tag_is_an_index_and_the_platform_runs_its_image(released, project, platform):
    answer = requests.get(
        f"{platform.registry}/v2/{project.image}/manifests/0.1.0", headers={"Accept": INDEX}, timeout=PATIENCE
    )
    assert answer.headers["Docker-Content-Digest"] == released["digest"]
    (entry,) = answer.json()["manifests"]
    assert f"{entry['platform']['os']}/{entry['platform']['architecture']}" == OWN
    tags = requests.get(f"{platform.registry}/v2/{project.image}/tags/list", timeout=PATIENCE).json()["tags"]
    assert tags == ["0.1.0"]
    assert [(each["platform"], each["remark"]) for each in released["platforms"]] == [(OWN, "")]
    assert released["job"]["status"] == "SUCCESS"


def test_a_second_release_keeps_everything(released, project, release, indexed):
    again = release(project, environment=indexed)
    assert {action["action"] for action in again["actions"]} == {"keep"}
    assert (again["digest"], again["platforms"]) == (released["digest"], [])


def test_the_index_is_verified(released, project, run, indexed):
    where = ["--source", str(project.source), "--manifest", str(project.manifest)]
    done = run("verify", str(indexed), *where, "--output", "json")
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout)["digest"] == released["digest"]


def test_a_platform_that_the_engine_cannot_run_is_refused_before_the_build(project, run):
    environment = project.write_environment("foreign", build={"platforms": [OWN, "linux/s390x"]})
    with (project.source / "Dockerfile").open("a") as file:
        file.write("RUN true\n")
    done = run(*project.arguments(environment), "--dry-run")
    if done.returncode == 0:
        pytest.skip("this machine has an emulator")
    assert done.returncode == 2
    assert "has a RUN, which the Docker engine cannot run for linux/s390x" in " ".join(done.stderr.split())
