"""`pluginctl release`: from a plugin's source to its resources."""

from __future__ import annotations

from pathlib import Path

import typer

from flows.manifest import load_environment
from flows.steps.places import ENVIRONMENTS, MANIFEST, SOURCE
from flows.steps.release import ReleaseRequest
from flows.steps.release import release as run_release
from pluginctl.ending import finish
from pluginctl.exit_codes import failing_well
from pluginctl.options import (
    DryRun,
    EnvironmentName,
    Format,
    ManifestFolder,
    Parameters,
    PublishOnly,
    SourceFolder,
    Verbose,
)
from pluginctl.output import Output, message_console
from pluginctl.runner import TerminalRunner

app = typer.Typer(add_completion=False)


@app.command()
def release(
    environment: EnvironmentName,
    source: SourceFolder = Path(SOURCE),
    manifest: ManifestFolder = Path(MANIFEST),
    parameters: Parameters = None,
    dry_run: DryRun = False,
    publish_only: PublishOnly = False,
    output: Format = Output.TEXT,
    verbose: Verbose = False,
) -> None:
    """Build, push, register, collect and judge: from a plugin's source to its resources."""
    with failing_well(output):
        request = ReleaseRequest(
            load_environment(environment, Path(ENVIRONMENTS)),
            source,
            manifest,
            dry_run,
            publish_only,
            tuple(parameters or ()),
        )
        report = run_release(request, TerminalRunner(message_console(), verbose))
    finish(report, output)
