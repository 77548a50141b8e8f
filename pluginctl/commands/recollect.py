"""`pluginctl recollect`: collect again with the collector of a release."""

from __future__ import annotations

from pathlib import Path

import typer

from flows.manifest import Manifest, load_environment
from flows.steps.collection import recollect as run_recollect
from flows.steps.places import ENVIRONMENTS, MANIFEST
from pluginctl.ending import finish
from pluginctl.exit_codes import failing_well
from pluginctl.options import EnvironmentName, Format, ManifestFolder, Parameters
from pluginctl.output import Output, message_console
from pluginctl.runner import TerminalRunner

app = typer.Typer(add_completion=False)


@app.command()
def recollect(
    environment: EnvironmentName,
    manifest: ManifestFolder = Path(MANIFEST),
    parameters: Parameters = None,
    output: Format = Output.TEXT,
) -> None:
    """Collect again with the collector of a release."""
    with failing_well(output):
        report = run_recollect(
            load_environment(environment, Path(ENVIRONMENTS)),
            Manifest.load(manifest, parameters or ()),
            TerminalRunner(message_console()),
        )
    finish(report, output)
