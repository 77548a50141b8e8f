"""The flow `release`: a plugin's source becomes collected resources."""

from __future__ import annotations

from typing import Any

from prefect import flow

from flows.manifest import split_parameters
from flows.steps import inputs
from flows.steps.release import ReleaseRequest
from flows.steps.release import release as run_release
from flows.tasks.outcome import result_of
from flows.tasks.runner import PrefectRunner
from flows.tasks.secrets import secrets


@flow(
    name="release",
    flow_run_name="release to {environment}",
    description="Builds a plugin, registers it with all that it needs, collects, and judges what came in.",
)
def release(
    environment: str = "sandbox",
    source: str = "",
    manifest: str = "",
    dry_run: bool = False,
    publish_only: bool = False,
    parameters: str = "",
) -> dict[str, Any]:
    """Releases a plugin into an environment.

    Args:
        environment: The name of a file in deployments/environments or of the worker's own, without its ending.
        source: The folder of the plugin's source in the checkout. Empty: that of deployments/project.yaml, or plugin.
        manifest: The folder of the manifest's YAML files in the checkout. Empty: that of deployments/project.yaml, or
            deployments/portfolio.
        dry_run: Stop after the plan.
        publish_only: Stop when the plugin is registered: no service account, no collector, no collection.
        parameters: Fields that override the manifest's, KIND.FIELD=VALUE with spaces between them, such as
            plugin.image=team/plugin-x collector.name="My collector". Prefect shows them: no secrets here.
    """
    request = ReleaseRequest(
        inputs.environment(environment),
        inputs.source(source),
        inputs.manifest(manifest),
        dry_run,
        publish_only,
        tuple(split_parameters(parameters)),
        secrets(),
    )
    return result_of(run_release(request, PrefectRunner()))
