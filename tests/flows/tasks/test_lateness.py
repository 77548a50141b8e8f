"""Scheduled runs that come too late, on a server of Prefect's own test harness."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import pytest
from prefect import flow
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import DeploymentScheduleCreate
from prefect.client.schemas.filters import FlowRunFilter
from prefect.client.schemas.objects import FlowRun
from prefect.client.schemas.schedules import IntervalSchedule
from prefect.client.schemas.sorting import FlowRunSort
from prefect.flow_engine import run_flow
from prefect.states import Cancelled, Completed, Failed, Pending, State
from prefect.types._datetime import parse_datetime

from flows.steps.subject import Subject
from flows.tasks.lateness import TooLate, check_slot, check_wait, taken_at
from flows.tasks.outcome import conclude
from flows.tasks.runner import PrefectRunner
from tests.reports import report

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = [pytest.mark.prefect, pytest.mark.usefixtures("prefect_server")]

QUARTER = timedelta(minutes=15)
#: An hour ago, so that its first slots are over.
BEGIN = datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(hours=1)


class Deployed:
    """A deployment of a flow that concludes as the project's flows do, with a schedule."""

    def __init__(self, *schedules: DeploymentScheduleCreate) -> None:
        self.worked: list[UUID] = []
        self.during: Callable[[], None] = lambda: None

        @flow(name="late", persist_result=True, result_serializer="json")
        def late(which: str = "") -> State:
            runner = PrefectRunner(Subject("recollect", "here"))

            def work():
                runner.about(Subject("recollect", "here", "late"))
                self.worked.append(which)
                return report(flow="recollect", planned=None)

            return conclude(runner, work)

        self.flow = late
        with get_client(sync_client=True) as client:
            identity = client.create_flow(late)
            self.id = client.create_deployment(
                identity, f"late-{uuid4()}", schedules=list(schedules), paused=False
            )

    def fill(self, slots: int) -> list[FlowRun]:
        """Lets the server make the runs of each schedule's first slots, as it does ahead of time."""
        end = BEGIN + QUARTER * (slots - 1) + timedelta(minutes=5)
        with get_client(sync_client=True) as client:
            client.request(
                "POST",
                "/deployments/{id}/schedule",
                path_params={"id": self.id},
                json={
                    "start_time": BEGIN.isoformat(),
                    "end_time": end.isoformat(),
                    "min_runs": slots,
                    "max_runs": slots,
                },
            )
            mine = FlowRunFilter.model_validate({"deployment_id": {"any_": [self.id]}})
            return client.read_flow_runs(flow_run_filter=mine, sort=FlowRunSort.EXPECTED_START_TIME_ASC)

    def run(self, run: FlowRun) -> State:
        """Carries a run out, as a worker does; gives its last state."""
        with get_client(sync_client=True) as client:
            client.set_flow_run_state(run.id, Pending())
            fresh = client.read_flow_run(run.id)
            run_flow(self.flow, flow_run=fresh, parameters=run.parameters, return_type="state")
            state = client.read_flow_run(run.id).state
        assert state is not None
        return state


def every_quarter(**parameters: str) -> DeploymentScheduleCreate:
    schedule = IntervalSchedule(interval=QUARTER, anchor_date=parse_datetime(BEGIN.isoformat()))
    return DeploymentScheduleCreate(schedule=schedule, parameters=parameters)


@pytest.fixture
def deployed() -> Deployed:
    return Deployed(every_quarter())


def change(run: FlowRun, state: State) -> None:
    with get_client(sync_client=True) as client:
        client.set_flow_run_state(run.id, state, force=True)


def clock(slot: int) -> str:
    return f"{BEGIN + QUARTER * slot:%Y-%m-%d %H:%M} UTC"


def test_of_runs_that_piled_up_the_last_one_does_the_work(deployed: Deployed):
    runs = deployed.fill(3)
    states = [deployed.run(run) for run in runs]
    assert [(state.type, state.name) for state in states] == [
        ("COMPLETED", "Skipped"),
        ("COMPLETED", "Skipped"),
        ("COMPLETED", "Collected"),
    ]
    assert len(deployed.worked) == 1
    assert states[0].message == (
        f"This run comes too late: its time was {clock(0)}, and the run of {clock(2)} was due as well. "
        "Nothing is lost: that run is for the same."
    )


def test_a_run_that_is_late_but_the_last_one_does_the_work(deployed: Deployed):
    (run,) = deployed.fill(1)
    assert deployed.run(run).name == "Collected"


def test_a_later_run_whose_time_has_not_come_changes_nothing(deployed: Deployed):
    run = deployed.fill(6)[4]  # the last one is a quarter of an hour from now
    assert deployed.run(run).name == "Collected"


@pytest.mark.parametrize(
    ("state", "name"),
    [(Cancelled(), "Collected"), (Failed(), "Skipped"), (Completed(name="Collected"), "Skipped")],
)
def test_a_later_run_that_was_cancelled_does_not_count(deployed: Deployed, state: State, name: str):
    first, second = deployed.fill(2)
    change(second, state)
    assert deployed.run(first).name == name


def test_a_later_run_with_other_parameters_does_something_else():
    other = every_quarter(which="other")
    other.schedule = IntervalSchedule(
        interval=QUARTER, anchor_date=parse_datetime((BEGIN + timedelta(minutes=5)).isoformat())
    )
    deployed = Deployed(every_quarter(which="this"), other)
    first, second = deployed.fill(1)
    assert [first.parameters["which"], second.parameters["which"]] == ["this", "other"]
    assert [deployed.run(run).name for run in (first, second)] == ["Collected", "Collected"]


def test_a_run_by_hand_is_never_too_late(deployed: Deployed):
    with get_client(sync_client=True) as client:
        by_hand = client.create_flow_run_from_deployment(deployed.id)
    deployed.fill(3)
    assert deployed.run(by_hand).name == "Collected"


def test_a_run_by_hand_makes_no_other_too_late(deployed: Deployed):
    with get_client(sync_client=True) as client:
        client.create_flow_run_from_deployment(deployed.id)
    first = next(run for run in deployed.fill(1) if run.auto_scheduled)
    assert deployed.run(first).name == "Collected"


def test_a_run_that_somebody_retries_does_its_work(deployed: Deployed):
    first, _ = deployed.fill(2)
    assert deployed.run(first).name == "Skipped"
    with get_client(sync_client=True) as client:
        client.set_flow_run_state(first.id, State(type="SCHEDULED", name="AwaitingRetry"), force=True)
    assert deployed.run(first).name == "Collected"


def test_a_slow_start_makes_no_run_too_late(deployed: Deployed, monkeypatch):
    """On a busy machine, a process may take longer to start than the schedule's interval."""
    first, _ = deployed.fill(2)
    in_time = BEGIN + timedelta(minutes=14)
    monkeypatch.setattr("flows.tasks.lateness.taken_at", lambda _: in_time)
    assert deployed.run(first).name == "Collected"


def test_a_worker_takes_a_run_when_it_becomes_pending():
    minutes = [BEGIN + timedelta(minutes=number) for number in range(6)]
    types = ("SCHEDULED", "PENDING", "SCHEDULED", "PENDING", "PENDING", "RUNNING")
    states = [State(type=type_, timestamp=at) for type_, at in zip(types, minutes, strict=True)]
    assert taken_at(states) == taken_at(states[::-1]) == minutes[3]
    assert taken_at(states[:3]) is None


@pytest.mark.parametrize(("due", "name"), [(timedelta(0), "Skipped"), (QUARTER, "Collected")])
def test_a_run_that_waited_for_the_collector_until_the_next_was_due_does_no_work(
    deployed: Deployed, monkeypatch, due: timedelta, name: str
):
    """The first one was taken in time; the second one became due before the collector was free, or did not."""
    first, second = deployed.fill(2)
    in_time = BEGIN + timedelta(minutes=14)
    assert second.expected_start_time is not None
    arrived = second.expected_start_time + due - timedelta(minutes=1)
    monkeypatch.setattr("flows.tasks.lateness.taken_at", lambda _: in_time)
    monkeypatch.setattr("flows.tasks.runner.check_wait", lambda _: check_wait(arrived))
    assert deployed.run(first).name == name


def test_outside_of_a_flow_run_nothing_is_late():
    check_slot()
    check_wait(BEGIN)
    assert TooLate.code == "too-late"
