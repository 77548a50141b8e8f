"""A pool of containers: a release in a container of the pipeline's image, started by Prefect's own Docker worker."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.e2e.conftest import SECRET
from tests.prefect_servers import Program

pytestmark = pytest.mark.e2e

PIPELINE, PROJECT = "pluginctl.invalid/pipeline:e2e", "pluginctl.invalid/project:e2e"
#: As docs/operating.md shows it.
DOCKERFILE = f"""\
FROM {PIPELINE}
COPY deployments /project/deployments
COPY plugin /project/plugin
"""


def call(*words: str | Path, **given) -> str:
    done = subprocess.run(words, capture_output=True, text=True, timeout=1200, check=False, **given)
    said = done.stdout + done.stderr
    assert done.returncode == 0, said[-6000:]
    return said


@pytest.fixture(scope="module")
def image(platform, engine, checkout, project):
    """The image of the pipeline, on the base that the sandbox builds plugins on, with the project of this module."""
    base = yaml.safe_load(platform.environment.read_text())["build"]["args"]["BASE_IMAGE"]
    build = ("docker", "build", "--quiet", "--tag")
    call(
        *(*build, PIPELINE, "--file", "deployments/Dockerfile", "--build-arg", f"BASE_IMAGE={base}", "."),
        cwd=checkout,
    )
    (project.folder / "Dockerfile").write_text(DOCKERFILE)
    call(*build, PROJECT, ".", cwd=project.folder)
    yield PROJECT
    engine.images.remove(PROJECT, force=True)
    engine.images.remove(PIPELINE, force=True)


@pytest.fixture(scope="module")
def project(new_project, sandbox_home):
    """A project with the layout of this repository."""
    project = new_project()
    environment = project.folder / "deployments/environments/here.yaml"
    environment.parent.mkdir(parents=True)
    # A variable of the worker may lead out of the project; the file itself may not.
    text = project.environment.read_text().replace(str(sandbox_home), "${PLUGINCTL_SANDBOX_HOME}")
    environment.write_text(text)
    project.manifest = project.manifest.rename(project.folder / "deployments/coins")
    return project


@pytest.fixture(scope="module")
def prefect(platform):
    """`prefect`, and its variables, for the sandbox's server."""
    variables = {**os.environ, **platform.prefect_environment, "COLUMNS": "200"}
    return Path(sys.executable).with_name("prefect"), variables


@pytest.fixture(scope="module")
def deployed(platform, project, image, prefect, sandbox_home):
    """The project, deployed into a pool of its own, which has a worker."""
    command, variables = prefect
    name = f"containers-{project.tag}"
    pool = {
        "type": "docker",
        "image": image,
        "job_variables": {
            "image_pull_policy": "Never",
            "auto_remove": True,
            "network_mode": "host",
            "env": {"PLUGINCTL_SANDBOX_HOME": str(sandbox_home)},
            # The sandbox's tokens are the files of the user who started it.
            "volumes": [f"{sandbox_home}:{sandbox_home}:ro", "/var/run/docker.sock:/var/run/docker.sock"],
            "container_create_kwargs": {"user": f"{os.getuid()}:{os.getgid()}"},
        },
    }
    plugin = {
        "source": "plugin",
        "manifest": "deployments/coins",
        "pool": name,
        "environments": {"here": None},
    }
    for path, fields in ((f"pools/{name}", pool), (f"plugins/coins-{project.tag}", plugin)):
        file = project.folder / f"deployments/{path}.yaml"
        file.parent.mkdir(exist_ok=True)
        file.write_text(yaml.safe_dump(fields))
    pluginctl = command.with_name("pluginctl")
    call(pluginctl, "deploy", cwd=project.folder, env=variables)
    words = [str(command), "worker", "start", "--pool", name, "--type", "docker"]
    worker = Program(words, platform.prefect_environment, project.folder / "worker.log")
    worker.start()
    yield f"coins-{project.tag}"
    worker.stop()
    assert SECRET not in worker.log.read_text()


def test_a_release_runs_in_a_container_of_the_pipelines_image(deployed, prefect, project, run):
    command, variables = prefect
    said = call(command, "deployment", "run", f"release/{deployed}", "--watch", env=variables)
    assert "Released" in said, said
    actions = json.loads(run(*project.arguments(), "--dry-run", "--output", "json").stdout)["actions"]
    assert {action["action"] for action in actions} == {"keep"}
