"""`pluginctl release`: from a plugin's source to its resources."""

from __future__ import annotations

import typer

from flows.manifest import Secrets
from flows.steps.agreed import AgreedPlan
from flows.steps.release import ReleaseRequest
from flows.steps.release import release as run_release
from flows.steps.repositories import GitAddress, fetching
from pluginctl.ending import finish
from pluginctl.exit_codes import exit_on_error
from pluginctl.options import (
    Bump,
    DryRun,
    EnvironmentName,
    EnvironmentsFolder,
    Format,
    ManifestPlace,
    Parameters,
    PlanFile,
    PublishOnly,
    SourcePlace,
    Verbose,
    Version,
)
from pluginctl.output import Output, message_console
from pluginctl.project import find_inputs
from pluginctl.runner import TerminalRunner

app = typer.Typer(add_completion=False)


@app.command()
def release(
    environment: EnvironmentName,
    source: SourcePlace = None,
    manifest: ManifestPlace = None,
    parameters: Parameters = None,
    dry_run: DryRun = False,
    publish_only: PublishOnly = False,
    version: Version = None,
    bump: Bump = None,
    plan: PlanFile = None,
    environments: EnvironmentsFolder = None,
    output: Format = Output.TEXT,
    verbose: Verbose = False,
) -> None:
    """Build and push a plugin's image, register the plugin, collect with it, and judge the collection."""
    if version and bump:
        raise typer.BadParameter("give --version or --bump, and not both")
    with exit_on_error(output):
        agreed = AgreedPlan.read(plan) if plan else None
        inputs = find_inputs(environment, source, manifest, environments)
        if bump and isinstance(inputs.source, GitAddress):
            raise typer.BadParameter("--bump writes into the source's folder: not for a git address")
        runner = TerminalRunner(message_console(), verbose)
        with fetching(runner) as fetch:
            request = ReleaseRequest(
                inputs.environment,
                fetch(inputs.source, "source"),
                fetch(inputs.manifest, "manifest"),
                dry_run,
                publish_only,
                tuple(parameters or ()),
                Secrets(files=True),
                version,
                bump,
                agreed,
            )
            report = run_release(request, runner)
    finish(report, output)
