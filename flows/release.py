"""The flow `release`: a plugin's source becomes collected resources."""

from __future__ import annotations

from typing import Any

from prefect import State, flow

from flows.manifest import split_parameters
from flows.steps import inputs
from flows.steps.release import ReleaseRequest
from flows.steps.release import release as run_release
from flows.steps.report import Report
from flows.steps.repositories import fetching
from flows.steps.subject import Subject
from flows.tasks.deployed import begin
from flows.tasks.outcome import conclude
from flows.tasks.runner import PrefectRunner
from flows.tasks.secrets import secrets


@flow(
    name="release",
    flow_run_name="release to {environment}",
    description="Builds a plugin, registers it with all that it needs, collects, and judges what came in.",
    persist_result=True,
    result_serializer="json",
)
def release(
    environment: str = "sandbox",
    source: str = "",
    manifest: str = "",
    dry_run: bool = False,
    publish_only: bool = False,
    parameters: str = "",
    version: str = "",
    revision: str = "",
) -> State[Any]:
    """Releases a plugin into an environment.

    Args:
        environment: The name of a file in deployments/environments or of the worker's own, without its ending.
        source: The folder of the plugin's source in the checkout, or git+https://HOST/PATH@REVISION#FOLDER. Empty: that
            of deployments/project.yaml, or plugin.
        manifest: The folder of the manifest's YAML files in the checkout, or a git address. Empty: that of
            deployments/project.yaml, or deployments/portfolio.
        dry_run: Stop after the plan.
        publish_only: Stop when the plugin is registered: no service account, no collector, no collection.
        parameters: Fields that override the manifest's, KIND.FIELD=VALUE with spaces between them, such as
            plugin.image=team/plugin-x collector.name="My collector". Prefect shows them: no secrets here.
        version: The version to release, in the place of the one in src/VERSION, such as 0.2.1.dev1.
        revision: A tag, a branch or a commit, in the place of the one in the git addresses.

    Returns:
        A state whose name says how the run ended, with the report's JSON as its data.
    """
    runner = PrefectRunner(Subject("release", environment, dry_run=dry_run))

    def work() -> Report:
        begin()
        place = inputs.environment(environment)
        from_source = inputs.source(source, revision=revision)
        from_manifest = inputs.manifest(manifest, revision=revision)
        with fetching(runner) as fetch:
            request = ReleaseRequest(
                place,
                fetch(from_source, "source"),
                fetch(from_manifest, "manifest"),
                dry_run,
                publish_only,
                tuple(split_parameters(parameters)),
                secrets(),
                version or None,
            )
            return run_release(request, runner)

    return conclude(runner, work)
