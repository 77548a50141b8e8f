"""`pluginctl sandbox`: the real SpaceONE services on this machine."""

from __future__ import annotations

import dataclasses
import shlex
import sys
from collections.abc import Sequence
from typing import Annotated, Any

import typer
from rich.console import Console

from pluginctl.exit_codes import exit_on_error
from pluginctl.options import Format
from pluginctl.output import Output, emit_json, message_console, result_console
from pluginctl.project import project_root
from pluginctl.spinner import TerminalProgress
from pluginctl.tables import rows_table
from sandbox import lifecycle
from sandbox.errors import SandboxError

app = typer.Typer(
    help="Run the real SpaceONE services on this machine.", no_args_is_help=True, add_completion=False
)


_KNOWN = "|".join(lifecycle.GENERATIONS)


def _known(name: str | None) -> str | None:
    if name is None or name in lifecycle.GENERATIONS:
        return name
    raise typer.BadParameter(
        f"there is no SpaceONE {name!r} here. Known: {', '.join(lifecycle.GENERATIONS)}."
    )


GenerationOption = Annotated[
    str, typer.Option("--generation", metavar=_KNOWN, callback=_known, help="The generation of SpaceONE.")
]
GenerationOrAll = Annotated[
    str | None,
    typer.Option(
        "--generation", metavar=_KNOWN, callback=_known, help="The generation of SpaceONE. Default: all."
    ),
]


@app.command()
def up(
    generation: GenerationOption = lifecycle.GENERATION,
    mongodb_uri: Annotated[
        str | None,
        typer.Option(help="A MongoDB to use instead of the embedded one.", envvar="PLUGINCTL_MONGODB_URI"),
    ] = None,
    prefect: Annotated[
        bool, typer.Option("--prefect", help="Also start a Prefect server and a worker.")
    ] = False,
) -> None:
    """Start a sandbox: install what is missing, and start every part that does not run yet."""
    with exit_on_error(), TerminalProgress(message_console()) as progress:
        lifecycle.up(
            lifecycle.default_home(),
            generation=generation,
            mongodb_uri=mongodb_uri,
            prefect=prefect,
            progress=progress,
        )
    _show([generation])


@app.command()
def down(
    generation: GenerationOrAll = None,
    purge: Annotated[bool, typer.Option("--purge", help="Also remove the data.")] = False,
) -> None:
    """Stop everything that the sandboxes started, and nothing else. The data is kept."""
    with exit_on_error(), TerminalProgress(message_console()) as progress:
        lifecycle.down(lifecycle.default_home(), generation=generation, purge=purge, progress=progress)


@app.command()
def status(generation: GenerationOrAll = None, output: Format = Output.TEXT) -> None:
    """Show every part with its state, address, process and memory.

    The JSON output describes one generation: the one that is given, or 2.x.
    """
    with exit_on_error(output):
        home = lifecycle.default_home()
        if output is Output.JSON:
            emit_json(_document(generation or lifecycle.GENERATION))
        else:
            _show([generation] if generation else lifecycle.existing(home) or [lifecycle.GENERATION])


@app.command()
def logs(
    service: Annotated[str, typer.Argument(help="The name of a part, as `status` shows it.")],
    generation: GenerationOption = lifecycle.GENERATION,
    lines: Annotated[int, typer.Option("--lines", "-n", help="The number of lines; 0 shows all.")] = 100,
) -> None:
    """Show the last lines of a part's log."""
    with exit_on_error():
        path = lifecycle.logs(lifecycle.default_home(), service, generation=generation)
    text = path.read_text(encoding="utf-8", errors="replace").splitlines()
    for line in text[-lines:] if lines else text:
        sys.stdout.write(line + "\n")


@app.command()
def env(generation: GenerationOption = lifecycle.GENERATION) -> None:
    """Print variables for a shell, so that `prefect` uses the sandbox's server: eval "$(pluginctl sandbox env)"."""
    with exit_on_error():
        summary = lifecycle.summary(lifecycle.default_home(), generation=generation)
        if summary.prefect is None:
            raise SandboxError(
                "Prefect does not run beside the sandbox.", "Start it: pluginctl sandbox up --prefect"
            )
    variables = dict(summary.prefect_environment)
    if root := project_root():
        variables["PLUGINCTL_CHECKOUT"] = str(root)
    for name, value in variables.items():
        sys.stdout.write(f"export {name}={shlex.quote(value)}\n")


def _document(generation: str) -> dict[str, Any]:
    home = lifecycle.default_home()
    summary = lifecycle.summary(home, generation=generation)
    return {
        "generation": generation,
        "services": [dataclasses.asdict(each) for each in lifecycle.status(home, generation=generation)],
        "shared": [dataclasses.asdict(each) for each in lifecycle.shared(home)],
        "environment": str(summary.environment),
        "spacectl_environment": str(summary.spacectl_environment),
        "spacectl_home": str(summary.spacectl_home),
        "registry": summary.registry,
        "market": summary.market,
        "prefect": summary.prefect,
        "prefect_environment": summary.prefect_environment,
    }


def _show(generations: Sequence[str]) -> None:
    """Print a table for each generation, and one for the parts that they share."""
    console, home = result_console(), lifecycle.default_home()
    total = 0
    for generation in generations:
        services = lifecycle.status(home, generation=generation)
        summary = lifecycle.summary(home, generation=generation)
        total += _table(console, f"SpaceONE {generation}", services)
        if summary.environment.exists():
            console.print(f"spacectl's environment: {summary.spacectl_environment}\n", soft_wrap=True)
    if shared := lifecycle.shared(home):
        total += _table(console, "Shared by the sandboxes", shared)
    console.print(f"{total / 2**20:.0f} MiB in total.")


def _table(console: Console, title: str, services: Sequence[lifecycle.Service]) -> int:
    """Print the parts, and return the bytes of memory that they use together."""
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
    console.print(rows_table(title, ("part", "state", "address", "pid", "MiB"), rows))
    return sum(each.memory for each in services)
