"""`pluginctl sandbox`: the real SpaceONE services on this machine."""

from __future__ import annotations

import dataclasses
import json
import shlex
import sys
from typing import Annotated

import typer
from rich.console import Console

from deployments.sandbox import sandbox
from deployments.sandbox.errors import SandboxError
from deployments.sandbox.layout import source_root
from flows.terminal.failures import failing_well
from flows.terminal.options import Format, Output
from flows.terminal.progress import TerminalProgress
from flows.terminal.tables import rows_table

app = typer.Typer(help="The real SpaceONE services on this machine.", no_args_is_help=True)


Generation = Annotated[str, typer.Option("--generation", help="Which SpaceONE: 2.x.")]


@app.command()
def up(
    generation: Generation = sandbox.GENERATION,
    mongodb_uri: Annotated[
        str | None,
        typer.Option(help="A MongoDB to use instead of the embedded one.", envvar="PLUGINCTL_MONGODB_URI"),
    ] = None,
    prefect: Annotated[
        bool, typer.Option("--prefect", help="Start a Prefect server and a worker, too.")
    ] = False,
) -> None:
    """Start it: install what is missing, leave alone what runs."""
    with failing_well(), TerminalProgress(Console(stderr=True, emoji=False)) as progress:
        sandbox.up(
            sandbox.default_home(),
            generation=generation,
            mongodb_uri=mongodb_uri,
            prefect=prefect,
            progress=progress,
        )
    _show(generation, Output.TEXT)


@app.command()
def down(
    generation: Generation = sandbox.GENERATION,
    purge: Annotated[bool, typer.Option("--purge", help="Remove its data, too.")] = False,
) -> None:
    """Stop all that it started, and nothing else. The data stays."""
    with failing_well(), TerminalProgress(Console(stderr=True, emoji=False)) as progress:
        sandbox.down(sandbox.default_home(), generation=generation, purge=purge, progress=progress)


@app.command()
def status(generation: Generation = sandbox.GENERATION, output: Format = Output.TEXT) -> None:
    """Every part with its address, process, memory and state."""
    with failing_well():
        _show(generation, output)


@app.command()
def logs(
    service: Annotated[str, typer.Argument(help="A part, as `status` names it.")],
    generation: Generation = sandbox.GENERATION,
    lines: Annotated[int, typer.Option("--lines", "-n", help="How many of the last lines; 0 for all.")] = 100,
) -> None:
    """The last lines of a part's log."""
    with failing_well():
        path = sandbox.logs(sandbox.default_home(), service, generation=generation)
    text = path.read_text(encoding="utf-8", errors="replace").splitlines()
    for line in text[-lines:] if lines else text:
        sys.stdout.write(line + "\n")


@app.command()
def env(generation: Generation = sandbox.GENERATION) -> None:
    """Variables for a shell, with which `prefect` uses the sandbox's server: eval "$(pluginctl sandbox env)"."""
    with failing_well():
        summary = sandbox.summary(sandbox.default_home(), generation=generation)
        if summary.prefect is None:
            raise SandboxError(
                "Prefect does not run in the sandbox.", "Start it: pluginctl sandbox up --prefect"
            )
    variables = {**summary.prefect_environment, "PLUGINCTL_CHECKOUT": str(source_root())}
    for name, value in variables.items():
        sys.stdout.write(f"export {name}={shlex.quote(value)}\n")


def _show(generation: str, output: Output) -> None:
    home = sandbox.default_home()
    services = sandbox.status(home, generation=generation)
    summary = sandbox.summary(home, generation=generation)
    if output is Output.JSON:
        shown = {
            "generation": generation,
            "services": [dataclasses.asdict(service) for service in services],
            "environment": str(summary.environment),
            "spacectl_environment": str(summary.spacectl_environment),
            "spacectl_home": str(summary.spacectl_home),
            "registry": summary.registry,
            "market": summary.market,
            "prefect": summary.prefect,
            "prefect_environment": summary.prefect_environment,
        }
        sys.stdout.write(json.dumps(shown, indent=2) + "\n")
        return
    console = Console(emoji=False)
    rows = [
        (
            each.name,
            each.state,
            each.address,
            str(each.pid or ""),
            f"{each.memory / 2**20:.0f}" if each.memory else "",
        )
        for each in services
    ]
    console.print(rows_table(f"SpaceONE {generation}", ("part", "state", "address", "pid", "MiB"), rows))
    total = sum(service.memory for service in services)
    console.print(f"{total / 2**20:.0f} MiB in all.")
    if summary.environment.exists():
        console.print(f"spacectl's environment: {summary.spacectl_environment}", soft_wrap=True)
    if summary.prefect:
        console.print(f"Prefect: {summary.prefect}")
