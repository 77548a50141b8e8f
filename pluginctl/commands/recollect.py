"""`pluginctl recollect`: collect again with the collector of an earlier release."""

from __future__ import annotations

import typer

from flows.manifest import Manifest, Secrets
from flows.steps.collection import recollect as run_recollect
from flows.steps.repositories import fetching
from pluginctl.ending import finish
from pluginctl.exit_codes import exit_on_error
from pluginctl.options import EnvironmentName, EnvironmentsFolder, Format, ManifestPlace, Parameters
from pluginctl.output import Output, message_console
from pluginctl.project import find_inputs
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
        inputs = find_inputs(environment, manifest=manifest, environments=environments)
        runner = TerminalRunner(message_console())
        with fetching(runner) as fetch:
            folder = fetch(inputs.manifest, "manifest")
            declared = Manifest.load(folder, parameters or (), Secrets(files=True), written=False)
            report = run_recollect(inputs.environment, declared, runner)
    finish(report, output)
