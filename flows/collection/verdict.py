"""Judges a job: the platform's status SUCCESS is not enough for a success."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flows.collection.job import Job
from flows.spaceone import Client

#: How 1.12 records an exception: its class, its gRPC status and its message.
_EXCEPTION = re.compile(r"error_code = \S+ status_code = \S+ message = (.*)")
#: Keys for the place of a task, which the report names anyway.
_PLACES = frozenset({"domain_id", "workspace_id"})
_UNRECORDED = (
    "the platform recorded no message. Inventory of 1.12 does so for unexpected errors, such as a CloudServiceType "
    "whose metadata is null (plugins on the framework of 2.x send json_metadata instead): send metadata, and look at "
    "the log of its inventory worker"
)
_AT_ONCE = (
    ": it exists by now. Probably two tasks created it at the same moment: then the next collection finds it, and the "
    "plugin avoids it if one task alone reports it"
)


@dataclass(frozen=True)
class Verdict:
    """Whether a collection was a success, and why not.

    Attributes:
        job: The job as it ended.
        failures: Why it is a failure, as messages; empty for a success.
        resources: Counts by resource type (`inventory.CloudService`, …).
        changes: What the tasks counted: created, updated, deleted, disconnected.
        log: After a failure, the last lines of the plugin's container since the job began, where they can be read.
        rival: The job of the same collector that it met, and that explains the failure.
    """

    job: Job
    failures: tuple[str, ...]
    resources: Mapping[str, int]
    changes: Mapping[str, int]
    log: tuple[str, ...] = ()
    rival: Job | None = None

    @property
    def success(self) -> bool:
        """Whether there are no failures."""
        return not self.failures

    def summary(self) -> str:
        """One line: the first failure, or the counts of the job."""
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
            "log": list(self.log),
        }


def judge(
    job: Job,
    tasks: list[dict[str, Any]],
    resources: Mapping[str, int],
    provider: str,
    rival: Job | None = None,
) -> Verdict:
    """Compares a job that has ended with its tasks and with the inventory.

    Args:
        job: The job after its end.
        tasks: Its records of inventory.JobTask.
        resources: The collector's resources in the inventory now, counted by resource type.
        provider: The provider of the collector's secrets, for messages.
        rival: The job of the same collector that it met, if there is one.
    """
    failures = []
    if job.status == "CANCELED" and rival is not None:
        failures.append(f"The job was canceled: {rival.job_id} of the same collector began.")
    elif job.status == "CANCELED":
        failures.append(
            "The job was canceled: another collection of the same collector began, or somebody stopped it."
        )
    elif job.status != "SUCCESS":
        failures.append(f"The job ended as {job.status}.")
    if job.tasks == 0:
        failures.append(
            f"The job had no task: no secret matches. Is there a service account of provider {provider!r} with "
            "secret data, and does the collector's secret_filter select it?"
        )
    failures.extend(_task_failures(tasks))
    if not failures and job.failed:
        failures.append(f"{job.failed} of {job.tasks} tasks failed: {_UNRECORDED}.")
    counts = {
        name: sum(int(task.get(f"{name}_count", 0)) for task in tasks)
        for name in ("created", "updated", "deleted", "disconnected")
    }
    # The inventory still contains resources of earlier collections: only this job's counts show what it collected.
    brought = counts["created"] + counts["updated"]
    if not failures and not brought:
        failures.append("The job ended well but collected no resource: the plugin reported none.")
    elif not failures and not resources.get("inventory.CloudService"):
        failures.append(
            f"The job counted {brought} resources, but the inventory holds none of this collector. Does another "
            "collector collect the same ones, or does the plugin report only types and regions?"
        )
    return Verdict(job, tuple(failures), resources, counts, rival=rival)


def may_have_met(job: Job, tasks: list[dict[str, Any]]) -> bool:
    """Whether a job ended as one does that runs at the same time as another one of its collector.

    The platform cancels the job of a collector when another one begins. If two begin at one moment, both run, and one
    does not find what the other creates.
    """
    return job.status == "CANCELED" or any(
        _exists(error) for task in tasks for error in task.get("errors") or ()
    )


def _exists(error: Mapping[str, Any]) -> bool:
    """Whether a task could not create something because it was created meanwhile: the service or its index says so."""
    code, message = str(error.get("error_code")), str(error.get("message"))
    return code == "ERROR_SAVE_UNIQUE_VALUES" or "duplicate unique keys" in message


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
    at_once = _AT_ONCE if _exists(error) else ""
    return f"{code}: {message}" + (f" ({where})" if where else "") + at_once


def job_tasks(client: Client, job: Job) -> list[dict[str, Any]]:
    """The tasks of a job, as the platform records them."""
    return client.list("inventory.JobTask.list", {"job_id": job.job_id})
