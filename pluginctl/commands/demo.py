"""`pluginctl demo`: sets up a sandbox and Prefect, and runs a release there."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import typer
from rich.status import Status

from flows.text import unescaped
from pluginctl.commands.sandbox import GenerationOption, show_password_command
from pluginctl.exit_codes import exit_on_error
from pluginctl.output import Terminal, literal, literal_lines, message_console, result_console
from pluginctl.project import require_checkout
from pluginctl.spinner import TerminalProgress
from pluginctl.tables import rows_table, show_collected
from sandbox import lifecycle

if TYPE_CHECKING:
    from prefect.client.schemas.objects import FlowRun, TaskRun

    from pluginctl.deployments import RemoteRun

app = typer.Typer(add_completion=False)

_COLUMNS = ("kind", "name", "action")


@app.command()
def demo(generation: GenerationOption = lifecycle.GENERATION) -> None:
    """Start a sandbox and Prefect, deploy the sample, release it on the worker, and show what was collected."""
    started = time.perf_counter()
    errors = message_console()
    with exit_on_error(), TerminalProgress(errors) as progress:
        checkout = require_checkout("pluginctl demo")
        home = lifecycle.default_home()
        summary = lifecycle.up(home, generation=generation, prefect=True, progress=progress)
    # Prefect reads its settings when it is imported.
    os.environ.update(summary.prefect_environment)
    from pluginctl.deploying.deploy import deploy
    from pluginctl.deployments import run_deployment

    with exit_on_error():
        with TerminalProgress(errors) as progress, progress.step("pluginctl deploy"):
            # The schedule of a sandbox that does not exist would bring a failed run every quarter of an hour.
            here = [lifecycle.summary(home, generation=name).name for name in lifecycle.existing(home)]
            deploy(checkout, environments=here)
        errors.print(f"Prefect's pages: {summary.prefect}", highlight=False)
        with errors.status("release") as status:
            watcher = _Watcher(errors, status, summary.prefect or "")
            run = run_deployment("release/portfolio", {"environment": summary.name}, watcher)
    _show(result_console(), run, time.perf_counter() - started)
    console = result_console()
    console.say(f"Prefect:  {summary.prefect}/runs/flow-run/{run.id}")
    show_password_command(console)
    console.say(f"Registry: {summary.registry}/v2/_catalog")
    console.print("Everything keeps running. To stop it: `make down`.", highlight=False)
    if not run.completed:
        raise typer.Exit(1)


class _Watcher:
    """Shows a line for each task that ended, and a spinner for the task that runs."""

    def __init__(self, console: Terminal, status: Status, pages: str) -> None:
        self._console = console
        self._status = status
        self._pages = pages

    def started(self, run: FlowRun) -> None:
        self._console.say(f"  Flow run {literal(run.name)}: {self._pages}/runs/flow-run/{run.id}")

    def waiting(self, words: str) -> None:
        self._status.update(literal(words))

    def ended(self, task: TaskRun) -> None:
        good = task.state is not None and task.state.is_completed()
        mark = "[green]✓[/]" if good else "[red]✗[/]"
        seconds = task.total_run_time.total_seconds()
        self._console.print(f"{mark} {literal(task.name)} [dim]{seconds:.1f} s[/]", highlight=False)


def _show(console: Terminal, run: RemoteRun, seconds: float) -> None:
    plan = _rows(run.artifacts, "plan")
    if plan:
        console.print(rows_table("Registered", _COLUMNS, [[row[name] for name in _COLUMNS] for row in plan]))
    collected = _rows(run.artifacts, "resources")
    if collected:
        columns = list(collected[0])
        rows = [[row[name] for name in columns] for row in collected]
        show_collected(console, columns, rows, len(rows))
    if run.completed:
        console.print(
            f"[green]{literal(run.name)} succeeded[/]: {len(collected)} resources, {seconds:.0f} s in total."
        )
    else:
        console.print(f"[red]{literal(run.name)} failed:[/] {literal_lines(run.message)}")


def _rows(artifacts: Mapping[str, Any], key: str) -> list[dict[str, str]]:
    """The rows of a table that a flow has left, whose cells are Markdown."""
    data = artifacts.get(key) or []
    if isinstance(data, str):
        data = json.loads(data)
    return [{unescaped(name): unescaped(str(cell)) for name, cell in row.items()} for row in data]
