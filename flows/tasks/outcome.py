"""How a flow run ends: in a state whose name says how, with a report that says why, and without a traceback."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from prefect import State
from prefect.exceptions import TerminationSignal
from prefect.logging import get_run_logger
from prefect.states import Completed, Failed

from flows.errors import Cause, PipelineError
from flows.steps.comparison import Drift
from flows.steps.ending import BLOCKED, NOT_COLLECTED, SKIPPED, Ending, of_drift, of_error, of_report
from flows.steps.errors import FlowError, NotReleased, PlanBlocked
from flows.steps.report import Report
from flows.steps.stopped import AGAIN, job_goes_on
from flows.tasks.events import emit
from flows.tasks.lateness import TooLate, check_slot
from flows.tasks.runner import PrefectRunner
from flows.tasks.this_run import is_scheduled
from flows.text import printable


class VerdictFailed(FlowError):
    """A collection was judged a failure: the flow run fails with its reasons."""

    code = "verdict-failed"
    cause = Cause.FAILED


class KnownErrors(logging.Filter):
    """Leaves out what Prefect's engine logs, with a traceback, when a flow run has ended in a failed state.

    The state's message says it already; the traceback of a known error leads nowhere. A bug is not left out.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether a record is written."""
        return not (record.exc_info and isinstance(record.exc_info[1], PipelineError))


for _name in ("prefect.engine", "prefect.flow_runs"):
    logging.getLogger(_name).addFilter(KnownErrors())


def conclude(runner: PrefectRunner, work: Callable[[], Report | Drift]) -> State[Any]:
    """Does the work of a flow run, and returns the state that the run ends in.

    The state's name is one of `flows.steps.ending`; its data is the report's JSON, or the error. A bug keeps its
    traceback.

    Args:
        runner: The runner of the flow run, which leaves the report of a run that does not reach its end.
        work: Reads the parameters and runs the flow's steps.

    Raises:
        TerminationSignal: the run was cancelled, or its worker is being stopped. Prefect sets the state.
    """
    try:
        check_slot()
        with runner:
            result = work()
    except PipelineError as error:
        if isinstance(error, NotReleased | TooLate) and is_scheduled():
            return _state(SKIPPED, str(error))
        ending = of_error(error)
        runner.stopped(ending, error)
        lines = (str(error), AGAIN if error.changed else "", job_goes_on(runner.progress))
        return _state(ending, "\n".join(filter(None, lines)), error)
    except TerminationSignal:
        runner.interrupted()
        raise
    ending, words = of_drift(result) if isinstance(result, Drift) else of_report(result)
    emit(ending, words, result)
    if isinstance(result, Report) and ending is BLOCKED:
        return _state(ending, words, PlanBlocked(result.blocked))
    return _state(ending, words, VerdictFailed(words) if ending is NOT_COLLECTED else result.as_json())


def _state(ending: Ending, words: str, data: Any = None) -> State[Any]:
    message = printable(words, keep="\n")
    if not ending.success:
        get_run_logger().error("%s: %s", ending.name, message)
    make = Completed if ending.success else Failed
    return make(name=ending.name, message=message, data=data)
