"""`pluginctl rollback`: the collector runs an older version that was released."""

from __future__ import annotations

from typing import Annotated

import typer

from flows.steps.rollback import rollback as run_rollback
from pluginctl.ending import finish
from pluginctl.exit_codes import exit_on_error
from pluginctl.options import (
    DryRun,
    EnvironmentName,
    EnvironmentsFolder,
    Format,
    ManifestPlace,
    Parameters,
)
from pluginctl.output import Output, message_console
from pluginctl.project import read_released
from pluginctl.runner import TerminalRunner

app = typer.Typer(add_completion=False)


@app.command()
def rollback(
    environment: EnvironmentName,
    version: Annotated[
        str, typer.Argument(metavar="VERSION", help="The version to run: one that `pluginctl history` lists.")
    ],
    manifest: ManifestPlace = None,
    parameters: Parameters = None,
    dry_run: DryRun = False,
    environments: EnvironmentsFolder = None,
    output: Format = Output.TEXT,
) -> None:
    """Move the collector to a version that was released before, collect with it, and judge the collection."""
    with exit_on_error(output):
        runner = TerminalRunner(message_console())
        place, declared = read_released(environment, manifest, parameters, environments, runner)
        report = run_rollback(place, declared, version, runner, dry_run=dry_run)
    finish(report, output)
