"""What a run of a deployment that `pluginctl deploy` has made begins with."""

from __future__ import annotations

import os
from pathlib import Path

from flows.pipeline import pipeline_version
from flows.steps.errors import OtherVersion
from flows.steps.places import PROJECT
from flows.tasks.this_run import get_run

TAG = "pluginctl"
"""Marks what `pluginctl deploy` has made. The version of such a deployment is that of the pipeline."""


def start_folder(project: str) -> str:
    """The folder in which Prefect starts a run of a project: its `deployments/`.

    Prefect puts that folder first on Python's path. In the project's own, a folder `flows` of somebody else would be
    imported in the place of the pipeline's.
    """
    return f"{project.rstrip('/')}/{PROJECT}"


def begin() -> None:
    """Goes to the project's folder, and refuses a run that another version of the pipeline has deployed.

    A form and its parameters belong to the version that deployed them. Other deployments, such as those of
    prefect.yaml, begin in the project and have versions of their own.

    Raises:
        OtherVersion: the worker has another version.
    """
    run = get_run()
    if run is None or TAG not in run.tags:
        return
    if Path.cwd().name == PROJECT:
        os.chdir(os.pardir)
    here = pipeline_version()
    if run.deployment_version and run.deployment_version != here:
        raise OtherVersion(run.deployment_version, here)
