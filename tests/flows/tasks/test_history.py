"""The history of collections, on a server of Prefect's own test harness."""

from __future__ import annotations

import json
import os
import signal
from base64 import b64decode
from uuid import uuid4

import httpx
import pytest
from prefect import flow
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import ArtifactFilter
from prefect.client.schemas.objects import Artifact
from prefect.client.schemas.sorting import ArtifactSort
from prefect.exceptions import TerminationSignal

from flows.collection import Job
from flows.errors import PipelineError
from flows.spaceone.advice import from_details
from flows.steps.catalogue import COLLECT, FOLLOW
from flows.steps.errors import NotReleased
from flows.steps.runner import Step
from flows.steps.subject import Subject
from flows.tasks import outages
from flows.tasks.history import History
from flows.tasks.outcome import conclude
from flows.tasks.runner import PrefectRunner
from tests.reports import JOB, report

UNREACHABLE = from_details("identity.Provider.list", "grpc://host:1", "UNAVAILABLE", "refused")

pytestmark = [pytest.mark.prefect, pytest.mark.usefixtures("prefect_server")]


@pytest.fixture
def subject() -> Subject:
    """A plugin of its own for each test: the server is everybody's."""
    return Subject("recollect", "here", f"plugin-{uuid4()}", "0.1.0")


def run(subject: Subject, work) -> str:
    """Runs `work(runner)` as a flow of the project; gives the name of the state in which it ends."""

    @flow(name="test", persist_result=True, result_serializer="json")
    def around():
        runner = PrefectRunner(Subject(subject.flow, subject.environment))

        def about():
            runner.about(subject)
            return work(runner)

        return conclude(runner, about)

    return around(return_state=True).name


def collecting(flow_name: str = "recollect", *failures: str):
    def work(runner):
        runner.run(Step(COLLECT, lambda: JOB))
        runner.run(Step(FOLLOW, lambda: JOB))
        made = report(*failures, flow=flow_name, **({} if flow_name == "release" else {"planned": None}))
        runner.finished(made)
        return made

    return work


def failing(error: PipelineError, *steps: Step):
    def work(runner):
        for step in steps:
            runner.run(step)
        raise error

    return work


def artifacts(subject: Subject) -> list[Artifact]:
    mine = ArtifactFilter.model_validate({"key": {"any_": [f"history-{subject.plugin_id}-here"]}})
    with get_client(sync_client=True) as client:
        return client.read_artifacts(artifact_filter=mine, sort=ArtifactSort.CREATED_DESC)


def points(artifact: Artifact) -> int:
    picture = artifact.data.partition("base64,")[2].partition(")")[0]
    return b64decode(picture).decode().count("<circle")


def states(artifact: Artifact) -> list[str]:
    found = sorted(map(json.loads, (artifact.metadata_ or {}).values()), key=lambda each: each["at"])
    return [each["state"] for each in found]


def test_three_collections_give_a_chart_with_three_points(subject):
    released = Subject("release", subject.environment, subject.plugin_id, subject.version)
    assert run(released, collecting("release")) == "Unchanged"
    assert run(subject, collecting()) == "Collected"
    assert run(subject, collecting("recollect", "No secret matches.")) == "NotCollected"
    last, *before = artifacts(subject)
    assert len(before) == 2
    assert states(last) == ["Unchanged", "Collected", "NotCollected"]
    assert (last.type, points(last)) == ("markdown", 3)
    assert last.flow_run_id is not None
    assert last.description.startswith("3 collections, 1 failed. The last one: ")
    assert last.data.count("5 resources; 5 created") == 3


def test_a_collection_that_did_not_reach_its_end_is_a_failure_of_the_history(subject):
    run(subject, collecting())
    begun = Step(COLLECT, lambda: Job("job-1", "IN_PROGRESS", 4, 4, 0, 0, ""))
    assert run(subject, failing(PipelineError("lost"), begun)) == "Failed"
    assert run(subject, failing(UNREACHABLE)) == "Unreachable"
    last, *_ = artifacts(subject)
    assert states(last) == ["Collected", "Failed", "Unreachable"]
    assert points(last) == 1
    assert last.data.count("**") == 4


def test_a_run_that_was_interrupted_is_one_too(subject):
    def work(runner):
        runner.run(Step(COLLECT, lambda: JOB))
        runner.run(Step(FOLLOW, lambda: os.kill(os.getpid(), signal.SIGTERM)))
        raise AssertionError

    before = signal.signal(signal.SIGTERM, lambda *_: None)  # Prefect sends itself the signal again
    try:
        with pytest.raises(TerminationSignal):
            run(subject, work)
    finally:
        signal.signal(signal.SIGTERM, before)
    (last,) = artifacts(subject)
    assert states(last) == ["Interrupted"]


def test_what_begins_no_collection_has_no_history(subject):
    run(subject, failing(NotReleased("There is none")))
    released = Subject("release", subject.environment, subject.plugin_id)
    run(released, failing(UNREACHABLE))
    planned = report(flow="release", collected=None, dry_run=True, plugin_id=subject.plugin_id)
    run(released, lambda runner: runner.finished(planned) or planned)
    assert artifacts(subject) == []


def test_a_server_that_does_not_answer_fails_no_collection(subject, monkeypatch):
    monkeypatch.setattr(outages, "PATIENCE_SECONDS", 0.0)

    def gone(*_: object, **__: object):
        raise httpx.ConnectError("gone")

    monkeypatch.setattr(SyncPrefectClient, "read_artifacts", gone)
    assert run(subject, collecting()) == "Collected"
    monkeypatch.undo()
    assert artifacts(subject) == []


def test_outside_of_a_flow_run_there_is_none(subject):
    History().add_failure("Failed", subject)
    assert artifacts(subject) == []
