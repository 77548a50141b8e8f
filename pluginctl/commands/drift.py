"""`pluginctl drift`: what is no longer as it was released and declared."""

from __future__ import annotations

import typer

from flows.steps.comparison import Drift
from flows.steps.drift import drift as run_drift
from pluginctl.exit_codes import exit_on_error
from pluginctl.options import EnvironmentName, EnvironmentsFolder, Format, ManifestPlace, Parameters
from pluginctl.output import Output, emit_json, literal_lines, message_console, result_console
from pluginctl.project import read_released
from pluginctl.runner import TerminalRunner

app = typer.Typer(add_completion=False)


@app.command()
def drift(
    environment: EnvironmentName,
    manifest: ManifestPlace = None,
    parameters: Parameters = None,
    environments: EnvironmentsFolder = None,
    output: Format = Output.TEXT,
) -> None:
    """Compare the released plugin with the platform and the registry. Ends with 1 if something differs."""
    with exit_on_error(output):
        runner = TerminalRunner(message_console())
        place, declared = read_released(environment, manifest, parameters, environments, runner)
        found = run_drift(place, declared, runner)
    if output is Output.JSON:
        emit_json(found.as_json())
    else:
        _print(found)
    if found.findings:
        raise typer.Exit(1)


def _print(found: Drift) -> None:
    say = result_console().say
    if not found.findings:
        say(f"[green]{found.plugin_id} {found.version} is as it was released and declared.[/]")
    for words in found.findings:
        say(f"[yellow]![/] {literal_lines(words)}")
