"""The history of collections: an artifact that each collection writes anew, with those of the last ones."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import ArtifactCreate
from prefect.client.schemas.filters import ArtifactFilter
from prefect.client.schemas.sorting import ArtifactSort

from flows.steps.catalogue import COLLECT, FOLLOW
from flows.steps.ending import of_report
from flows.steps.history import PastCollection, as_metadata, history
from flows.steps.history_page import page, summary
from flows.steps.report import Report
from flows.steps.runner import Step
from flows.steps.subject import Subject
from flows.tasks.artifacts import HISTORY, key
from flows.tasks.outages import record
from flows.tasks.this_run import run_id
from flows.text import markdown

_VERSIONS = 3
"""The number of artifacts that are read: runs that ended at the same time have not read each other's."""


class History:
    """What one flow run adds to the history of its plugin in its environment.

    Attributes:
        begun: Whether the run has begun a collection.
    """

    def __init__(self) -> None:
        self.begun = False
        self._at: datetime | None = None
        self._since = 0.0
        self._seconds: float | None = None

    def begin(self, step: Step[Any]) -> None:
        """Notes when the collection begins."""
        if step.name == COLLECT.name:
            self.begun, self._at, self._since = True, datetime.now(UTC), time.perf_counter()

    def finish(self, step: Step[Any]) -> None:
        """Notes when its job has ended."""
        if step.name == FOLLOW.name:
            self._seconds = time.perf_counter() - self._since

    def add_report(self, report: Report, subject: Subject) -> None:
        """Adds the collection of a report that has one."""
        ending, _ = of_report(report)
        at = self._at or datetime.now(UTC)
        if run := run_id():
            _write(run, PastCollection.judged(str(run), at, self._seconds, ending, report), subject)

    def add_failure(self, state: str, subject: Subject) -> None:
        """Adds a collection that did not reach its end."""
        at = self._at or datetime.now(UTC)
        if run := run_id():
            _write(run, PastCollection.stopped(str(run), at, state, subject), subject)


def _write(run: UUID, last: PastCollection, subject: Subject) -> None:
    """Writes the history with one collection more. Nothing fails because of it."""
    name = key(HISTORY, subject)
    before = ArtifactFilter.model_validate({"key": {"any_": [name]}})

    def write() -> None:
        with get_client(sync_client=True) as client:
            found = client.read_artifacts(
                artifact_filter=before, sort=ArtifactSort.CREATED_DESC, limit=_VERSIONS
            )
            collections = history([each.metadata_ for each in found], last)
            client.create_artifact(
                ArtifactCreate(
                    key=name,
                    type="markdown",
                    description=markdown(summary(collections)),
                    data=page(collections, subject),
                    metadata_=as_metadata(collections),
                    flow_run_id=run,
                )
            )

    record(write, "The history of collections")
