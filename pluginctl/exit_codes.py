"""Known errors become one message and an exit code."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import typer
from rich.markup import escape

from flows.images import ImageError
from flows.manifest import ManifestError
from flows.spaceone import SpaceoneError
from flows.steps.errors import FlowError, PlanBlocked
from flows.steps.report import Report
from pluginctl.output import Output, emit_json, message_console, result_console
from pluginctl.tables import show_report
from sandbox.errors import SandboxError

#: Exit codes: a run failed; or nothing was changed, because the input or the platform does not allow it.
FAILED, REFUSED = 1, 2


@contextmanager
def failing_well(wrote: Callable[[], bool] = lambda: False) -> Iterator[None]:
    """One message on standard error for what can be known beforehand; anything else is a bug and keeps its trace.

    Args:
        wrote: Whether something has been changed by then: the exit code is 1 if so, else 2.
    """
    try:
        yield
    except (ManifestError, ImageError, SpaceoneError, FlowError) as error:
        tell(error)
        raise typer.Exit(FAILED if wrote() else REFUSED) from None
    except SandboxError as error:
        tell(error)
        raise typer.Exit(FAILED) from None


def tell(error: Exception) -> None:
    """The message, on standard error."""
    message_console().print(f"[red]error:[/] {escape(str(error))}", soft_wrap=True, highlight=False)


def finish(report: Report, output: Output) -> None:
    """Show a report, and end with the exit code that it stands for."""
    if output is Output.JSON:
        emit_json(report.as_json())
    else:
        show_report(result_console(), report)
    if report.blocked:
        tell(PlanBlocked(report.blocked))
        raise typer.Exit(REFUSED)
    if not report.success:
        raise typer.Exit(FAILED)
