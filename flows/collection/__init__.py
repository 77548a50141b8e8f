"""Collections: start a job, follow it, judge it, and read the collected resources."""

from __future__ import annotations

from flows.collection.job import Job, JobTimeout, follow, start, wait_for_others
from flows.collection.verdict import Verdict, job_tasks, judge

__all__ = ["Job", "JobTimeout", "Verdict", "follow", "job_tasks", "judge", "start", "wait_for_others"]
