"""Runs a deployment on a worker and follows the run from a terminal."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

import httpx
from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.filters import (
    ArtifactFilter,
    ArtifactFilterFlowRunId,
    FlowRunFilter,
    FlowRunFilterId,
)
from prefect.client.schemas.objects import FlowRun, TaskRun
from prefect.exceptions import ObjectNotFound

from flows.errors import Cause, PipelineError
from flows.tasks.artifacts import kind_of


class DeploymentError(PipelineError):
    """Prefect's server, a deployment or a run on a worker failed. An error of the flow itself is in the run."""

    code = "deployment"
    cause = Cause.FAILED


class PrefectUnreachable(DeploymentError):
    """Prefect's server does not answer."""

    code = "prefect-unreachable"
    cause = Cause.UNAVAILABLE


class PrefectRefused(DeploymentError):
    """Prefect's server requires a password, and the call had none or another one."""

    code = "prefect-refused"
    cause = Cause.REFUSED

    def __init__(self) -> None:
        super().__init__(
            "Prefect's server requires a password",
            "Set PREFECT_API_AUTH_STRING; for the sandbox's server, `pluginctl sandbox env` prints it",
        )


class Watcher(Protocol):
    """Receives the progress of a run."""

    def started(self, run: FlowRun) -> None:
        """The run is scheduled."""

    def waiting(self, words: str) -> None:
        """What the run is waiting for, or which task runs now."""

    def ended(self, task: TaskRun) -> None:
        """A task has ended, with success or with a failure."""


@dataclass(frozen=True)
class RemoteRun:
    """A run that has ended.

    Attributes:
        name: The name of the run.
        completed: Whether the run succeeded.
        message: The message of the last state. It says why the run failed.
        artifacts: The last artifact of each kind (`flows.tasks.artifacts`): a table as a list of rows, Markdown as
            text.
    """

    id: UUID
    name: str
    completed: bool
    message: str
    artifacts: Mapping[str, Any]


def run_deployment(
    name: str, parameters: Mapping[str, Any], watcher: Watcher, timeout: float = 1800.0
) -> RemoteRun:
    """Starts a run of a deployment (`flow/deployment`) and follows it to its end.

    The server is the one in Prefect's settings (PREFECT_API_URL).

    Raises:
        DeploymentError: the server does not answer, refuses the call or has no such deployment, or the run did not end
            in time.
    """
    try:
        return asyncio.run(_run(name, parameters, watcher, timeout))
    except ObjectNotFound as error:
        raise DeploymentError(f"Prefect has no deployment {name}", "Deploy it: pluginctl deploy") from error
    except TimeoutError as error:
        raise DeploymentError(
            f"The run of {name} did not end within {timeout:.0f} s", "Is a worker running?"
        ) from error
    except httpx.HTTPError as error:
        lost = server_error(error)
        lost.changed = not isinstance(lost, PrefectRefused)  # the run may have begun
        raise lost from error


def server_error(error: httpx.HTTPError) -> DeploymentError:
    """What a failed call to Prefect's server means."""
    if isinstance(error, httpx.HTTPStatusError) and error.response.status_code == httpx.codes.UNAUTHORIZED:
        return PrefectRefused()
    return PrefectUnreachable(f"Prefect's server does not answer: {error}", "Is PREFECT_API_URL right?")


async def _run(name: str, parameters: Mapping[str, Any], watcher: Watcher, timeout: float) -> RemoteRun:
    async with asyncio.timeout(timeout), get_client() as client:
        deployment = await client.read_deployment_by_name(name)
        run = await client.create_flow_run_from_deployment(deployment.id, parameters=dict(parameters))
        watcher.started(run)
        seen: set[UUID] = set()
        while True:
            run = await client.read_flow_run(run.id)
            await _tasks(client, run, seen, watcher)
            if run.state is not None and run.state.is_final():
                await _tasks(client, run, seen, watcher)
                return RemoteRun(
                    run.id,
                    run.name,
                    run.state.is_completed(),
                    run.state.message or "",
                    await _artifacts(client, run),
                )
            await asyncio.sleep(0.5)


async def _tasks(client: PrefectClient, run: FlowRun, seen: set[UUID], watcher: Watcher) -> None:
    if run.state is None or not (run.state.is_running() or run.state.is_final()):
        state = (run.state.name or "").lower() if run.state else "not scheduled"
        watcher.waiting(f"waiting for a worker ({state})")
        return
    tasks = await client.read_task_runs(flow_run_filter=FlowRunFilter(id=FlowRunFilterId(any_=[run.id])))
    for task in sorted(tasks, key=_started):
        if task.state is None or task.id in seen:
            continue
        if task.state.is_final():
            seen.add(task.id)
            watcher.ended(task)
        else:
            watcher.waiting(task.name)


def _started(task: TaskRun) -> float:
    moment = task.start_time or task.expected_start_time
    return moment.timestamp() if moment else float("inf")


async def _artifacts(client: PrefectClient, run: FlowRun) -> dict[str, Any]:
    mine = ArtifactFilter(flow_run_id=ArtifactFilterFlowRunId(any_=[run.id]))
    found = await client.read_artifacts(artifact_filter=mine)
    return {kind_of(artifact.key): artifact.data for artifact in found}
