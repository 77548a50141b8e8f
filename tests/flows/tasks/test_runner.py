"""Steps as Prefect's tasks, on a server of Prefect's own test harness; tests/e2e runs the deployments on a worker."""

from __future__ import annotations

import json
import logging
import re
import time
from dataclasses import replace

import pytest
from prefect import flow
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import (
    ArtifactFilter,
    ArtifactFilterFlowRunId,
    FlowRunFilter,
    FlowRunFilterId,
)
from prefect.runtime import flow_run
from prefect.states import State

from flows.collection import Job
from flows.resources import Action, FieldChange, Plan, Verb
from flows.spaceone import SpaceoneError
from flows.spaceone.advice import from_details
from flows.steps.catalogue import COLLECT, PLAN, STEPS
from flows.steps.runner import Step
from flows.steps.subject import Subject
from flows.tasks.artifacts import kind_of
from flows.tasks.runner import PrefectRunner
from flows.tasks.steps import TASKS
from flows.text import printable
from tests.rendering import rendered
from tests.reports import collected, kind, report
from tests.waiting import wait_for

SUBJECT = Subject("release", "sandbox", "portfolio", "0.1.0")

pytestmark = [pytest.mark.prefect, pytest.mark.usefixtures("prefect_server")]


@pytest.fixture
def warnings():
    """What the task runs warn of."""
    said: list[str] = []
    handler = logging.Handler(logging.WARNING)
    handler.emit = lambda record: said.append(record.getMessage())
    logger = logging.getLogger("prefect.task_runs")
    logger.addHandler(handler)
    logger.setLevel(logging.WARNING)
    yield said
    logger.removeHandler(handler)
    logger.setLevel(logging.NOTSET)


def seen(work, *titles):
    """Runs `work(runner)` in a flow; gives its state, the task runs with these titles, and artifacts by key."""
    identity = []

    @flow(name="test")
    def around() -> object:
        identity.append(flow_run.id)
        return work(PrefectRunner(SUBJECT))

    state: State = around(return_state=True)
    mine = FlowRunFilter(id=FlowRunFilterId(any_=identity))
    with get_client(sync_client=True) as client:

        def ended():
            """The server writes task runs down when it comes to it, later than the flow has ended."""
            tasks = {task.name: task for task in client.read_task_runs(flow_run_filter=mine)}
            if all(title in tasks and tasks[title].state.is_final() for title in titles):
                return {title: tasks[title] for title in titles}
            return None

        tasks = wait_for(ended, "the record of the task runs") if titles else {}
        artifacts = client.read_artifacts(
            artifact_filter=ArtifactFilter(flow_run_id=ArtifactFilterFlowRunId(any_=identity))
        )
    return state, tasks, {kind_of(each.key): each for each in artifacts}


def flaky(*errors):
    left = list(errors)

    def function():
        if left:
            raise left.pop(0)
        return "done"

    return function


LOST = from_details("inventory.Collector.collect", "grpc://host:1", "UNAVAILABLE", "connection reset")
UNREACHABLE = from_details("identity.Provider.list", "grpc://host:1", "UNAVAILABLE", "refused")


def test_a_step_is_a_task_run_with_its_title():
    step = Step(kind("create schema"), lambda: {"schema_id": "coins"}, subject="coins")
    state, tasks, _ = seen(lambda runner: runner.run(step), "create schema coins")
    assert state.result() == {"schema_id": "coins"}
    assert tasks["create schema coins"].state.is_completed()


def test_what_came_of_a_step_is_in_the_log_of_its_task_run():
    records: list[logging.LogRecord] = []
    handler = logging.Handler()
    handler.emit = records.append
    logger = logging.getLogger("prefect.task_runs")
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    step = Step(kind("build image"), lambda: 7, subject="x", outcome=lambda size: f"{size} MB")
    try:
        _, tasks, _ = seen(lambda runner: runner.run(step), "build image x")
    finally:
        logger.removeHandler(handler)
        logger.setLevel(logging.NOTSET)
    (task_run,) = (record.task_run_id for record in records if record.getMessage() == "build image x: 7 MB")
    assert task_run == str(tasks["build image x"].id)


def test_what_is_temporary_is_tried_again_and_each_try_is_announced(warnings):
    step = Step(PLAN, flaky(UNREACHABLE, UNREACHABLE))
    state, tasks, _ = seen(lambda runner: runner.run(step), "plan")
    assert state.result() == "done"
    assert tasks["plan"].run_count == 3
    assert [line for line in warnings if "Trying again" in line] == [
        f"plan: {UNREACHABLE.message}. Trying again ({number} of 3)." for number in (2, 3)
    ]


@pytest.mark.parametrize(
    ("error", "row"),
    [(SpaceoneError("ERROR_PERMISSION_DENIED"), PLAN), (ValueError("a bug"), PLAN), (LOST, COLLECT)],
)
def test_nothing_else_is_and_its_error_fails_the_run(error, row):
    state, tasks, _ = seen(lambda runner: runner.run(Step(row, flaky(error))), row.name)
    assert state.is_failed()
    assert str(error) in state.message
    assert tasks[row.name].run_count == 1
    assert tasks[row.name].state.is_failed()


def test_a_step_that_takes_too_long_names_itself():
    step = Step(replace(COLLECT, seconds=0.05), lambda: time.sleep(30))
    state, *_ = seen(lambda runner: runner.run(step))
    assert state.is_failed()
    assert "The step 'collect' did not finish within 0.05 s" in state.message


def test_plan_progress_and_report_are_artifacts():
    change = FieldChange("secret_data", None, "(hidden)")
    plan = Plan((Action("image", "x", Verb.KEEP), Action("service account", "y", Verb.UPDATE, (change,))))
    jobs = [Job("job-1", "IN_PROGRESS", 4, remaining, 0, 0, "") for remaining in (4, 1)]
    ended = Job("job-1", "SUCCESS", 4, 0, 4, 0, "")

    def work(runner):
        runner.planned(plan)
        for job in (*jobs, ended):
            runner.collecting(job)
        runner.output("a line of the build")
        runner.finished(report(actions=plan.actions))

    state, _, artifacts = seen(work)
    assert state.is_completed()
    assert {key: each.type for key, each in artifacts.items()} == {
        "plan": "table",
        "collection": "progress",
        "report": "markdown",
        "resources": "table",
        "history": "markdown",
    }
    rows = json.loads(artifacts["plan"].data)
    assert [(row["action"], row["kind"]) for row in rows] == [
        ("keep", "image"),
        ("update", "service account"),
    ]
    assert artifacts["collection"].data == 100.0
    assert "4 of 4 tasks ended" in artifacts["collection"].description
    assert artifacts["report"].data.startswith("# Release of portfolio 0.1.0: ")
    assert json.loads(artifacts["resources"].data) == [{"Name": "Bitcoin", "Price": "64,321.5"}]


def test_names_from_elsewhere_are_text_in_every_artifact_and_log():
    name = '<img src="http://a.example/x.png"> [x](javascript:x) {step} \x1b[2J\u202e'
    shown = printable(name)
    action = Action("provider", name, Verb.UPDATE, (FieldChange(name, name, "b"),))
    said: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: said.append(record.getMessage())
    logger = logging.getLogger("prefect.flow_runs")
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)

    def work(runner):
        runner.planned(Plan((action,)))
        runner.collecting(replace(Job(name, name, 1, 1, 0, 0, "")))
        runner.output(f"\x1b[32m{name}\x1b[0m")
        runner.finished(
            report(actions=(action,), plugin_id=name, collected=collected(columns=(name,), rows=((name,),)))
        )
        return runner.run(Step(kind("create schema"), lambda: "done", subject=name))

    try:
        state, tasks, artifacts = seen(work, f"create schema {shown}")
    finally:
        logger.removeHandler(handler)
        logger.setLevel(logging.NOTSET)
    assert state.result() == "done"
    assert tasks[f"create schema {shown}"].state.is_completed()
    assert shown in said
    for artifact in artifacts.values():
        assert artifact.description is None or rendered(artifact.description)
    assert shown in rendered(artifacts["collection"].description)[0]
    own = re.compile(r"^\| run \| <http://127\.0\.0\.1:\d+/runs/flow-run/[0-9a-f-]+> \|$", re.MULTILINE)
    text, links = own.subn("", artifacts["report"].data)
    assert links == 1
    assert any(shown in each for each in rendered(text))
    (row,) = json.loads(artifacts["resources"].data)
    assert [rendered(each) for each in (*row, *row.values())] == [[shown], [shown]]
    (row,) = json.loads(artifacts["plan"].data)
    assert rendered(row["name"]) == [shown]


def test_the_state_of_a_run_holds_no_control_character():
    state, *_ = seen(lambda runner: runner.run(Step(PLAN, flaky(SpaceoneError("no \x1b[2J")))))
    assert "no \\x1b[2J" in state.message


def test_a_task_run_waits_for_the_one_before_it():
    def work(runner):
        for subject in ("a", "b"):
            runner.run(Step(kind("create schema"), lambda: None, subject=subject))

    _, tasks, _ = seen(work, "create schema a", "create schema b")
    (waited,) = tasks["create schema b"].task_inputs["wait_for"]
    assert waited.id == tasks["create schema a"].id


def test_a_task_run_has_a_tag_for_what_it_changes():
    assert {name: TASKS[name].tags for name in ("plan", "build image", "push image", "collect")} == {
        "plan": {"reads"},
        "build image": {"engine"},
        "push image": {"registry"},
        "collect": {"platform"},
    }


def test_a_known_error_leaves_no_traceback():
    records: list[logging.LogRecord] = []
    handler = logging.Handler()
    handler.emit = records.append
    logger = logging.getLogger("prefect.task_runs")
    logger.addHandler(handler)
    try:
        state, *_ = seen(lambda runner: runner.run(Step(PLAN, flaky(SpaceoneError("ERROR_NOT_FOUND")))))
    finally:
        logger.removeHandler(handler)
    assert state.is_failed()
    assert not [record for record in records if record.exc_info]


def test_a_job_without_tasks_is_a_progress_that_ended():
    job = Job("job-1", "SUCCESS", 0, 0, 0, 0, "")
    _, _, artifacts = seen(lambda runner: runner.collecting(job))
    assert artifacts["collection"].data == 100.0


def test_there_is_a_task_for_every_step_with_its_retries():
    assert list(TASKS) == [row.name for row in STEPS]
    for row in STEPS:
        assert TASKS[row.name].retries == row.retries.tries - 1
        assert TASKS[row.name].description == row.does
