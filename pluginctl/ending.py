"""How a command that runs a flow ends: it shows the report and sets the exit code."""

from __future__ import annotations

import typer

from flows.steps.errors import PlanBlocked
from flows.steps.report import Report
from pluginctl.exit_codes import tell
from pluginctl.output import Output, emit_json, result_console
from pluginctl.tables import show_report


def finish(report: Report, output: Output) -> None:
    """Show a report, and end with the exit code for it."""
    if output is Output.JSON:
        emit_json(report.as_json())
    else:
        show_report(result_console(), report)
    if report.blocked:
        blocked = PlanBlocked(report.blocked)
        tell(blocked)
        raise typer.Exit(blocked.exit_code)
    if not report.success:
        raise typer.Exit(1)
