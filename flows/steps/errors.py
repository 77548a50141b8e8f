"""What can stop a flow.

FlowError
├── PlanBlocked         something cannot be done; nothing was changed
├── NotReleased         a collector that was never released
└── NoSuchResource      a resource that was never collected
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from flows.resources import Action


class FlowError(Exception):
    """Base: a flow cannot go on."""


class PlanBlocked(FlowError):
    """The plan holds actions that cannot be carried out; nothing was changed."""

    def __init__(self, blocked: Sequence[Action]) -> None:
        super().__init__(
            "\n".join(f"{action.kind} {action.name} is blocked: {action.reason}" for action in blocked)
        )
        # What is declared may hold secrets, and an exception may be stored.
        self.blocked = tuple(dataclasses.replace(action, resource=None) for action in blocked)

    def __reduce__(self) -> tuple[type[PlanBlocked], tuple[tuple[Action, ...]]]:
        return type(self), (self.blocked,)


class NotReleased(FlowError):
    """There is no collector to collect with, or no single one."""


class NoSuchResource(FlowError):
    """The collector holds no resource of a name, or none at all."""
