"""Runs the steps of a flow as Prefect tasks, and leaves artifacts in the UI."""

from __future__ import annotations

from contextlib import ExitStack, suppress
from datetime import UTC, datetime
from typing import Self, TypeVar, cast
from uuid import UUID

import httpx
from prefect.artifacts import (
    create_markdown_artifact,
    create_progress_artifact,
    create_table_artifact,
    update_progress_artifact,
)
from prefect.logging import get_run_logger

from flows.collection import Job
from flows.errors import PipelineError
from flows.resources import Plan
from flows.steps.comparison import Drift
from flows.steps.ending import Ending
from flows.steps.errors import NothingCollected, NotReleased
from flows.steps.markdown import (
    PLAN_COLUMNS,
    cells,
    drift_report,
    plan_rows,
    plan_text,
    release_report,
)
from flows.steps.progress import Progress
from flows.steps.report import Report
from flows.steps.runner import Step
from flows.steps.stopped import interrupted_report, job_goes_on, stopped_report
from flows.steps.subject import Subject
from flows.tasks.artifacts import DRIFT, PLAN, PROGRESS, REPORT, RESOURCES, key
from flows.tasks.history import History
from flows.tasks.lateness import check_wait
from flows.tasks.limits import one_at_a_time
from flows.tasks.outages import record
from flows.tasks.steps import TaskRuns
from flows.tasks.this_run import links, rename, run_id
from flows.text import log_line, markdown, shortened

T = TypeVar("T")
_LONGEST = 500


class PrefectRunner:
    """The runner of one flow run: each step is a task run, with its retries and its time limit.

    As a context, it frees the collector at the end.

    Args:
        subject: What the run is about, as far as its parameters say it.
    """

    def __init__(self, subject: Subject) -> None:
        self.progress = Progress(subject)
        self._held = ExitStack()
        self._holds = False
        self._history = History()
        self._tasks = TaskRuns()
        self._bar: UUID | None = None

    @property
    def origin(self) -> str:
        """The page of the flow run, or its id if the server's pages have no address."""
        return next((page for name, page in links() if name == "run"), f"flow run {run_id()}")

    def run(self, step: Step[T]) -> T:
        """Runs one step as a task."""
        self.progress.begin(step)
        self._history.begin(step)
        result = cast("T", self._tasks.run(step))
        self._history.finish(step)
        self.progress.finish(step, result)
        return result

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._held.close()

    def about(self, subject: Subject) -> None:
        """Gives the flow run its name and tags, and waits until no other run uses the collector."""
        self.progress.subject = subject
        rename(subject.title, subject.tags)
        if subject.plugin_id and not self._holds:
            self._holds = True
            arrived = datetime.now(UTC)
            self._held.enter_context(one_at_a_time(subject))
            check_wait(arrived)

    def planned(self, plan: Plan) -> None:
        """Stores the plan: what changes and why as text, and a short table."""
        self.progress.plan = plan
        rows = cells(PLAN_COLUMNS, plan_rows(plan.actions))
        record(
            lambda: create_table_artifact(rows, key=self._key(PLAN), description=plan_text(plan)), "The plan"
        )

    def output(self, line: str) -> None:
        """Writes a line of a build to the run's log."""
        get_run_logger().info(log_line(line))

    def collecting(self, job: Job) -> None:
        """Shows the job's progress as a progress bar."""
        done = 100.0 * (job.tasks - job.remaining) / job.tasks if job.tasks else 100.0
        words = markdown(
            f"Job {job.job_id}: {job.status}, {job.tasks - job.remaining} of {job.tasks} tasks ended"
        )
        with suppress(httpx.TransportError):  # the next state of the job comes soon
            if self._bar is None:
                created = create_progress_artifact(done, key=self._key(PROGRESS), description=words)
                self._bar = created if isinstance(created, UUID) else None
            else:
                update_progress_artifact(self._bar, done, description=words)

    def finished(self, report: Report) -> None:
        """Stores the report, the collected resources as a separate table, and the history with them."""
        self._report(release_report(report, links()))
        if collected := report.collected:
            rows = cells(collected.columns, collected.rows)
            words = "The collected resources, as the console would list them"
            record(
                lambda: create_table_artifact(rows, key=self._key(RESOURCES), description=words),
                "The table of resources",
            )
            self._history.add_report(report, self.progress.subject)

    def compared(self, drift: Drift) -> None:
        """Stores what a drift check found; its last version is there also if nothing differs."""
        text, words = drift_report(drift, links()), markdown(shortened(drift.summary(), _LONGEST))
        record(
            lambda: create_markdown_artifact(text, key=self._key(DRIFT), description=words),
            "What the drift check found",
        )

    def stopped(self, ending: Ending, error: PipelineError) -> None:
        """Stores the report of a run that an error has stopped."""
        self._report(stopped_report(self.progress, ending, error, links()))
        # A re-collection that could not begin is one that is missing, unless there is nothing to collect with.
        missing = self.progress.subject.flow == "recollect" and not isinstance(
            error, (NotReleased, NothingCollected)
        )
        if self._history.begun or (missing and self.progress.subject.plugin_id):
            self._history.add_failure(ending.name, self.progress.subject)

    def interrupted(self) -> None:
        """Stores the report of a run that was cancelled, and says what goes on without it."""
        if words := job_goes_on(self.progress):
            get_run_logger().warning("%s", words)
        self._report(interrupted_report(self.progress, links()))
        if self._history.begun:
            self._history.add_failure("Interrupted", self.progress.subject)

    def _report(self, text: str) -> None:
        title = markdown(self.progress.subject.title)
        record(lambda: create_markdown_artifact(text, key=self._key(REPORT), description=title), "The report")

    def _key(self, kind: str) -> str:
        return key(kind, self.progress.subject)
