"""The flow `drift`: what of a released plugin is no longer as it was released and declared."""

from __future__ import annotations

from typing import Any

from prefect import State, flow

from flows.steps.comparison import Drift
from flows.steps.drift import drift as run_drift
from flows.steps.subject import Subject
from flows.tasks.outcome import conclude
from flows.tasks.released import read_released
from flows.tasks.runner import PrefectRunner


@flow(
    name="drift",
    flow_run_name="drift in {environment}",
    description="Compares a released plugin with the platform and the registry. Nothing is changed.",
    persist_result=True,
    result_serializer="json",
)
def drift(environment: str = "sandbox", manifest: str = "", parameters: str = "") -> State[Any]:
    """Compares a released plugin with the platform and the registry.

    Args:
        environment: The name of a file in deployments/environments or of the worker's own, without its ending.
        manifest: The folder of the manifest in the checkout that the plugin was released with, or a git address. Empty:
            that of deployments/project.yaml, or deployments/portfolio.
        parameters: Those that it was released with: KIND.FIELD=VALUE with spaces between them.

    Returns:
        A state whose name says whether something differs, with a document of the schema drift/1 as its data.
    """
    runner = PrefectRunner(Subject("drift", environment))

    def work() -> Drift:
        place, declared = read_released(environment, manifest, parameters, runner)
        return run_drift(place, declared, runner)

    return conclude(runner, work)
