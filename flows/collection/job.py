"""Starts a collection and follows its job on the platform."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flows.errors import Cause
from flows.spaceone import Client, SpaceoneError

_RUNNING = {"IN_PROGRESS", "PENDING"}
_RECENT = 20
"""How many of a collector's jobs are looked at, the newest first, to find the one that met another."""
_HEAD_START_SECONDS = 3.0
"""By how much the younger of two jobs that met is tried again later than the elder."""


class JobTimeout(SpaceoneError):
    """A job was still running when its time limit ended."""

    code = "job-timeout"
    cause = Cause.FAILED


@dataclass(frozen=True)
class Job:
    """The state of a job on the platform at one moment.

    Attributes:
        job_id: The platform's id.
        status: IN_PROGRESS, SUCCESS, FAILURE or CANCELED.
        tasks: The number of its tasks, one for each secret.
        remaining: The number of tasks that have not ended.
        succeeded: The number of tasks that succeeded.
        failed: The number of tasks that failed.
        created_at: When it began, in ISO 8601.
        finished_at: When it ended, in ISO 8601; empty before.
    """

    job_id: str
    status: str
    tasks: int
    remaining: int
    succeeded: int
    failed: int
    created_at: str
    finished_at: str = ""

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Job:
        """Reads a record of inventory.Job; numbers that are zero are absent from it."""
        return cls(
            str(record["job_id"]),
            str(record.get("status", "")),
            int(record.get("total_tasks", 0)),
            int(record.get("remained_tasks", 0)),
            int(record.get("success_tasks", 0)),
            int(record.get("failure_tasks", 0)),
            str(record.get("created_at", "")),
            str(record.get("finished_at") or ""),
        )

    @property
    def running(self) -> bool:
        """Whether it has not ended."""
        return self.status in _RUNNING


def start(client: Client, collector_id: str, timeout: float = 120.0) -> Job:
    """Starts a collection.

    The request is sent once: a second collect cancels the job of the first, so it must never be repeated blindly.

    Args:
        client: With the domain's token.
        collector_id: The collector.
        timeout: Seconds; the platform may start the plugin's container before it answers.
    """
    return Job.from_record(
        client.call("inventory.Collector.collect", {"collector_id": collector_id}, timeout)
    )


def running(client: Client, collector_id: str) -> list[Job]:
    """The jobs of a collector that have not ended."""
    records = client.list("inventory.Job.list", {"collector_id": collector_id, "status": "IN_PROGRESS"})
    return [Job.from_record(record) for record in records]


def wait_for_others(client: Client, collector_id: str, patience: float = 600.0) -> None:
    """Waits until no job of a collector is running, because starting one would cancel it.

    Args:
        client: With the domain's token.
        collector_id: The collector.
        patience: Seconds within which the running jobs must make progress.

    Raises:
        JobTimeout: they made no progress and may be dead (the platform gives up on them after two hours).
    """
    before: list[Job] = []
    deadline = time.monotonic() + patience
    while jobs := running(client, collector_id):
        if jobs != before:
            before, deadline = jobs, time.monotonic() + patience
        if time.monotonic() > deadline:
            raise JobTimeout(
                f"Job {jobs[0].job_id} of this collector is running and has made no progress for {patience:.0f} s; "
                "another collection would cancel it.",
                f"If it is dead, delete it: spacectl exec delete inventory.Job -p job_id={jobs[0].job_id}",
            )
        time.sleep(0.5)


def find_rival(client: Client, collector_id: str, job: Job) -> Job | None:
    """Finds the job of the same collector that ran at the same time as another one, which it may have canceled.

    Args:
        client: With the domain's token.
        collector_id: The collector.
        job: The other one, after its end.

    Returns:
        The first one that began after it, one that still runs or had not ended when it began, or the one before it that
        it has canceled itself; None if there is none: then somebody else stopped it.
    """
    query = {"page": {"start": 1, "limit": _RECENT}}  # the services sort by the newest
    records = client.list("inventory.Job.list", {"collector_id": collector_id, "query": query})
    others = [other for other in map(Job.from_record, records) if other.job_id != job.job_id]
    others.sort(key=_age)
    before = [other for other in others if _age(other) < _age(job)]
    later = [other for other in others if other not in before]
    beside = [other for other in before if other.running or other.finished_at >= job.created_at]
    canceled = [other for other in before[-1:] if other.status == "CANCELED"]
    return next(iter([*later, *beside, *canceled]), None)


def make_way(client: Client, collector_id: str, job: Job, rival: Job) -> None:
    """Waits, before a collection is tried once more, until the one that it met has ended.

    If both are tried once more, the elder begins: else they would meet again.

    Raises:
        JobTimeout: as `wait_for_others`.
    """
    wait_for_others(client, collector_id)
    if _age(rival) < _age(job):
        time.sleep(_HEAD_START_SECONDS)
        wait_for_others(client, collector_id)


def _age(job: Job) -> tuple[str, str]:
    return job.created_at, job.job_id


def follow(
    client: Client,
    job: Job,
    on_progress: Callable[[Job], None],
    timeout: float = 1800.0,
    interval: float = 1.0,
) -> Job:
    """Reads a job until it has ended.

    Args:
        client: With the domain's token.
        job: As `start` returned it.
        on_progress: Called with every state that differs from the one before.
        timeout: Seconds in total.
        interval: The longest pause between two reads, in seconds; the first pauses are shorter.

    Raises:
        JobTimeout: it was still running at the end of `timeout`.
    """
    deadline = time.monotonic() + timeout
    wait = 0.1
    on_progress(job)
    while job.running:
        if time.monotonic() > deadline:
            raise JobTimeout(
                f"Job {job.job_id} was still running after {timeout:.0f} s: "
                f"{job.remaining} of {job.tasks} tasks remain.",
                "It continues on the platform: look at inventory.JobTask there, or allow more time.",
            )
        time.sleep(wait)
        wait = min(wait * 1.5, interval)
        now = Job.from_record(client.call("inventory.Job.get", {"job_id": job.job_id}))
        if now != job:
            on_progress(now)
        job = now
    return job
