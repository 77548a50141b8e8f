"""A collection that meets another one of the same collector is tried once more."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from flows.collection import job as jobs
from flows.spaceone import Generation
from flows.steps import collection
from flows.steps.changes import Changes
from flows.steps.plugin_containers import RunningPlugin

NOT_UNIQUE = {"error_code": "ERROR_SAVE_UNIQUE_VALUES", "message": "twice"}


class Inventory:
    """Runs jobs as it is told.

    Attributes:
        script: For each collect: the status, the errors of its task, and the job of somebody else that runs then.
        held: All jobs, the newest first.
        running: How often each of somebody else's jobs is still listed as running.
    """

    def __init__(self, *script):
        self.script, self.held, self.running, self.calls, self.moment = list(script), [], {}, [], 10

    def job(self, name, status):
        self.moment += 1
        record = {
            "job_id": name,
            "status": status,
            "total_tasks": 1,
            "created_at": f"2026-01-01T00:00:{self.moment}Z",
        }
        self.held.insert(0, record)
        return record

    def list(self, method, params):
        self.calls.append(method)
        if method == "inventory.JobTask.list":
            _, errors, _ = self.script[self.number(params["job_id"])]
            return [{"job_task_id": "task", "errors": errors, "created_count": 0 if errors else 2}]
        if method == "inventory.Job.list":
            if "status" in params:
                found = [job for job in self.held if self.running.get(job["job_id"], 0) > 0]
                for job in found:
                    self.running[job["job_id"]] -= 1
                return found
            return self.held
        return []

    def number(self, name):
        return int(name.removeprefix("mine-"))

    def call(self, method, params=None, timeout=None):
        self.calls.append(method)
        if method == "inventory.Collector.collect":
            number = sum(job["job_id"].startswith("mine-") for job in self.held)
            status, _, other = self.script[number]
            if other and other[1] == "before":
                self.job(other[0], "CANCELED")
            mine = self.job(f"mine-{number}", status)
            if other and other[1] == "after":
                self.job(other[0], "SUCCESS")
                self.running[other[0]] = 3
            return {**mine, "status": "IN_PROGRESS"}
        if method == "inventory.Job.get":
            return next(job for job in self.held if job["job_id"] == params["job_id"])
        return {"total_count": 2}


@pytest.fixture(autouse=True)
def waits(monkeypatch):
    """Seconds that were waited."""
    waited = []
    clock = SimpleNamespace(monotonic=lambda: sum(waited), sleep=waited.append)
    monkeypatch.setattr(jobs, "time", clock)
    monkeypatch.setattr(collection, "last_words", lambda *_: ())
    return waited


@pytest.fixture
def collect(recorder):
    """Collects, and returns the verdict."""

    def collect(inventory):
        session = SimpleNamespace(client=inventory, environment=None, generation=Generation.V2)
        return collection.collect(
            session, "collector-1", RunningPlugin("p", "1", "x"), recorder, Changes()
        ).verdict

    return collect


def names(recorder):
    return [step.name for step in recorder.steps]


ONCE = ["wait for a running job", "collect", "follow the job", "judge"]
GOOD = ("SUCCESS", [], None)
CANCELED = ("CANCELED", [{"error_code": "ERROR_COLLECT_CANCELED", "message": "It was canceled."}])


def test_a_job_that_met_no_other_is_not_looked_at_twice(collect, recorder):
    inventory = Inventory(GOOD)
    assert collect(inventory).success
    assert names(recorder)[:4] == ONCE
    assert inventory.calls.count("inventory.Collector.collect") == 1


def test_one_that_was_canceled_by_another_ones_start_is_tried_once_more_after_its_end(
    collect, recorder, waits
):
    inventory = Inventory((*CANCELED, ("theirs", "after")), GOOD)
    verdict = collect(inventory)
    assert verdict.success
    assert verdict.job.job_id == "mine-1"
    assert names(recorder)[:8] == ONCE * 2
    words = "mine-0 ended as CANCELED because theirs of the same collector ran, too; collecting once more after its end"
    assert recorder.lines == [words]
    assert recorder.outcomes["wait for a running job"] == words
    assert waits.count(0.5) == 3, "until it has ended"


def test_one_that_is_canceled_again_fails_with_the_reason(collect, recorder):
    other = ("theirs", "after")
    verdict = collect(Inventory((*CANCELED, other), (*CANCELED, ("others", "after"))))
    assert not verdict.success
    assert verdict.failures[0] == "The job was canceled: others of the same collector began."
    assert verdict.failures[-1].startswith("It was tried twice: mine-0 met theirs before.")
    assert names(recorder).count("collect") == 2


def test_one_that_somebody_stopped_is_not_tried_again(collect, recorder):
    verdict = collect(Inventory((*CANCELED, None)))
    assert verdict.failures[0].startswith(
        "The job was canceled: another collection of the same collector began, or"
    )
    assert names(recorder).count("collect") == 1


@pytest.mark.parametrize("when", ["before", "after"])
def test_one_that_did_not_find_what_another_created_is_tried_once_more(collect, recorder, waits, when):
    """Both began at one moment, or the tasks of the one that was canceled went on."""
    inventory = Inventory(("FAILURE", [NOT_UNIQUE], ("theirs", when)), GOOD)
    assert collect(inventory).success
    assert names(recorder).count("collect") == 2
    assert (3.0 in waits) == (when == "before"), "the elder begins first"


def test_one_that_failed_so_by_itself_is_not_tried_again(collect, recorder):
    """Two of its own tasks created the same."""
    verdict = collect(Inventory(("FAILURE", [NOT_UNIQUE], None)))
    assert not verdict.success
    assert verdict.rival is None
    assert names(recorder).count("collect") == 1


def test_one_that_failed_otherwise_is_not_tried_again_although_another_ran(collect, recorder):
    verdict = collect(
        Inventory(("FAILURE", [{"error_code": "ERROR_PLUGIN", "message": "no"}], ("theirs", "after")))
    )
    assert not verdict.success
    assert names(recorder).count("collect") == 1
