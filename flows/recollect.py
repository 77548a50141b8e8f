"""The flow `recollect`: collects again with what a release made."""

from __future__ import annotations

from typing import Any

from prefect import State, flow

from flows.steps.collection import recollect as run_recollect
from flows.steps.report import Report
from flows.steps.subject import Subject
from flows.tasks.outcome import conclude
from flows.tasks.released import read_released
from flows.tasks.runner import PrefectRunner


@flow(
    name="recollect",
    flow_run_name="recollect in {environment}",
    description="Collects with a released plugin, follows the job to its end, and judges what came in.",
    persist_result=True,
    result_serializer="json",
)
def recollect(environment: str = "sandbox", manifest: str = "", parameters: str = "") -> State[Any]:
    """Collects again.

    Args:
        environment: The name of a file in deployments/environments or of the worker's own, without its ending.
        manifest: The folder of the manifest in the checkout that the collector was made from, or a git address. Empty:
            that of deployments/project.yaml, or deployments/portfolio.
        parameters: Those that it was released with: KIND.FIELD=VALUE with spaces between them.

    Returns:
        A state whose name says how the run ended, with the report's JSON as its data.
    """
    runner = PrefectRunner(Subject("recollect", environment))

    def work() -> Report:
        place, declared = read_released(environment, manifest, parameters, runner)
        return run_recollect(place, declared, runner)

    return conclude(runner, work)
