"""Whether a scheduled run comes too late: after a worker was away, the runs of several slots are due at once."""

from __future__ import annotations

from datetime import UTC, datetime

from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import FlowRunFilter
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.client.schemas.sorting import FlowRunSort

from flows.steps.errors import FlowError
from flows.tasks.this_run import get_run

_LAST = 20
"""The number of runs that are looked at: the last ones that are due. Few of them were started by hand."""
_WORK = [StateType.SCHEDULED, StateType.PENDING, StateType.RUNNING, StateType.COMPLETED]
"""The states of a run that will do its work, does it or has done it."""


class TooLate(FlowError):
    """A scheduled run begins when a later run of its schedule is due."""

    code = "too-late"

    def __init__(self, own: datetime, other: datetime) -> None:
        super().__init__(
            f"This run comes too late: its time was {_clock(own)}, and the run of {_clock(other)} is due as well",
            "Nothing is lost: that run does the same",
        )


def check_slot() -> None:
    """Makes sure that no later scheduled run of the same deployment, with the same parameters, is due.

    Whoever starts a run by hand, or tries one again, wants it: such a run is not checked.

    Raises:
        TooLate: one is.
    """
    run = get_run()
    if run is None or not run.auto_scheduled or run.run_count > 1 or run.expected_start_time is None:
        return
    own = run.expected_start_time
    for other in _due_since(run, own):
        time = other.expected_start_time
        if time and time > own and other.auto_scheduled and other.parameters == run.parameters:
            raise TooLate(own, time)


def _due_since(run: FlowRun, time: datetime) -> list[FlowRun]:
    """The runs of its deployment that are due, from a time on, the last one first."""
    wanted = FlowRunFilter.model_validate(
        {
            "deployment_id": {"any_": [run.deployment_id]},
            "expected_start_time": {"after_": time, "before_": datetime.now(UTC)},
            "state": {"type": {"any_": _WORK}},
        }
    )
    with get_client(sync_client=True) as client:
        return client.read_flow_runs(
            flow_run_filter=wanted, sort=FlowRunSort.EXPECTED_START_TIME_DESC, limit=_LAST
        )


def _clock(time: datetime) -> str:
    form = "%Y-%m-%d %H:%M:%S" if time.second else "%Y-%m-%d %H:%M"
    return f"{time.astimezone(UTC):{form}} UTC"
