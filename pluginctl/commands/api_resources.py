"""`pluginctl api-resources`: what the services of an environment offer."""

from __future__ import annotations

from collections.abc import Iterable

import typer

from flows.steps.inspection import list_offers
from pluginctl.exit_codes import exit_on_error
from pluginctl.options import EnvironmentName, EnvironmentsFolder, Format
from pluginctl.output import Output, emit_json, message_console, result_console
from pluginctl.project import find_inputs
from pluginctl.runner import TerminalRunner
from pluginctl.tables import rows_table

app = typer.Typer(add_completion=False)


@app.command()
def api_resources(
    environment: EnvironmentName, environments: EnvironmentsFolder = None, output: Format = Output.TEXT
) -> None:
    """Check the endpoints and list the resources and verbs of the services, as `spacectl api-resources` does."""
    with exit_on_error(output):
        found = list_offers(
            find_inputs(environment, environments=environments).environment, TerminalRunner(message_console())
        )
    if output is Output.JSON:
        emit_json({service.name: {**service.as_json(), "resources": verbs} for service, verbs in found})
        return
    rows: Iterable[tuple[str, ...]] = [
        (service.summary(), resource, ", ".join(verbs))
        for service, offers in found
        for resource, verbs in sorted(offers.items())
    ]
    result_console().print(rows_table("API", ("service", "resource", "verbs"), rows))
