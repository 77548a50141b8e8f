"""`pluginctl recollect`: collect again with the collector of an earlier release."""

from __future__ import annotations

import typer

from flows.steps.collection import recollect as run_recollect
from pluginctl.ending import finish
from pluginctl.exit_codes import exit_on_error
from pluginctl.options import EnvironmentName, EnvironmentsFolder, Format, ManifestPlace, Parameters
from pluginctl.output import Output, message_console
from pluginctl.project import read_released
from pluginctl.runner import TerminalRunner

app = typer.Typer(add_completion=False)


@app.command()
def recollect(
    environment: EnvironmentName,
    manifest: ManifestPlace = None,
    parameters: Parameters = None,
    environments: EnvironmentsFolder = None,
    output: Format = Output.TEXT,
) -> None:
    """Collect again with the collector of an earlier release."""
    with exit_on_error(output):
        runner = TerminalRunner(message_console())
        place, declared = read_released(environment, manifest, parameters, environments, runner)
        report = run_recollect(place, declared, runner)
    finish(report, output)
