"""How a flow run ends, on a server of Prefect's own test harness."""

from __future__ import annotations

import logging
import os
import signal

import pytest
from prefect import flow
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterFlowRunId
from prefect.exceptions import TerminationSignal
from prefect.runtime import flow_run

from flows.errors import PipelineError
from flows.resources import Action, Verb
from flows.steps.catalogue import FOLLOW
from flows.steps.errors import NotReleased, PlanBlocked
from flows.steps.runner import Step
from flows.steps.subject import Subject
from flows.tasks.artifacts import kind_of
from flows.tasks.outcome import KnownErrors, VerdictFailed, conclude
from flows.tasks.runner import PrefectRunner
from tests.reports import report

pytestmark = [pytest.mark.prefect, pytest.mark.usefixtures("prefect_server")]

BLOCKED = Action("plugin", "portfolio", Verb.BLOCKED, reason="Its image is another.")


class Seen:
    """A flow run, as the server knows it afterwards."""

    def __init__(self, work) -> None:
        identity = []

        @flow(name="test", persist_result=True, result_serializer="json")
        def around():
            identity.append(flow_run.id)
            runner = PrefectRunner(Subject("release", "sandbox"))
            return conclude(runner, lambda: work(runner))

        try:
            self.returned = around(return_state=True)
        except TerminationSignal:
            self.returned = None
        mine = ArtifactFilter(flow_run_id=ArtifactFilterFlowRunId(any_=identity))
        with get_client(sync_client=True) as client:
            self.run = client.read_flow_run(identity[0])
            found = client.read_artifacts(artifact_filter=mine)
        self.artifacts = {kind_of(each.key): each for each in found}


def failing(error):
    def work(runner):
        runner.about(Subject("release", "sandbox", "portfolio", "0.1.0"))
        raise error

    return work


def test_a_run_that_did_its_work_has_a_name_for_it_and_the_report_as_its_result():
    seen = Seen(lambda _: report(collected=None, dry_run=True))
    assert (seen.run.state.type, seen.run.state.name) == ("COMPLETED", "Unchanged")
    with get_client(sync_client=True) as client:  # as a caller elsewhere reads it
        read = client.read_flow_run(seen.run.id).state.result()
    assert read == report(collected=None, dry_run=True).as_json()


def test_a_failed_verdict_fails_the_run_with_every_reason():
    seen = Seen(lambda _: report("No secret matches.", "And more."))
    assert (seen.run.state.type, seen.run.state.name) == ("FAILED", "NotCollected")
    assert seen.run.state.message == "No secret matches. And more."
    with pytest.raises(VerdictFailed, match=r"^No secret matches\. And more\.$"):
        seen.returned.result()


def test_a_dry_run_that_meets_a_blocked_action_says_so_in_its_state_and_leaves_a_report():
    blocked = report(collected=None, dry_run=True, actions=(BLOCKED,))

    def work(runner):
        runner.finished(blocked)  # as `release` does
        return blocked

    seen = Seen(work)
    assert (seen.run.state.type, seen.run.state.name) == ("FAILED", "Blocked")
    assert "Its image is another." in seen.run.state.message
    assert "Its image is another." in seen.artifacts["report"].data
    with pytest.raises(PlanBlocked):
        seen.returned.result()


def test_a_refusal_has_a_name_a_reason_and_a_report():
    seen = Seen(failing(NotReleased("There is none", "Release it")))
    assert (seen.run.name, seen.run.state.name) == ("release portfolio 0.1.0 to sandbox", "Refused")
    assert {"plugin:portfolio", "version:0.1.0", "environment:sandbox", "release"} <= {*seen.run.tags}
    assert seen.run.state.message == "There is none. Release it."
    assert seen.artifacts["report"].key == "report-portfolio-sandbox"
    assert "Nothing was changed." in seen.artifacts["report"].data
    assert f"/runs/flow-run/{seen.run.id}" in seen.artifacts["report"].data


def test_an_error_after_a_change_is_incomplete_and_says_how_to_go_on():
    error = PipelineError("lost")
    error.changed = True
    seen = Seen(failing(error))
    assert seen.run.state.name == "Incomplete"
    assert "completed work is kept" in seen.run.state.message


def test_a_schedule_of_what_was_never_released_is_no_failure(monkeypatch):
    monkeypatch.setattr("flows.tasks.outcome.is_scheduled", lambda: True)
    seen = Seen(failing(NotReleased("There is none", "Release it")))
    assert (seen.run.state.type, seen.run.state.name) == ("COMPLETED", "Skipped")


@pytest.mark.parametrize(("error", "written"), [(NotReleased("x"), False), (ZeroDivisionError("x"), True)])
def test_the_engines_traceback_of_a_known_error_is_left_out(error, written):
    record = logging.LogRecord(
        "prefect.engine", logging.ERROR, "", 0, "exited", (), (type(error), error, None)
    )
    assert bool(KnownErrors().filter(record)) is written
    for name in ("prefect.engine", "prefect.flow_runs"):
        assert any(isinstance(each, KnownErrors) for each in logging.getLogger(name).filters)


def test_a_bug_keeps_its_traceback():
    seen = Seen(failing(ZeroDivisionError("oh")))
    assert (seen.run.state.type, seen.run.state.name) == ("FAILED", "Failed")
    with pytest.raises(ZeroDivisionError):
        seen.returned.result()


def test_a_run_that_is_terminated_says_where_it_was():
    def work(runner):
        runner.run(Step(FOLLOW, lambda: os.kill(os.getpid(), signal.SIGTERM)))
        raise AssertionError

    before = signal.signal(signal.SIGTERM, lambda *_: None)  # Prefect sends itself the signal again
    try:
        seen = Seen(work)
    finally:
        signal.signal(signal.SIGTERM, before)
    assert seen.run.state.type == "CRASHED"
    assert "while the step 'follow the job' ran" in seen.artifacts["report"].data
