"""`pluginctl plan`: what a release would do."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from flows.manifest import Secrets
from flows.resources import Verb
from flows.steps.agreed import AgreedPlan
from flows.steps.release import ReleaseRequest, release
from flows.steps.repositories import fetching
from pluginctl.ending import finish
from pluginctl.exit_codes import exit_on_error
from pluginctl.options import (
    EnvironmentName,
    EnvironmentsFolder,
    Format,
    ManifestPlace,
    Parameters,
    PublishOnly,
    SourcePlace,
    Version,
)
from pluginctl.output import Output, message_console
from pluginctl.project import find_inputs
from pluginctl.runner import TerminalRunner

app = typer.Typer(add_completion=False)


@app.command()
def plan(
    environment: EnvironmentName,
    source: SourcePlace = None,
    manifest: ManifestPlace = None,
    parameters: Parameters = None,
    publish_only: PublishOnly = False,
    version: Version = None,
    environments: EnvironmentsFolder = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", help="Write the plan, for `pluginctl release --plan FILE`."),
    ] = None,
    detailed: Annotated[
        bool,
        typer.Option(
            "--detailed-exitcode",
            help="End with 0 if there is nothing to do, 2 if there are changes, and 1 in all other cases.",
        ),
    ] = False,
    output: Format = Output.TEXT,
) -> None:
    """Show what a release would change, as `release --dry-run` does. Nothing is changed."""
    try:
        with exit_on_error(output):
            inputs = find_inputs(environment, source, manifest, environments)
            runner = TerminalRunner(message_console())
            with fetching(runner) as fetch:
                request = ReleaseRequest(
                    inputs.environment,
                    fetch(inputs.source, "source"),
                    fetch(inputs.manifest, "manifest"),
                    dry_run=True,
                    publish_only=publish_only,
                    parameters=tuple(parameters or ()),
                    secrets=Secrets(files=True),
                    version=version,
                )
                report = release(request, runner)
            finish(report, output)
            if out and report.planned:
                AgreedPlan.of(report.environment, report.planned).write(out)
    except typer.Exit as ended:
        raise typer.Exit(1 if detailed else ended.exit_code) from None
    if detailed and any(action.verb is not Verb.KEEP for action in report.actions):
        raise typer.Exit(2)
