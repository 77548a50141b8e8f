"""The steps as Prefect tasks: one for each row of `flows/steps/catalogue.py`, with its retries.

A task receives its step, which contains the function to run, and carries it out. The step enforces the time limit, not
Prefect, so that the message names the step and says what to do.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from prefect import Task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas import TaskRun
from prefect.client.schemas.objects import State
from prefect.logging import get_run_logger
from prefect.runtime import task_run
from prefect.states import Failed
from prefect.utilities.annotations import quote

from flows.errors import PipelineError
from flows.images.errors import EngineError
from flows.steps.catalogue import BUILD, CARRY_OUT, STEPS, StepKind
from flows.steps.runner import Step, announcement, pause_before
from flows.tasks.limits import build_slot
from flows.text import printable


def carry_out(step: Step[Any]) -> Any:
    """Runs a step once, and writes a summary of its result to the run's log.

    Returns:
        The result, or a failed state for a known error that will not be retried: Prefect logs a traceback for an error
        that is raised.
    """
    try:
        with _slot(step.kind):
            result = step.once()
    except PipelineError as error:
        if _will_retry(step.kind, error, task_run.run_count):
            raise
        return Failed(message=printable(str(error), keep="\n"), data=error)
    if summary := step.summary(result):
        get_run_logger().info("%s", printable(f"{step.title}: {summary}"))
    return result


def _slot(kind: StepKind) -> AbstractContextManager[None]:
    """Keeps two builds on one Docker engine apart: both would fill its disk and memory, and take twice as long."""
    if kind.name != BUILD.name:
        return nullcontext()
    from flows.images.engine.client import Engine

    try:
        with Engine.connect() as engine:
            return build_slot(engine.api.engine_id())
    except EngineError:  # the build says so itself
        return nullcontext()


def _will_retry(kind: StepKind, error: BaseException, tries: int) -> bool:
    return kind.retries.of(error) and tries < kind.retries.tries


def _may_retry(kind: StepKind) -> Callable[[object, TaskRun, State[Any]], bool]:
    def may_retry(_task: object, run: TaskRun, state: State[Any]) -> bool:
        try:
            state.result()
        except Exception as error:  # noqa: BLE001 - whatever the step raised, its kind says whether it is worth it
            again = _will_retry(kind, error, run.run_count)
            if again:
                number = run.run_count + 1
                get_run_logger().warning("%s", printable(announcement(kind, run.name, error, number)))
                # Prefect pauses as the table says; a registry may ask for more.
                time.sleep(pause_before(kind, error, number) - kind.retries.pauses[number - 2])
            return again
        return False

    return may_retry


_TAGS = {"": "reads", "the Docker engine": "engine", "the registry": "registry", "the platform": "platform"}
"""By what a step changes: the tag of its task runs, for filters and for limits of concurrency."""


def _task(kind: StepKind) -> Task[[Step[Any]], Any]:
    return Task(
        fn=carry_out,
        name=kind.name,
        description=kind.does,
        retries=len(kind.retries.pauses),
        retry_delay_seconds=list(kind.retries.pauses) or 0,
        retry_condition_fn=_may_retry(kind),
        tags=[_TAGS[kind.changes]],
        cache_policy=NO_CACHE,
        persist_result=False,
    )


#: By the name of the step.
TASKS = {kind.name: _task(kind) for kind in STEPS}


class TaskRuns:
    """Runs the steps of one flow run, one after another, each as a task run that waits for the one before."""

    def __init__(self) -> None:
        self._before: list[State[Any]] = []

    def run(self, step: Step[Any]) -> Any:
        """Runs a step as a task run with the step's name, and returns the step's result.

        Raises:
            Exception: the error of the step.
        """
        task = TASKS.get(step.name, TASKS[CARRY_OUT.name])
        # A function, because Prefect takes a text for a template: a name with a brace would break it.
        named: Any = task.with_options(name=step.name, task_run_name=lambda: printable(step.title))
        state = named(quote(step), wait_for=self._before, return_state=True)
        self._before = [state]
        return state.result()
