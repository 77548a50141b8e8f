"""That what runs is the version of the pipeline that was deployed."""

from __future__ import annotations

from importlib.metadata import version

from prefect.context import FlowRunContext

from flows.steps.errors import OtherVersion

TAG = "pluginctl"
"""Marks what `pluginctl deploy` has made. The version of such a deployment is that of the pipeline."""
DISTRIBUTION = "spaceone-plugin-pipeline"


def check_version() -> None:
    """Refuses the run of a deployment that another version of the pipeline has made.

    A form and its parameters belong to the version that deployed them. Other deployments, such as those of
    prefect.yaml, have versions of their own.

    Raises:
        OtherVersion: the worker has another version.
    """
    context = FlowRunContext.get()
    run = context.flow_run if context else None
    if run is None or TAG not in run.tags or not run.deployment_version:
        return
    here = version(DISTRIBUTION)
    if run.deployment_version != here:
        raise OtherVersion(run.deployment_version, here)
