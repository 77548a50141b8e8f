"""The flow `rollback`: the collector runs an older version that was released."""

from __future__ import annotations

from typing import Any

from prefect import State, flow

from flows.steps.report import Report
from flows.steps.rollback import rollback as run_rollback
from flows.steps.subject import Subject
from flows.tasks.outcome import conclude
from flows.tasks.released import read_released
from flows.tasks.runner import PrefectRunner


@flow(
    name="rollback",
    flow_run_name="rollback to {version} in {environment}",
    description="Moves a collector to a version that was released before, collects, and judges what came in.",
    persist_result=True,
    result_serializer="json",
)
def rollback(
    version: str,
    environment: str = "sandbox",
    manifest: str = "",
    dry_run: bool = False,
    parameters: str = "",
) -> State[Any]:
    """Rolls back.

    Args:
        version: The version to run, such as 0.2.0. `pluginctl history` lists those that were released.
        environment: The name of a file in deployments/environments or of the worker's own, without its ending.
        manifest: The folder of the manifest in the checkout that the plugin was released with, or a git address. Empty:
            that of deployments/project.yaml, or deployments/portfolio.
        dry_run: Stop after the plan.
        parameters: Those that it was released with: KIND.FIELD=VALUE with spaces between them.

    Returns:
        A state whose name says how the run ended, with the report's JSON as its data.
    """
    runner = PrefectRunner(Subject("rollback", environment, version=version, dry_run=dry_run))

    def work() -> Report:
        place, declared = read_released(environment, manifest, parameters, runner)
        return run_rollback(place, declared, version, runner, dry_run=dry_run)

    return conclude(runner, work)
