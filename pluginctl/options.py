"""Arguments and options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from flows.steps.places import MANIFEST, SOURCE
from pluginctl.output import Output

EnvironmentName = Annotated[
    str, typer.Argument(metavar="ENVIRONMENT", help="A file in deployments/environments.")
]
ManifestFolder = Annotated[
    Path | None, typer.Option("--manifest", show_default=MANIFEST, help="The folder of the manifest.")
]
SourceFolder = Annotated[
    Path | None, typer.Option("--source", show_default=SOURCE, help="The folder of the plugin's source.")
]
Format = Annotated[
    Output, typer.Option("--output", "-o", help="text, or json: one object on standard output.")
]
Parameters = Annotated[
    list[str] | None,
    typer.Option(
        "--parameter",
        "-p",
        metavar="KIND.FIELD=VALUE",
        help="A field that overrides the manifest's, such as plugin.image=team/plugin-x. May be given again.",
    ),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Stop after the plan.")]
PublishOnly = Annotated[
    bool,
    typer.Option(
        "--publish-only", help="Stop when the plugin is registered: no account, no collector, no collection."
    ),
]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Show every line of a build.")]
