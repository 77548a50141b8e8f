"""`pluginctl sandbox`: the real SpaceONE services on this machine."""

from __future__ import annotations

import dataclasses
import shlex
from collections.abc import Sequence
from typing import Annotated, Any

import typer

from flows.text import log_line
from pluginctl.exit_codes import exit_on_error
from pluginctl.options import Format
from pluginctl.output import (
    Output,
    Terminal,
    emit,
    emit_bytes,
    emit_json,
    literal,
    message_console,
    result_console,
)
from pluginctl.project import this_command
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
MongodbOption = Annotated[
    str | None,
    typer.Option(
        "--mongodb-uri",
        help="A MongoDB to use instead of one of the sandbox's own.",
        envvar="PLUGINCTL_MONGODB_URI",
    ),
]


@app.command()
def up(
    generation: GenerationOption = lifecycle.GENERATION,
    mongodb_uri: MongodbOption = None,
    prefect: Annotated[
        bool, typer.Option("--prefect", help="Also start a Prefect server and a worker.")
    ] = False,
) -> None:
    """Start a sandbox: build its images if necessary, and start every part that does not run yet."""
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
def status(
    services: Annotated[
        list[str] | None,
        typer.Argument(help="The names of parts, or the ids of plugins. Default: all."),
    ] = None,
    generation: GenerationOrAll = None,
    output: Format = Output.TEXT,
) -> None:
    """Show every part and plugin with its state, address, restarts and memory.

    The JSON output describes one generation: the one that is given, or 2.x.
    """
    with exit_on_error(output):
        home = lifecycle.default_home()
        if output is Output.JSON:
            emit_json(_document(generation or lifecycle.GENERATION, services or []))
        else:
            of_all = lifecycle.existing(home) or [lifecycle.GENERATION]
            _show([generation] if generation else of_all, services or [])


@app.command()
def logs(
    services: Annotated[
        list[str] | None,
        typer.Argument(
            help="The names of parts, or the ids of plugins; `status` shows them. Default: all of the sandbox."
        ),
    ] = None,
    generation: GenerationOption = lifecycle.GENERATION,
    lines: Annotated[
        int, typer.Option("--lines", "-n", help="The number of lines of each; 0 shows all.")
    ] = 100,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Also show new lines, until Ctrl-C.")
    ] = False,
) -> None:
    """Show the last lines of the logs of parts and plugins, merged by time."""
    names = services or []
    prefixed = len(names) != 1
    with exit_on_error():
        found = lifecycle.logs(
            lifecycle.default_home(), names, generation=generation, lines=lines, follow=follow
        )
        for line in found:
            text = log_line(line.text)
            emit(f"{line.part} | {text}\n" if prefixed else f"{text}\n", flush=follow)


@app.command()
def compose(generation: GenerationOption = lifecycle.GENERATION, mongodb_uri: MongodbOption = None) -> None:
    """Print the sandbox's containers as a Compose file. It contains the sandbox's passwords and tokens."""
    with exit_on_error(), TerminalProgress(message_console()) as progress:
        text = lifecycle.compose(
            lifecycle.default_home(), generation=generation, mongodb_uri=mongodb_uri, progress=progress
        )
    emit(text)


@app.command(context_settings={"ignore_unknown_options": True, "help_option_names": []})
def spacectl(
    words: Annotated[list[str], typer.Argument(help="What spacectl is given.")],
    generation: GenerationOption = lifecycle.GENERATION,
) -> None:
    """Run the generation's own spacectl on the sandbox: `pluginctl sandbox spacectl list identity.Provider`."""
    with exit_on_error():
        code, output, errors = lifecycle.spacectl(lifecycle.default_home(), words, generation=generation)
    emit_bytes(output, errors)
    raise typer.Exit(code)


@app.command()
def env(generation: GenerationOption = lifecycle.GENERATION) -> None:
    """Print variables for a shell, so that `prefect` uses the sandbox's server: eval "$(pluginctl sandbox env)".

    One of them is the server's password.
    """
    variables = _with_prefect(generation).prefect_environment
    for name, value in variables.items():
        emit(f"export {name}={shlex.quote(value)}\n")


@app.command()
def password(generation: GenerationOption = lifecycle.GENERATION) -> None:
    """Print the password that Prefect's pages ask for."""
    emit(f"{_with_prefect(generation).prefect_password}\n")


def _with_prefect(generation: str) -> lifecycle.Summary:
    with exit_on_error():
        summary = lifecycle.summary(lifecycle.default_home(), generation=generation)
        if summary.prefect is None:
            raise SandboxError(
                "Prefect does not run beside the sandbox.", "Start it: pluginctl sandbox up --prefect"
            )
    return summary


def show_password_command(console: Terminal) -> None:
    """Say how to get the password that Prefect's pages ask for. It is not shown: this output may be a log."""
    console.print(
        f"Prefect's pages ask for a password. To print it: {literal(this_command())} sandbox password",
        soft_wrap=True,
        highlight=False,
    )


def _document(generation: str, names: Sequence[str]) -> dict[str, Any]:
    home = lifecycle.default_home()
    summary = lifecycle.summary(home, generation=generation)
    found = [lifecycle.status(home, generation=generation), lifecycle.shared(home)]
    services, shared = _called(found, names)
    return {
        "generation": generation,
        "services": [dataclasses.asdict(each) for each in services],
        "shared": [dataclasses.asdict(each) for each in shared],
        "environment": str(summary.environment),
        "spacectl_environment": str(summary.spacectl_environment),
        "spacectl_home": str(summary.spacectl_home),
        "registry": summary.registry,
        "market": summary.market,
        "prefect": summary.prefect,
        "prefect_environment": summary.prefect_environment,
    }


def _called(
    found: Sequence[list[lifecycle.Service]], names: Sequence[str]
) -> Sequence[list[lifecycle.Service]]:
    """What is called by the names in each list; all without names."""
    if not names:
        return found
    for name in names:
        if not any(each.is_called(name) for services in found for each in services):
            known = {
                word for services in found for each in services for word in (each.name, each.plugin) if word
            }
            raise SandboxError(
                f"There is no part or plugin {name!r}.",
                f"Parts and plugins: {', '.join(sorted(known)) or 'none'}.",
            )
    return [[each for each in services if any(map(each.is_called, names))] for services in found]


def _show(generations: Sequence[str], names: Sequence[str] = ()) -> None:
    """Print a table for each generation, and one for the parts that they share.

    Args:
        generations: the generations.
        names: the parts and plugins; none for all.
    """
    console, home = result_console(), lifecycle.default_home()
    total = 0
    found = [lifecycle.status(home, generation=generation) for generation in generations]
    *found, shared = _called([*found, lifecycle.shared(home)], names)
    for generation, services in zip(generations, found, strict=True):
        if not services:
            continue
        summary = lifecycle.summary(home, generation=generation)
        total += _table(console, f"SpaceONE {generation}", services)
        if summary.environment.exists():
            console.print(
                f"spacectl's environment: {literal(str(summary.spacectl_environment))}\n", soft_wrap=True
            )
    if shared:
        total += _table(console, "Shared by the sandboxes", shared)
        if lifecycle.summary(home).prefect:
            show_password_command(console)
    console.print(f"{total / 2**20:.0f} MiB in total.")


def _table(console: Terminal, title: str, services: Sequence[lifecycle.Service]) -> int:
    """Print the parts, and return the bytes of memory that they use together."""
    rows = [
        (
            each.name,
            each.state,
            each.address,
            str(each.restarts or ""),
            f"{each.memory / 2**20:.0f}" if each.memory else "",
        )
        for each in services
    ]
    console.print(rows_table(title, ("part", "state", "address", "restarts", "MiB"), rows))
    return sum(each.memory for each in services)
