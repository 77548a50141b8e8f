"""How a flow run ends."""

from __future__ import annotations

from typing import Any

from flows.steps.errors import PlanBlocked
from flows.steps.report import Report


class VerdictFailed(Exception):
    """A collection was judged a failure: the flow run fails with its reasons."""


def settled(report: Report) -> dict[str, Any]:
    """What a flow returns.

    Raises:
        PlanBlocked: a dry run met what a release would stop at.
        VerdictFailed: the collection did not do what it was for.
    """
    if report.blocked:
        raise PlanBlocked(report.blocked)
    if report.verdict is not None and not report.verdict.success:
        raise VerdictFailed(" ".join(report.verdict.failures))
    return report.as_json()
