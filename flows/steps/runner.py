"""How the steps of a flow are run: with their retries, their time limits, and a word on each."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from flows.errors import PipelineError, sentence
from flows.resources import Plan
from flows.steps.catalogue import StepKind
from flows.steps.report import Report
from flows.steps.time_limit import time_limit

if TYPE_CHECKING:
    from flows.collection import Job

T = TypeVar("T")


@dataclass(frozen=True)
class Step(Generic[T]):
    """One step of a flow.

    Attributes:
        kind: Its row of the table: name, retries, time limit.
        function: What it does.
        subject: What it is about, such as a schema's name, where there are several of the kind.
        outcome: What came of it in a few words, made of the result; shown beside the name.
    """

    kind: StepKind
    function: Callable[[], T]
    subject: str = ""
    outcome: Callable[[T], str] | None = None

    @property
    def name(self) -> str:
        """What it is called, such as `create schema`."""
        return self.kind.name

    @property
    def title(self) -> str:
        """What is shown while it runs: the name, and what it is about."""
        return f"{self.name} {self.subject}".strip()

    def summary(self, result: T) -> str:
        """What came of it, in one line; empty where the step has nothing to say of it."""
        return " ".join(self.outcome(result).split()) if self.outcome else ""

    def once(self) -> T:
        """Runs it once.

        Raises:
            StepTimedOut: it took longer than its kind may.
            Exception: whatever the function raised.
        """
        with time_limit(self.title, self.kind.seconds):
            return self.function()

    def may_retry(self, error: BaseException) -> bool:
        """Whether an error is worth another try."""
        return self.kind.retries.of(error)


def announcement(kind: StepKind, title: str, error: BaseException, number: int) -> str:
    """What is said before a further try, such as `plan: The registry … cannot be reached. Trying again (2 of 3).`.

    Args:
        kind: Of the step.
        title: What is shown of it.
        error: Of the try before.
        number: Of the try.
    """
    problem = error.message if isinstance(error, PipelineError) else str(error)
    return f"{title}: {sentence(problem)} Trying again ({number} of {kind.retries.tries})."


def pause_before(kind: StepKind, error: BaseException, number: int) -> float:
    """Seconds to wait before a further try: as the table says, or as long as a registry asked to wait.

    Args:
        kind: Of the step.
        error: Of the try before.
        number: Of the try, from 2 on.
    """
    asked = getattr(error, "retry_after", None) or 0.0
    return max(*kind.retries.pauses[number - 2 : number - 1], float(asked), 0.0)


class Runner(Protocol):
    """Runs the steps and is told what comes out: a terminal, a Prefect flow, a test."""

    def run(self, step: Step[T]) -> T:
        """Runs one step, with its retries."""

    def planned(self, plan: Plan) -> None:
        """The plan is made; nothing has been changed yet."""

    def output(self, line: str) -> None:
        """A line of a build or a push."""

    def collecting(self, job: Job) -> None:
        """The job has moved."""

    def finished(self, report: Report) -> None:
        """All is done, or has failed in collecting."""


class PlainRunner:
    """Runs the steps in this process and shows nothing.

    Args:
        sleep: Waits for so many seconds.
    """

    def __init__(self, sleep: Callable[[float], None] = time.sleep) -> None:
        self._sleep = sleep

    def run(self, step: Step[T]) -> T:
        """Runs one step, with its retries."""
        number = 1
        while True:
            try:
                return step.once()
            except Exception as error:
                if number == step.kind.retries.tries or not step.may_retry(error):
                    raise
                failed = error
            number += 1
            self.retrying(announcement(step.kind, step.title, failed, number))
            self._sleep(pause_before(step.kind, failed, number))

    def retrying(self, announcement: str) -> None:
        """A step failed and is tried again; shows nothing."""

    def planned(self, plan: Plan) -> None:
        """Shows nothing."""

    def output(self, line: str) -> None:
        """Shows nothing."""

    def collecting(self, job: Job) -> None:
        """Shows nothing."""

    def finished(self, report: Report) -> None:
        """Shows nothing."""
