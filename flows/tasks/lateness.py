"""Whether a scheduled run comes too late: after a worker was away, the runs of several slots are due at once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import FlowRunFilter
from prefect.client.schemas.objects import FlowRun, State, StateType
from prefect.client.schemas.sorting import FlowRunSort

from flows.steps.errors import FlowError
from flows.tasks.outages import bridge
from flows.tasks.this_run import get_run

_LAST = 20
"""The number of runs that are looked at: the last ones that are due. Few of them were started by hand."""
_NO_WORK = [StateType.CANCELLED, StateType.CANCELLING]
"""The states of a run that makes no other one too late. Where a deployment cancels what is new, all that came later are
in them, and the first run has to do the work. A run that has failed is another matter: its time is over, too."""


class TooLate(FlowError):
    """A scheduled run begins when a later run of its schedule is due."""

    code = "too-late"

    def __init__(self, own: datetime, other: datetime) -> None:
        super().__init__(
            f"This run comes too late: its time was {_clock(own)}, and the run of {_clock(other)} was due as well",
            "Nothing is lost: that run is for the same",
        )


def check_slot() -> None:
    """Makes sure that no later run of the schedule was due when a worker took the run.

    How long the process takes to start does not count: on a busy machine, that could make every run too late. Whoever
    starts a run by hand, or tries one again, wants it: such a run is not checked.

    Raises:
        TooLate: one was.
    """
    if run := _scheduled_run():
        with get_client(sync_client=True) as client:
            states = bridge(lambda: client.read_flow_run_states(run.id))
        _check(run, _time(run), taken_at(states) or datetime.now(UTC))


def check_wait(since: datetime) -> None:
    """Makes sure that no later run of the schedule became due while the run waited.

    Args:
        since: When it began to wait.

    Raises:
        TooLate: one did.
    """
    if run := _scheduled_run():
        _check(run, max(since, _time(run)), datetime.now(UTC))


def taken_at(states: Sequence[State[Any]]) -> datetime | None:
    """When a worker took the run, for the last time: the first pending state after the last scheduled one."""
    taken = None
    for state in sorted(states, key=lambda each: each.timestamp):
        if state.type is StateType.SCHEDULED:
            taken = None
        elif state.type is StateType.PENDING and taken is None:
            taken = state.timestamp
    return taken


def _scheduled_run() -> FlowRun | None:
    run = get_run()
    checked = run and run.auto_scheduled and run.run_count <= 1 and run.expected_start_time
    return run if checked else None


def _time(run: FlowRun) -> datetime:
    return run.expected_start_time or datetime.min.replace(tzinfo=UTC)


def _check(run: FlowRun, after: datetime, until: datetime) -> None:
    """Raises `TooLate` if another run of the deployment, with the same parameters, has its time in between."""
    wanted = FlowRunFilter.model_validate(
        {
            "deployment_id": {"any_": [run.deployment_id]},
            "expected_start_time": {"after_": after, "before_": until},
            "state": {"type": {"not_any_": _NO_WORK}},
        }
    )
    with get_client(sync_client=True) as client:
        found = bridge(
            lambda: client.read_flow_runs(
                flow_run_filter=wanted, sort=FlowRunSort.EXPECTED_START_TIME_DESC, limit=_LAST
            )
        )
    for other in found:
        later = other.auto_scheduled and after < _time(other) <= until
        if later and other.parameters == run.parameters:
            raise TooLate(_time(run), _time(other))


def _clock(time: datetime) -> str:
    form = "%Y-%m-%d %H:%M:%S" if time.second else "%Y-%m-%d %H:%M"
    return f"{time.astimezone(UTC):{form}} UTC"
