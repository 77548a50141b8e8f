"""That what runs is the version of the pipeline that was deployed."""

from __future__ import annotations

from flows.pipeline import pipeline_version
from flows.steps.errors import OtherVersion
from flows.tasks.this_run import get_run

TAG = "pluginctl"
"""Marks what `pluginctl deploy` has made. The version of such a deployment is that of the pipeline."""


def check_version() -> None:
    """Refuses the run of a deployment that another version of the pipeline has made.

    A form and its parameters belong to the version that deployed them. Other deployments, such as those of
    prefect.yaml, have versions of their own.

    Raises:
        OtherVersion: the worker has another version.
    """
    run = get_run()
    if run is None or TAG not in run.tags or not run.deployment_version:
        return
    here = pipeline_version()
    if run.deployment_version != here:
        raise OtherVersion(run.deployment_version, here)
