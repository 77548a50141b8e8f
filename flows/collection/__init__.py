"""Collections: start a job, follow it, judge it, and read the collected resources."""

from __future__ import annotations

from flows.collection.job import Job, JobTimeout, find_rival, follow, make_way, start, wait_for_others
from flows.collection.verdict import Verdict, job_tasks, judge, may_have_met

__all__ = [
    "Job",
    "JobTimeout",
    "Verdict",
    "find_rival",
    "follow",
    "job_tasks",
    "judge",
    "make_way",
    "may_have_met",
    "start",
    "wait_for_others",
]
