"""How far a run has come, for a report that also a run has that does not reach its end."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, TypeVar

from flows.collection.job import Job
from flows.resources import Action, Plan
from flows.steps.runner import Step
from flows.steps.subject import Subject

T = TypeVar("T")


@dataclass
class Progress:
    """What a run has done, and what it does.

    Attributes:
        subject: What it is about, as far as that is known.
        plan: The plan, once there is one.
        done: The steps that have changed something: title and summary.
        running: The step that runs; None between two steps, and the one that failed after an error.
        job: The platform's collection, once it has begun.
    """

    subject: Subject
    plan: Plan | None = None
    done: list[tuple[str, str]] = field(default_factory=list)
    running: Step[Any] | None = None
    job: Job | None = None

    def begin(self, step: Step[T]) -> None:
        """Notes that a step runs."""
        self.running = step

    def finish(self, step: Step[T], result: T) -> None:
        """Notes that a step has ended with a result."""
        self.running = None
        if step.kind.changes:
            self.done.append((step.title, step.summary(result)))
        if isinstance(result, Job):
            self.job = result

    @property
    def undone(self) -> tuple[Action, ...]:
        """The planned actions that were not carried out."""
        if self.plan is None:
            return ()
        titles = [title for title, _ in self.done]
        return tuple(action for action in self.plan.writes if not _is_done(action, titles))


def _is_done(action: Action, titles: list[str]) -> bool:
    """Whether a step has carried out an action: the image's is the push, the others have its kind and name."""
    if action.kind == "image":
        return any(title.startswith("push image") for title in titles)
    return any(title.endswith(f" {action.kind} {action.name}") for title in titles)
