"""Runs the steps of a flow as Prefect tasks, and leaves artifacts in the UI."""

from __future__ import annotations

from typing import TypeVar, cast
from uuid import UUID

from prefect.artifacts import (
    create_markdown_artifact,
    create_progress_artifact,
    create_table_artifact,
    update_progress_artifact,
)
from prefect.logging import get_run_logger

from flows.collection import Job
from flows.resources import Plan
from flows.steps.markdown import PLAN_COLUMNS, cells, plan_rows, plan_summary, release_report
from flows.steps.report import Report
from flows.steps.runner import Step
from flows.tasks.steps import run_as_task
from flows.text import log_line, markdown

T = TypeVar("T")

#: Keys of the artifacts; the UI keeps the history of each.
PLAN, PROGRESS, REPORT, RESOURCES = "plan", "collection", "report", "resources"


class PrefectRunner:
    """The runner of one flow run: each step is a task run, with its retries and its time limit."""

    def __init__(self) -> None:
        self._progress: UUID | None = None

    def run(self, step: Step[T]) -> T:
        """Runs one step as a task."""
        return cast("T", run_as_task(step))

    def planned(self, plan: Plan) -> None:
        """Stores the plan as a table."""
        rows = cells(PLAN_COLUMNS, plan_rows(plan.actions))
        create_table_artifact(rows, key=PLAN, description=markdown(plan_summary(plan)))

    def output(self, line: str) -> None:
        """Writes a line of a build to the run's log."""
        get_run_logger().info(log_line(line))

    def collecting(self, job: Job) -> None:
        """Shows the job's progress as a progress bar."""
        done = 100.0 * (job.tasks - job.remaining) / job.tasks if job.tasks else 100.0
        words = markdown(
            f"Job {job.job_id}: {job.status}, {job.tasks - job.remaining} of {job.tasks} tasks ended"
        )
        if self._progress is None:
            created = create_progress_artifact(done, key=PROGRESS, description=words)
            self._progress = created if isinstance(created, UUID) else None
        else:
            update_progress_artifact(self._progress, done, description=words)

    def finished(self, report: Report) -> None:
        """Stores the report, and the collected resources as a separate table."""
        create_markdown_artifact(
            release_report(report), key=REPORT, description=markdown(f"{report.flow} of {report.plugin_id}")
        )
        collected = report.collected
        rows = cells(collected.columns, collected.rows) if collected else []
        create_table_artifact(
            rows, key=RESOURCES, description="The collected resources, as the console would list them"
        )
