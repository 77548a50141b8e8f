"""Runs the steps of a flow as Prefect tasks, and leaves artifacts in the UI."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar
from uuid import UUID

from prefect import Task
from prefect.artifacts import (
    create_markdown_artifact,
    create_progress_artifact,
    create_table_artifact,
    update_progress_artifact,
)
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas import TaskRun
from prefect.client.schemas.objects import State
from prefect.logging import get_run_logger

from flows.collection import Job
from flows.resources import Plan
from flows.steps.markdown import PLAN_COLUMNS, plan_rows, plan_summary, release_report
from flows.steps.report import Report
from flows.steps.runner import Step

T = TypeVar("T")

#: Keys of the artifacts; the UI keeps the history of each.
PLAN, PROGRESS, REPORT, RESOURCES = "plan", "collection", "report", "resources"


class PrefectRunner:
    """One flow run's: a step is a task run (law 8), with its retries and its time limit.

    What came of a step is in its log, and so in the run's.
    """

    def __init__(self) -> None:
        self._progress: UUID | None = None

    def run(self, step: Step[T]) -> T:
        """Runs one step as a task."""
        task: Task[[], T] = Task(
            fn=_function(step),
            name=step.name,
            task_run_name=step.title,
            retries=step.retries,
            retry_delay_seconds=[step.delay * 2**attempt for attempt in range(step.retries)] or 0,
            retry_condition_fn=_may_retry(step),
            timeout_seconds=step.timeout,
            cache_policy=NO_CACHE,
            persist_result=False,
        )
        return task()

    def planned(self, plan: Plan) -> None:
        """The plan as a table."""
        rows = [dict(zip(PLAN_COLUMNS, row, strict=True)) for row in plan_rows(plan.actions)]
        create_table_artifact(rows, key=PLAN, description=plan_summary(plan))

    def output(self, line: str) -> None:
        """A line of a build, in the run's log."""
        get_run_logger().info(line)

    def collecting(self, job: Job) -> None:
        """A progress bar that moves while the job does."""
        done = 100.0 * (job.tasks - job.remaining) / job.tasks if job.tasks else 100.0
        words = f"Job {job.job_id}: {job.status}, {job.tasks - job.remaining} of {job.tasks} tasks ended"
        if self._progress is None:
            created = create_progress_artifact(done, key=PROGRESS, description=words)
            self._progress = created if isinstance(created, UUID) else None
        else:
            update_progress_artifact(self._progress, done, description=words)

    def finished(self, report: Report) -> None:
        """The report, and the collected resources as a table of their own."""
        create_markdown_artifact(
            release_report(report), key=REPORT, description=f"{report.flow} of {report.plugin_id}"
        )
        rows = [dict(zip(report.columns, row, strict=True)) for row in report.rows]
        create_table_artifact(
            rows, key=RESOURCES, description="The collected resources, as the console would list them"
        )


def _function(step: Step[T]) -> Callable[[], T]:
    """A function of its own for each step: Prefect tells tasks apart by name."""

    def run() -> T:
        result = step.function()
        if words := step.words(result):
            get_run_logger().info("%s: %s", step.title, words)
        return result

    run.__name__ = run.__qualname__ = step.name.replace(" ", "_")
    run.__doc__ = step.name.capitalize() + "."
    return run


def _may_retry(step: Step[T]) -> Callable[[object, TaskRun, State[object]], bool]:
    def may_retry(_task: object, _run: TaskRun, state: State[object]) -> bool:
        try:
            state.result()
        except Exception as error:  # noqa: BLE001 - whatever the step raised, the step says whether it is worth it
            return step.may_retry(error)
        return False

    return may_retry
