"""Judges a job: SUCCESS of the platform's own is not a success."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flows.collection.job import Job
from flows.spaceone import Client

#: How 1.12 writes down an exception, whole: its class, its gRPC status and its words.
_EXCEPTION = re.compile(r"error_code = \S+ status_code = \S+ message = (.*)")
#: Where a task is, which the report names anyway.
_PLACES = frozenset({"domain_id", "workspace_id"})
_UNRECORDED = (
    "the platform recorded no words. Inventory of 1.12 does so with what it stumbles over, such as a CloudServiceType "
    "whose metadata is null (plugins on the framework of 2.x send json_metadata instead): send metadata, and look at "
    "the log of its inventory worker"
)


@dataclass(frozen=True)
class Verdict:
    """Whether a collection did what it was for.

    Attributes:
        job: The job as it ended.
        failures: Why it is a failure, in words; empty for a success.
        resources: Counts by resource type (`inventory.CloudService`, …).
        changes: What the tasks counted: created, updated, deleted, disconnected.
    """

    job: Job
    failures: tuple[str, ...]
    resources: Mapping[str, int]
    changes: Mapping[str, int]

    @property
    def success(self) -> bool:
        """Whether there is nothing against it."""
        return not self.failures

    def summary(self) -> str:
        """In one line: the first reason against it, else what the job brought."""
        if self.failures:
            more = f" (and {len(self.failures) - 1} more)" if len(self.failures) > 1 else ""
            return f"failed: {self.failures[0]}{more}"
        return ", ".join(f"{count} {name}" for name, count in self.changes.items() if count)

    def as_json(self) -> dict[str, Any]:
        """The `job` of a report."""
        return {
            "job_id": self.job.job_id,
            "status": self.job.status,
            "tasks": self.job.tasks,
            "failures": list(self.failures),
            "changes": dict(self.changes),
        }


def judge(job: Job, tasks: list[dict[str, Any]], resources: Mapping[str, int], provider: str) -> Verdict:
    """Weighs a job that has ended against its tasks and what is in the inventory.

    Args:
        job: As it ended.
        tasks: Its records of inventory.JobTask.
        resources: Counts by resource type of what the collector holds now.
        provider: Whose secrets the collector looks for, for the words.
    """
    failures = []
    if job.status == "CANCELED":
        failures.append(
            "The job was canceled: another collection of the same collector began, or somebody stopped it."
        )
    elif job.status != "SUCCESS":
        failures.append(f"The job ended as {job.status}.")
    if job.tasks == 0:
        failures.append(
            f"The job had no task: no secret matches. Is there a service account of provider {provider!r} with "
            "secret data, and does the collector's secret_filter let it through?"
        )
    failures.extend(_task_failures(tasks))
    if not failures and job.failed:
        failures.append(f"{job.failed} of {job.tasks} tasks failed: {_UNRECORDED}.")
    counts = {
        name: sum(int(task.get(f"{name}_count", 0)) for task in tasks)
        for name in ("created", "updated", "deleted", "disconnected")
    }
    # What an earlier collection brought is still in the inventory: this job's own counts tell what it brought.
    brought = counts["created"] + counts["updated"]
    if not failures and not brought:
        failures.append("The job ended well and brought no resource: the plugin reported none.")
    elif not failures and not resources.get("inventory.CloudService"):
        failures.append(
            f"The job counted {brought} resources, and the inventory holds none of this collector: does another "
            "collector bring the same ones, or does the plugin report none but types and regions?"
        )
    return Verdict(job, tuple(failures), resources, counts)


def _task_failures(tasks: list[dict[str, Any]]) -> list[str]:
    words = []
    for task in tasks:
        errors = [_error_words(error) for error in task.get("errors") or ()]
        failed = int(task.get("failure_count", 0))
        if task.get("status") not in {"SUCCESS", None} or errors or failed:
            said = "; ".join(dict.fromkeys(errors))
            said = said or (f"{failed} of its resources failed, and " if failed else "") + f"{_UNRECORDED}."
            words.append(f"Task {task.get('job_task_id')} ended as {task.get('status')}: {said}")
    return words


def _error_words(error: Mapping[str, Any]) -> str:
    code, message = str(error.get("error_code", "")), " ".join(str(error.get("message", "")).split())
    if exception := _EXCEPTION.fullmatch(message):
        message = exception[1]
    extra = {key: value for key, value in (error.get("additional") or {}).items() if key not in _PLACES}
    where = ", ".join(f"{key} {value}" for key, value in sorted(extra.items()) if isinstance(value, str))
    return f"{code}: {message}" + (f" ({where})" if where else "")


def job_tasks(client: Client, job: Job) -> list[dict[str, Any]]:
    """The tasks of a job, as the platform tells of them."""
    return client.list("inventory.JobTask.list", {"job_id": job.job_id})
