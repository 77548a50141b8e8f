"""How the steps of a flow run: with retries, time limits, and a message for each."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from flows.errors import PipelineError, sentence
from flows.resources import Plan
from flows.steps.catalogue import StepKind
from flows.steps.report import Report
from flows.steps.subject import Subject
from flows.steps.time_limit import time_limit

if TYPE_CHECKING:
    from flows.collection import Job
    from flows.steps.comparison import Drift

T = TypeVar("T")


@dataclass(frozen=True)
class Step(Generic[T]):
    """One step of a flow.

    Attributes:
        kind: Its row of the table: name, retries, time limit.
        function: What it does.
        subject: What it is about, such as a schema's name, if there are several steps of the kind.
        outcome: Returns a short summary of the result, which is shown beside the name.
    """

    kind: StepKind
    function: Callable[[], T]
    subject: str = ""
    outcome: Callable[[T], str] | None = None

    @property
    def name(self) -> str:
        """The name of the step, such as `create schema`."""
        return self.kind.name

    @property
    def title(self) -> str:
        """The name and the subject, shown while it runs."""
        return f"{self.name} {self.subject}".strip()

    def summary(self, result: T) -> str:
        """A summary of the result, in one line; empty if the step has none."""
        return " ".join(self.outcome(result).split()) if self.outcome else ""

    def once(self) -> T:
        """Runs it once.

        Raises:
            StepTimedOut: it exceeded its time limit.
            Exception: any error of the function.
        """
        with time_limit(self.title, self.kind.seconds):
            return self.function()

    def may_retry(self, error: BaseException) -> bool:
        """Whether the step may be retried after an error."""
        return self.kind.retries.of(error)


def announcement(kind: StepKind, title: str, error: BaseException, number: int) -> str:
    """The message before a further try, such as `plan: The registry … cannot be reached. Trying again (2 of 3).`.

    Args:
        kind: The step's kind.
        title: The step's title.
        error: The error of the previous try.
        number: The number of the next try.
    """
    problem = error.message if isinstance(error, PipelineError) else str(error)
    return f"{title}: {sentence(problem)} Trying again ({number} of {kind.retries.tries})."


def pause_before(kind: StepKind, error: BaseException, number: int) -> float:
    """Seconds to wait before a further try: as in the table, or longer if a registry asked for it.

    Args:
        kind: The step's kind.
        error: The error of the previous try.
        number: The number of the next try, from 2.
    """
    asked = getattr(error, "retry_after", None) or 0.0
    return max(kind.retries.pauses[number - 2], float(asked))


class Runner(Protocol):
    """Runs the steps and receives the results: a terminal, a Prefect flow, a test."""

    @property
    def origin(self) -> str:
        """What carries the run out, for records that outlive it: the page of a flow run, or `pluginctl`."""

    def run(self, step: Step[T]) -> T:
        """Runs one step, with its retries."""

    def about(self, subject: Subject) -> None:
        """Receives what the run is about, as soon as it is known, and again when more is known."""

    def planned(self, plan: Plan) -> None:
        """Receives the plan; nothing has been changed yet."""

    def output(self, line: str) -> None:
        """Receives a line of a build or a push."""

    def collecting(self, job: Job) -> None:
        """Receives a new state of the job."""

    def finished(self, report: Report) -> None:
        """Receives the report, also of a dry run, and if the collection failed."""

    def compared(self, drift: Drift) -> None:
        """Receives what a drift check found."""


class PlainRunner:
    """Runs the steps in this process and shows nothing.

    Args:
        sleep: Waits for a number of seconds.
    """

    origin = "pluginctl"

    def __init__(self, sleep: Callable[[float], None] = time.sleep) -> None:
        self._sleep = sleep

    def run(self, step: Step[T]) -> T:
        """Runs one step, with its retries."""
        number = 1
        while True:
            try:
                return step.once()
            except Exception as error:  # the step's row decides which kinds are retried
                if number == step.kind.retries.tries or not step.may_retry(error):
                    raise
                failed = error
            number += 1
            self.retrying(announcement(step.kind, step.title, failed, number))
            self._sleep(pause_before(step.kind, failed, number))

    def retrying(self, announcement: str) -> None:
        """A step failed and will be retried; shows nothing."""

    def about(self, subject: Subject) -> None:
        """Shows nothing."""

    def planned(self, plan: Plan) -> None:
        """Shows nothing."""

    def output(self, line: str) -> None:
        """Shows nothing."""

    def collecting(self, job: Job) -> None:
        """Shows nothing."""

    def finished(self, report: Report) -> None:
        """Shows nothing."""

    def compared(self, drift: Drift) -> None:
        """Shows nothing."""
