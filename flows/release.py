"""The flow `release`: a plugin's source becomes collected resources."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from prefect import flow

from flows.manifest import load_environment, split_parameters
from flows.steps.places import ENVIRONMENTS, MANIFEST, SOURCE
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
    source: str = SOURCE,
    manifest: str = MANIFEST,
    dry_run: bool = False,
    publish_only: bool = False,
    parameters: str = "",
) -> dict[str, Any]:
    """Releases a plugin into an environment.

    Args:
        environment: A file in deployments/environments, without its ending.
        source: The plugin source's folder.
        manifest: The folder of the manifest's YAML files.
        dry_run: Stop after the plan.
        publish_only: Stop when the plugin is registered: no service account, no collector, no collection.
        parameters: Fields that override the manifest's, KIND.FIELD=VALUE with spaces between them, such as
            plugin.image=team/plugin-x collector.name="My collector". Prefect shows them: no secrets here.
    """
    request = ReleaseRequest(
        load_environment(environment, Path(ENVIRONMENTS)),
        Path(source),
        Path(manifest),
        dry_run,
        publish_only,
        tuple(split_parameters(parameters)),
        secrets(),
    )
    return result_of(run_release(request, PrefectRunner()))
