"""`pluginctl history`: the versions that were released."""

from __future__ import annotations

import typer

from flows.steps.releases import ReleasedVersion, Releases, list_releases
from pluginctl.exit_codes import exit_on_error
from pluginctl.options import EnvironmentName, EnvironmentsFolder, Format, ManifestPlace, Parameters
from pluginctl.output import Output, emit_json, message_console, result_console
from pluginctl.project import read_released
from pluginctl.runner import TerminalRunner
from pluginctl.tables import rows_table

app = typer.Typer(add_completion=False)


@app.command()
def history(
    environment: EnvironmentName,
    manifest: ManifestPlace = None,
    parameters: Parameters = None,
    environments: EnvironmentsFolder = None,
    output: Format = Output.TEXT,
) -> None:
    """List the versions that were released: when, by what, from which source, and which one is in use."""
    with exit_on_error(output):
        runner = TerminalRunner(message_console())
        place, declared = read_released(environment, manifest, parameters, environments, runner)
        found = list_releases(place, declared, runner)
    if output is Output.JSON:
        emit_json(found.as_json())
    else:
        _print(found)


def _print(found: Releases) -> None:
    if not found.versions:
        result_console().print(f"The platform has no record of a release of {found.plugin_id}.")
        return
    columns = ("version", "released (UTC)", "image", "source", "", "by")
    title = f"{found.plugin_id} in {found.environment}"
    result_console().print(rows_table(title, columns, map(_row, found.versions)))


def _row(each: ReleasedVersion) -> tuple[str, ...]:
    gone = "" if each.in_registry else "image is gone"
    state = ", ".join(filter(None, ("in use" if each.in_use else "", gone)))
    when = each.at.replace("T", " ")[: len("2026-11-26 10:30")]
    return (each.version, when, _short(each.digest), _short(each.source_digest), state, each.by)


def _short(digest: str) -> str:
    """As Docker shows an image's id."""
    return digest.partition(":")[2][:12]
