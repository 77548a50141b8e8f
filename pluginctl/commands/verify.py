"""`pluginctl verify`: whether the image in use is the one that was released."""

from __future__ import annotations

from typing import Annotated

import typer

from flows.manifest import Manifest
from flows.steps.repositories import fetching
from flows.steps.verification import Verification
from flows.steps.verification import verify as run_verify
from pluginctl.exit_codes import exit_on_error
from pluginctl.options import (
    EnvironmentName,
    EnvironmentsFolder,
    Format,
    ManifestPlace,
    Parameters,
    SourcePlace,
)
from pluginctl.output import Output, emit_json, message_console, result_console
from pluginctl.project import find_inputs
from pluginctl.runner import TerminalRunner
from pluginctl.tables import rows_table

app = typer.Typer(add_completion=False)

_MARKS = {True: "✓", False: "✗", None: "-"}


@app.command()
def verify(
    environment: EnvironmentName,
    source: SourcePlace = None,
    manifest: ManifestPlace = None,
    parameters: Parameters = None,
    version: Annotated[
        str | None,
        typer.Option(
            "--version",
            help="The version to verify. Default: the one that the collector uses, or the last release.",
        ),
    ] = None,
    environments: EnvironmentsFolder = None,
    output: Format = Output.TEXT,
) -> None:
    """Check that the image in use is the one that was released: digest, provenance, signature, source, packages."""
    with exit_on_error(output):
        inputs = find_inputs(environment, source, manifest, environments)
        runner = TerminalRunner(message_console())
        with fetching(runner) as fetch:
            declared = Manifest.load(fetch(inputs.manifest, "manifest"), parameters or (), written=False)
            folder = fetch(inputs.source, "source")
            result = run_verify(inputs.environment, declared, folder, runner, version=version)
    if output is Output.JSON:
        emit_json(result.as_json())
    else:
        _print(result)
    if not result.success:
        raise typer.Exit(1)


def _print(result: Verification) -> None:
    console = result_console()
    rows = [(_MARKS[check.passed], check.name, check.detail) for check in result.checks]
    console.print(rows_table(str(result.reference), ("", "check", "found"), rows))
    if not result.success:
        console.print("[red]The image is not what was released[/], or nobody can tell.")
