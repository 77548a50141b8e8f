"""`pluginctl show` and `pluginctl api-resources`: looking, without changing anything."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from itertools import groupby
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from flows.manifest import Manifest, load_environment
from flows.preview import PAIR, Preview
from flows.steps.looking import offered, show_resource
from flows.steps.places import ENVIRONMENTS, MANIFEST
from flows.terminal.failures import failing_well
from flows.terminal.options import EnvironmentName, Format, ManifestFolder, Output, Parameters
from flows.terminal.runner import TerminalRunner
from flows.terminal.tables import rows_table


def show(
    environment: EnvironmentName,
    name: Annotated[
        str | None,
        typer.Argument(metavar="[NAME]", help="A collected resource; the first one without a name."),
    ] = None,
    manifest: ManifestFolder = Path(MANIFEST),
    parameters: Parameters = None,
    output: Format = Output.TEXT,
) -> None:
    """Show a collected resource as the console does: its details, its tags and the tabs of its dynamic UI."""
    with failing_well():
        shown = show_resource(
            load_environment(environment, Path(ENVIRONMENTS)),
            Manifest.load(manifest, parameters or ()),
            name,
            TerminalRunner(Console(stderr=True, emoji=False)),
        )
    if output is Output.JSON:
        sys.stdout.write(json.dumps(shown.as_json(), indent=2, ensure_ascii=False) + "\n")
    else:
        _print(Console(emoji=False), shown)


def _print(console: Console, shown: Preview) -> None:
    console.print(f"[bold]{escape(shown.name)}[/]")
    for tab, sections in groupby(shown.sections, key=lambda section: section.tab):
        console.print(f"\n[bold]── {escape(tab)} ──[/]")
        for section in sections:
            headings = section.columns != PAIR
            console.print(rows_table(section.title, section.columns, section.rows, headings))


def api_resources(environment: EnvironmentName, output: Format = Output.TEXT) -> None:
    """Check the endpoints and list what the services behind them offer, as `spacectl api-resources` does."""
    with failing_well():
        found = offered(
            load_environment(environment, Path(ENVIRONMENTS)),
            TerminalRunner(Console(stderr=True, emoji=False)),
        )
    if output is Output.JSON:
        shown = {service.name: {**service.as_json(), "resources": verbs} for service, verbs in found}
        sys.stdout.write(json.dumps(shown, indent=2) + "\n")
        return
    rows: Iterable[tuple[str, ...]] = [
        (service.words(), resource, ", ".join(verbs))
        for service, offers in found
        for resource, verbs in sorted(offers.items())
    ]
    Console(emoji=False).print(rows_table("API", ("service", "resource", "verbs"), rows))
