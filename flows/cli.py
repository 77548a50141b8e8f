"""`pluginctl`: the same flows on a laptop, without a server, and the sandbox."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from flows.images import ImageError
from flows.manifest import Manifest, ManifestError, load_environment
from flows.sandbox_cli import app as sandbox
from flows.sandbox_cli import demo
from flows.spaceone import SpaceoneError
from flows.steps.collection import recollect as run_recollect
from flows.steps.errors import FlowError
from flows.steps.places import ENVIRONMENTS, MANIFEST, SOURCE
from flows.steps.release import Progress, ReleaseRequest
from flows.steps.release import release as run_release
from flows.steps.report import Report
from flows.terminal.runner import TerminalRunner
from flows.terminal.tables import show_report

#: Exit codes: the run failed; nothing was changed, for the input or the platform does not allow it.
FAILED, REFUSED = 1, 2

app = typer.Typer(
    help="Takes a SpaceONE inventory plugin from its source to collected resources.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(sandbox, name="sandbox")
app.command()(demo)


class Output(StrEnum):
    """How a result is printed."""

    TEXT = "text"
    JSON = "json"


EnvironmentName = Annotated[str, typer.Argument(metavar="ENVIRONMENT", help="A file in deployments/environments.")]
ManifestFolder = Annotated[Path, typer.Option("--manifest", help="The folder of the manifest.")]
SourceFolder = Annotated[Path, typer.Option("--source", help="The folder of the plugin's source.")]
Format = Annotated[Output, typer.Option("--output", "-o", help="text, or json: one object on standard output.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Stop after the plan.")]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Show every line of a build.")]


@app.command()
def release(
    environment: EnvironmentName,
    source: SourceFolder = Path(SOURCE),
    manifest: ManifestFolder = Path(MANIFEST),
    dry_run: DryRun = False,
    output: Format = Output.TEXT,
    verbose: Verbose = False,
) -> None:
    """Build, push, register, collect and judge: from a plugin's source to its resources."""
    progress = Progress()
    with failing_well(progress):
        request = ReleaseRequest(load_environment(environment, Path(ENVIRONMENTS)), source, manifest, dry_run)
        report = run_release(request, TerminalRunner(_errors(), verbose), progress)
    _show(report, output)


@app.command()
def recollect(
    environment: EnvironmentName, manifest: ManifestFolder = Path(MANIFEST), output: Format = Output.TEXT
) -> None:
    """Collect again with the collector of a release."""
    with failing_well(Progress()):
        report = run_recollect(
            load_environment(environment, Path(ENVIRONMENTS)), Manifest.load(manifest), TerminalRunner(_errors())
        )
    _show(report, output)


@contextmanager
def failing_well(progress: Progress) -> Iterator[None]:
    """Known errors become one message and an exit code: 2 where nothing was changed, else 1."""
    try:
        yield
    except (ManifestError, ImageError, SpaceoneError, FlowError) as error:
        _errors().print(f"[red]error:[/] {escape(str(error))}", soft_wrap=True, highlight=False)
        raise typer.Exit(FAILED if progress.wrote else REFUSED) from None


def _show(report: Report, output: Output) -> None:
    if output is Output.JSON:
        sys.stdout.write(json.dumps(report.as_json(), indent=2, ensure_ascii=False) + "\n")
    else:
        show_report(Console(), report)
    if not report.success:
        raise typer.Exit(FAILED)


def _errors() -> Console:
    return Console(stderr=True)


def main() -> None:
    """The console script."""
    app()
