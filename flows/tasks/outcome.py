"""How a flow run ends."""

from __future__ import annotations

from typing import Any

from flows.errors import Cause
from flows.steps.errors import FlowError, PlanBlocked
from flows.steps.report import Report


class VerdictFailed(FlowError):
    """A collection was judged a failure: the flow run fails with its reasons."""

    code = "verdict-failed"
    cause = Cause.FAILED


def result_of(report: Report) -> dict[str, Any]:
    """What a flow returns.

    Raises:
        PlanBlocked: in a dry run, an action is blocked that would stop a release.
        VerdictFailed: the collection was not a success.
    """
    if report.blocked:
        raise PlanBlocked(report.blocked)
    if report.failures:
        raise VerdictFailed(" ".join(report.failures))
    return report.as_json()
