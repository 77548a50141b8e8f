"""`pluginctl check`: whether source and manifest can be planned, without a platform."""

from __future__ import annotations

from typing import Annotated

import typer

from flows.steps.checking import Checked
from flows.steps.checking import check as run_check
from pluginctl.exit_codes import exit_on_error
from pluginctl.options import Format, ManifestFolder, Parameters, SourceFolder
from pluginctl.output import Output, emit_json, literal, result_console
from pluginctl.project import find_folders

app = typer.Typer(add_completion=False)


@app.command()
def check(
    source: SourceFolder = None,
    manifest: ManifestFolder = None,
    parameters: Parameters = None,
    tag: Annotated[
        str | None,
        typer.Option("--tag", help="A git tag, such as v0.1.0, that must name the version in src/VERSION."),
    ] = None,
    output: Format = Output.TEXT,
) -> None:
    """Check source and manifest. Nothing is called: it needs no platform, no registry, no engine and no secret."""
    with exit_on_error(output):
        folders = find_folders(source, manifest)
        checked = run_check(folders.source, folders.manifest, parameters or (), tag)
    if output is Output.JSON:
        emit_json(checked.as_json())
    else:
        _print(checked)


def _print(checked: Checked) -> None:
    line = result_console().say
    for remark in checked.remarks:
        line(f"[yellow]remark:[/] {literal(remark)}")
    if checked.references:
        names = ", ".join(checked.references)
        line(f"Not read: {literal(names)}. Data was not compared with its schemas.")
    line(f"[green]{literal(checked.manifest.plugin.id)} {literal(checked.source.version)} can be planned.[/]")
