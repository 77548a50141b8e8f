"""What can stop a flow.

FlowError
├── PlanBlocked         something cannot be done; nothing was changed
├── NotReleased         a collector that was never released
├── NoSuchResource      a resource that was never collected
└── StepTimedOut        a step took longer than it may
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from flows.errors import Cause, PipelineError
from flows.resources import Action


class FlowError(PipelineError):
    """Base: a flow cannot go on."""

    code = "flow"
    cause = Cause.REFUSED


class PlanBlocked(FlowError):
    """The plan holds actions that cannot be carried out; nothing was changed."""

    code = "plan-blocked"

    def __init__(self, blocked: Sequence[Action]) -> None:
        super().__init__(
            "\n".join(f"{action.kind} {action.name} is blocked: {action.reason}" for action in blocked)
        )
        # What is declared may hold secrets, and an exception may be stored.
        self.blocked = tuple(dataclasses.replace(action, resource=None) for action in blocked)


class NotReleased(FlowError):
    """There is no collector to collect with, or no single one."""

    code = "not-released"


class NoSuchResource(FlowError):
    """The collector holds no resource of a name, or none at all."""

    code = "no-such-resource"


class StepTimedOut(FlowError):
    """A step took longer than it may."""

    code = "step-timed-out"
    cause = Cause.UNAVAILABLE

    def __init__(self, name: str, seconds: float) -> None:
        super().__init__(
            f"The step {name!r} was not done after {seconds:g} s and was given up",
            "Look at the log of what it waits for (docs/steps.md says what that is), then run the same command again: "
            "what was done stays done",
        )
