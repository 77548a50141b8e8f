"""`pluginctl`: the same flows on a laptop, without a server, and the sandbox."""

from __future__ import annotations

import json
import signal
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from flows.manifest import Manifest, load_environment
from flows.steps.collection import recollect as run_recollect
from flows.steps.errors import PlanBlocked
from flows.steps.places import ENVIRONMENTS, MANIFEST, SOURCE
from flows.steps.progress import Progress
from flows.steps.release import ReleaseRequest
from flows.steps.release import release as run_release
from flows.steps.report import Report
from flows.terminal.demo import demo
from flows.terminal.failures import FAILED, REFUSED, failing_well, tell
from flows.terminal.looking import api_resources, show
from flows.terminal.options import (
    EnvironmentName,
    Format,
    ManifestFolder,
    Output,
    Parameters,
    SourceFolder,
)
from flows.terminal.runner import TerminalRunner
from flows.terminal.sandbox import app as sandbox
from flows.terminal.tables import show_report

app = typer.Typer(
    help="Takes a SpaceONE inventory plugin from its source to collected resources.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(sandbox, name="sandbox")
app.command()(demo)
app.command()(show)
app.command()(api_resources)


DryRun = Annotated[bool, typer.Option("--dry-run", help="Stop after the plan.")]
PublishOnly = Annotated[
    bool,
    typer.Option(
        "--publish-only", help="Stop when the plugin is registered: no account, no collector, no collection."
    ),
]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Show every line of a build.")]


@app.command()
def release(
    environment: EnvironmentName,
    source: SourceFolder = Path(SOURCE),
    manifest: ManifestFolder = Path(MANIFEST),
    parameters: Parameters = None,
    dry_run: DryRun = False,
    publish_only: PublishOnly = False,
    output: Format = Output.TEXT,
    verbose: Verbose = False,
) -> None:
    """Build, push, register, collect and judge: from a plugin's source to its resources."""
    progress = Progress()
    with failing_well(lambda: progress.wrote):
        request = ReleaseRequest(
            load_environment(environment, Path(ENVIRONMENTS)),
            source,
            manifest,
            dry_run,
            publish_only,
            tuple(parameters or ()),
        )
        report = run_release(request, TerminalRunner(_errors(), verbose), progress)
    _show(report, output)


@app.command()
def recollect(
    environment: EnvironmentName,
    manifest: ManifestFolder = Path(MANIFEST),
    parameters: Parameters = None,
    output: Format = Output.TEXT,
) -> None:
    """Collect again with the collector of a release."""
    progress = Progress()
    with failing_well(lambda: progress.wrote):
        report = run_recollect(
            load_environment(environment, Path(ENVIRONMENTS)),
            Manifest.load(manifest, parameters or ()),
            TerminalRunner(_errors()),
            progress,
        )
    _show(report, output)


def _show(report: Report, output: Output) -> None:
    if output is Output.JSON:
        sys.stdout.write(json.dumps(report.as_json(), indent=2, ensure_ascii=False) + "\n")
    else:
        show_report(Console(emoji=False), report)
    if report.blocked:
        tell(PlanBlocked(report.blocked))
        raise typer.Exit(REFUSED)
    if not report.success:
        raise typer.Exit(FAILED)


def _errors() -> Console:
    return Console(stderr=True, emoji=False)


def main() -> None:
    """The console script. SIGTERM ends it as Ctrl-C does: what it began on the Docker engine is cleaned away."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    app()
