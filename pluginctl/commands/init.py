"""`pluginctl init`: makes a project of a plugin's repository."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from flows.pipeline import pipeline_version
from pluginctl.exit_codes import exit_on_error
from pluginctl.options import Format
from pluginctl.output import Output, Terminal, emit_json, literal, message_console, result_console
from pluginctl.scaffold.project import Made, make
from pluginctl.scaffold.proposal import Question, Value

app = typer.Typer(add_completion=False)


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(metavar="[FOLDER]", help="A plugin's repository.")] = Path(),
    name: Annotated[
        str | None, typer.Option("--name", help="The plugin's name. Default: from its image.")
    ] = None,
    image: Annotated[
        str | None,
        typer.Option(
            "--image", help="The plugin's image, without registry and version. Default: from the git remote."
        ),
    ] = None,
    provider: Annotated[
        str | None,
        typer.Option(
            "--provider",
            help="The provider of what it collects, such as aws. Default: what the code names most.",
        ),
    ] = None,
    kind: Annotated[
        str | None,
        typer.Option(
            "--kind",
            metavar="TYPE",
            help="The plugin's type, such as monitoring.Webhook. Default: from its image.",
        ),
    ] = None,
    environment: Annotated[
        str | None,
        typer.Option(
            "--environment",
            metavar="NAME",
            help="The environment that the workflow releases to. Default: the one that is there, else sandbox.",
        ),
    ] = None,
    spacectl: Annotated[
        str | None,
        typer.Option(
            "--spacectl",
            metavar="NAME",
            help="The spacectl environment whose endpoints a new environment gets; its token stays where it is.",
        ),
    ] = None,
    registry: Annotated[
        str | None,
        typer.Option(
            "--registry", metavar="ADDRESS", help="The registry of a new environment. Default: Docker Hub."
        ),
    ] = None,
    registry_type: Annotated[
        str | None,
        typer.Option("--registry-type", metavar="TYPE", help="What the platform calls it, such as HARBOR."),
    ] = None,
    source: Annotated[
        str | None,
        typer.Option(
            "--source", metavar="PATH", help="The plugin's source below FOLDER. Default: it is looked for."
        ),
    ] = None,
    manifest: Annotated[
        str | None,
        typer.Option(
            "--manifest", metavar="PATH", help="The manifest below FOLDER. Default: it is looked for."
        ),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Ask nothing: take what is proposed.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the files and write none.")] = False,
    output: Format = Output.TEXT,
) -> None:
    """Make a project of a plugin's repository: write what its manifest lacks, an environment and a workflow.

    A file that exists is never changed. On a terminal it asks for what options do not give.
    """
    with exit_on_error(output):
        given = {
            "name": name,
            "image": image,
            "provider": provider,
            "kind": kind,
            "environment": environment,
            "spacectl": spacectl,
            "registry": registry,
            "registry-type": registry_type,
        }
        asks = not yes and output is Output.TEXT and sys.stdin.isatty() and message_console().is_terminal

        def decide(question: Question, proposed: Value | None) -> Value | None:
            if (value := given[question.field]) is not None:
                return Value(value, "given")
            return _ask(question, proposed) if asks else proposed

        made = make(
            folder,
            decide,
            source=source,
            manifest=manifest,
            version=pipeline_version(),
            dry_run=dry_run,
        )
    if output is Output.JSON:
        emit_json(made.as_json())
    else:
        _print(result_console(), made)


def _ask(question: Question, proposed: Value | None) -> Value | None:
    """Ask on the terminal until the answer is a valid one; nothing for what is proposed."""
    console = message_console()
    while True:
        default = rf" \[{literal(proposed.text)}, {literal(proposed.origin)}]" if proposed else ""
        console.print(f"{question.words}{default}: ", end="", highlight=False)
        answer = sys.stdin.readline()
        if not answer:
            raise typer.Abort
        if not answer.strip() and (proposed or not question.required):
            return proposed
        if question.accepts(answer.strip()):
            return Value(answer.strip(), "what you typed")
        console.print(f"Give {question.rule}.", highlight=False)


def _print(console: Terminal, made: Made) -> None:
    line = console.say
    for field, value in made.values.items():
        line(f"{field}: {literal(value.text)} [dim]({literal(value.origin)})[/]")
    for file in made.files:
        if file.path in made.written:
            line(f"[green]{'would write' if made.dry_run else 'wrote'}[/] {literal(file.path)}")
            if made.dry_run:
                for each in file.text.splitlines():
                    line(f"    [dim]{literal(each)}[/]")
        else:
            line(f"[dim]kept {literal(file.path)}[/]")
    for kept in made.kept:
        line(f"[dim]kept {literal(kept)}[/]")
    for remark in made.remarks:
        line(f"[yellow]remark:[/] {literal(remark)}")
    if not made.dry_run:
        line("Next:" if made.written else "Nothing was missing. Next:")
        for command in made.next_commands:
            line(f"  $ {literal(command)}")
