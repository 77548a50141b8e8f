"""How a run ends: a name that a list of runs can show, and a sentence that says why.

`docs/operating.md` is made from this table.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flows.errors import Cause, PipelineError
from flows.steps.errors import PlanBlocked, StepTimedOut

if TYPE_CHECKING:
    from flows.steps.comparison import Drift
    from flows.steps.report import Report


@dataclass(frozen=True)
class Ending:
    """One way to end.

    Attributes:
        name: What a list of runs shows.
        success: Whether the run did what it was started for.
        means: What it means, for the documentation.
    """

    name: str
    success: bool
    means: str


PLANNED = Ending("Planned", True, "A dry run: the plan has something to do.")
UNCHANGED = Ending("Unchanged", True, "Everything is as declared. A release has collected all the same.")
RELEASED = Ending("Released", True, "The version is registered, and its collection was a success.")
PUBLISHED = Ending("Published", True, "The plugin is registered; no collection belongs to this release.")
ROLLED_BACK = Ending(
    "RolledBack", True, "The collector runs an older version, and its collection was a success."
)
COLLECTED = Ending("Collected", True, "A re-collection was a success.")
IN_SYNC = Ending("InSync", True, "A drift check found everything as it was released and declared.")
DRIFTED = Ending(
    "Drifted",
    True,
    "A drift check found differences. Nothing was changed; a release puts back what is declared.",
)
SKIPPED = Ending(
    "Skipped",
    True,
    "A scheduled run had nothing to do: the plugin is not released there, or a later run was due as well.",
)
BLOCKED = Ending("Blocked", False, "The plan has an action that cannot be carried out. Nothing was changed.")
REFUSED = Ending(
    "Refused", False, "The input, or what the platform holds, does not allow it. Nothing was changed."
)
UNREACHABLE = Ending(
    "Unreachable",
    False,
    "A service could not be reached or failed itself. Nothing was changed. Run it again later.",
)
NOT_COLLECTED = Ending("NotCollected", False, "The collection ran, and brought nothing or failed in part.")
INCOMPLETE = Ending(
    "Incomplete",
    False,
    "The run stopped after it had changed something. The same run again continues from there.",
)
TIMED_OUT = Ending("TimedOut", False, "A step exceeded its time limit; the message names it.")
FAILED = Ending("Failed", False, "Something else failed, such as a build. Nothing was changed.")

ENDINGS = (
    *(PLANNED, UNCHANGED, RELEASED, PUBLISHED, ROLLED_BACK, COLLECTED, IN_SYNC, DRIFTED, SKIPPED),
    *(BLOCKED, REFUSED, UNREACHABLE, NOT_COLLECTED, INCOMPLETE, TIMED_OUT, FAILED),
)
"""All of them. Prefect itself adds Cancelled, and Crashed for a run whose process or machine died."""


def of_report(report: Report) -> tuple[Ending, str]:
    """How a run that reached its end has ended, and why."""
    what = f"{report.plugin_id} {report.version}"
    if report.dry_run and report.blocked:
        return BLOCKED, str(PlanBlocked(report.blocked))
    if report.failures:
        return NOT_COLLECTED, " ".join(report.failures)
    if report.flow == "rollback" and report.dry_run:
        moves = report.version != report.version_before
        return (PLANNED if moves else UNCHANGED), f"{what}: the collector has {report.version_before}"
    if report.planned and report.dry_run:
        plan = report.planned.plan
        return (PLANNED if plan.writes else UNCHANGED), f"{what}: {plan.summary()}"
    collected = report.collected
    counts = collected.verdict.resources.items() if collected else ()
    brought = ", ".join(f"{count} {name}" for name, count in counts)
    if report.flow == "rollback":
        return ROLLED_BACK, f"{what}, before {report.version_before}: {brought}"
    if report.planned is None:
        return COLLECTED, f"{what}: {brought}"
    if not report.planned.plan.writes:
        return UNCHANGED, f"{what}: {brought}" if brought else what
    done = ", ".join(f"{action.verb} {action.kind}" for action in report.planned.plan.writes)
    return (RELEASED if collected else PUBLISHED), "; ".join(filter(None, (f"{what}: {done}", brought)))


def of_drift(drift: Drift) -> tuple[Ending, str]:
    """How a drift check has ended, and what it found."""
    what = f"{drift.plugin_id} {drift.version}"
    return (DRIFTED if drift.findings else IN_SYNC), "; ".join((what, *drift.findings))


def of_error(error: PipelineError) -> Ending:
    """How a run that an error has stopped has ended."""
    if isinstance(error, StepTimedOut):
        return TIMED_OUT
    if error.changed:
        return INCOMPLETE
    if isinstance(error, PlanBlocked):
        return BLOCKED
    return {Cause.REFUSED: REFUSED, Cause.UNAVAILABLE: UNREACHABLE, Cause.FAILED: FAILED}[error.cause]
