"""`pluginctl show`: shows a collected resource as the console does."""

from __future__ import annotations

from itertools import groupby
from typing import Annotated

import typer

from flows.preview import PAIR, Preview
from flows.steps.inspection import show_resource
from pluginctl.exit_codes import exit_on_error
from pluginctl.options import EnvironmentName, EnvironmentsFolder, Format, ManifestPlace, Parameters
from pluginctl.output import Output, Terminal, emit_json, literal, message_console, result_console
from pluginctl.project import read_released
from pluginctl.runner import TerminalRunner
from pluginctl.tables import rows_table

app = typer.Typer(add_completion=False)


@app.command()
def show(
    environment: EnvironmentName,
    name: Annotated[
        str | None,
        typer.Argument(metavar="[NAME]", help="The name of a collected resource. Default: the first one."),
    ] = None,
    manifest: ManifestPlace = None,
    parameters: Parameters = None,
    environments: EnvironmentsFolder = None,
    output: Format = Output.TEXT,
) -> None:
    """Show a collected resource as the console does: its details, its tags and the tabs of its dynamic UI."""
    with exit_on_error(output):
        runner = TerminalRunner(message_console())
        place, declared = read_released(environment, manifest, parameters, environments, runner)
        shown = show_resource(place, declared, name, runner)
    if output is Output.JSON:
        emit_json(shown.as_json())
    else:
        _print(result_console(), shown)


def _print(console: Terminal, shown: Preview) -> None:
    console.print(f"[bold]{literal(shown.name)}[/]")
    for tab, sections in groupby(shown.sections, key=lambda section: section.tab):
        console.print(f"\n[bold]── {literal(tab)} ──[/]")
        for section in sections:
            headings = section.columns != PAIR
            console.print(rows_table(section.title, section.columns, section.rows, headings))
