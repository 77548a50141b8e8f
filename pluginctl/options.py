"""Arguments and options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from flows.images.versions import Part
from flows.manifest.lookup import VARIABLE
from flows.steps.places import MANIFEST, PROJECT_FILE, SOURCE
from pluginctl.output import Output

_ENVIRONMENT = (
    "The name of a file in deployments/environments, or in pluginctl/environments of the user's configuration folder, "
    "without its ending; or a path to such a file."
)

_ADDRESS = "git+https://HOST/PATH@REVISION#FOLDER"
_DEFAULT = f" {PROJECT_FILE} may name another default."

EnvironmentName = Annotated[str, typer.Argument(metavar="ENVIRONMENT", help=_ENVIRONMENT)]
EnvironmentsFolder = Annotated[
    Path | None,
    typer.Option(
        "--environments",
        metavar="DIR",
        envvar=VARIABLE,
        show_envvar=True,
        help="Look up ENVIRONMENT in this folder and in no other.",
    ),
]
ManifestPlace = Annotated[
    str | None,
    typer.Option(
        "--manifest",
        show_default=MANIFEST,
        help=f"The folder that holds the manifest, or {_ADDRESS}.{_DEFAULT}",
    ),
]
SourcePlace = Annotated[
    str | None,
    typer.Option(
        "--source",
        show_default=SOURCE,
        help=f"The folder that holds the plugin's source, or {_ADDRESS}.{_DEFAULT}",
    ),
]
SourceFolder = Annotated[
    Path | None,
    typer.Option(
        "--source", show_default=SOURCE, help=f"The folder that holds the plugin's source.{_DEFAULT}"
    ),
]
ManifestFolder = Annotated[
    Path | None,
    typer.Option("--manifest", show_default=MANIFEST, help=f"The folder that holds the manifest.{_DEFAULT}"),
]
Format = Annotated[
    Output,
    typer.Option(
        "--output", "-o", help="The format of the result. json prints one JSON document on standard output."
    ),
]
Parameters = Annotated[
    list[str] | None,
    typer.Option(
        "--parameter",
        "-p",
        metavar="KIND.FIELD=VALUE",
        help="Override a field of the manifest, such as plugin.image=team/plugin-x; @FILE as the value reads it from a "
        "file. Can be given several times.",
    ),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show the plan and stop. Nothing is changed.")]
PublishOnly = Annotated[
    bool,
    typer.Option(
        "--publish-only",
        help="Stop after the plugin is registered. Create no account and no collector, and collect nothing.",
    ),
]
PlanFile = Annotated[
    Path | None,
    typer.Option(
        "--plan",
        metavar="FILE",
        help="Carry out exactly the plan that `pluginctl plan` wrote into this file, or stop and show what moved.",
    ),
]
Version = Annotated[
    str | None,
    typer.Option(
        "--version",
        metavar="VERSION",
        help="Release this version, such as 0.2.1.dev3, and not the one in src/VERSION. The file is not changed.",
    ),
]
Bump = Annotated[
    Part | None,
    typer.Option(
        "--bump",
        help="Raise this number of the version in src/VERSION. The file is written when the registry has the image.",
    ),
]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Show every line that the build prints.")]
