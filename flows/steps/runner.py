"""How the steps of a flow are run: each has a name and says what may be tried again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

import tenacity

from flows.collection import Job
from flows.images import ImageError
from flows.resources import Plan
from flows.spaceone import DeadlineExceeded, Unreachable
from flows.steps.report import Report

T = TypeVar("T")


def is_lost(error: BaseException) -> bool:
    """Whether a call that writes may be sent again: the connection broke, and what is there is looked up first.

    One that was not answered in time is not: the platform had its minutes, and may still be at it.
    """
    return isinstance(error, Unreachable)


def is_temporary(error: BaseException) -> bool:
    """Whether the same call may succeed a little later, without anything having been changed by it."""
    return isinstance(error, (Unreachable, DeadlineExceeded)) or (
        isinstance(error, ImageError) and error.temporary
    )


@dataclass(frozen=True)
class Step(Generic[T]):
    """One step of a flow.

    Attributes:
        name: What it is called, such as `create schema`.
        function: What it does.
        retries: How often it is tried again (law 4: a collect never).
        delay: Seconds before the first of these; doubled for each further one.
        timeout: Seconds that one try may take; the calls inside have limits of their own.
        may_retry: Which errors are worth it.
        subject: What it is about, such as a schema's name, where there are several of the kind.
        outcome: What came of it in a few words, made of the result; shown beside the name.
    """

    name: str
    function: Callable[[], T]
    retries: int = 0
    delay: float = 1.0
    timeout: float | None = None
    may_retry: Callable[[BaseException], bool] = is_temporary
    subject: str = ""
    outcome: Callable[[T], str] | None = None

    @property
    def title(self) -> str:
        """What is shown while it runs: the name, and what it is about."""
        return f"{self.name} {self.subject}".strip()

    def words(self, result: T) -> str:
        """What came of it, in one line; empty where the step has no words for it."""
        return " ".join(self.outcome(result).split()) if self.outcome else ""


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
    """Runs the steps in this process and shows nothing."""

    def run(self, step: Step[T]) -> T:
        """Runs one step, with its retries."""
        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception(step.may_retry),
            stop=tenacity.stop_after_attempt(step.retries + 1),
            wait=tenacity.wait_exponential(multiplier=step.delay),
            reraise=True,
        )
        return retrying(step.function)

    def planned(self, plan: Plan) -> None:
        """Shows nothing."""

    def output(self, line: str) -> None:
        """Shows nothing."""

    def collecting(self, job: Job) -> None:
        """Shows nothing."""

    def finished(self, report: Report) -> None:
        """Shows nothing."""
