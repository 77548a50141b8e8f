"""Arguments and options that several commands share."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class Output(StrEnum):
    """How a result is printed."""

    TEXT = "text"
    JSON = "json"


EnvironmentName = Annotated[
    str, typer.Argument(metavar="ENVIRONMENT", help="A file in deployments/environments.")
]
ManifestFolder = Annotated[Path, typer.Option("--manifest", help="The folder of the manifest.")]
SourceFolder = Annotated[Path, typer.Option("--source", help="The folder of the plugin's source.")]
Format = Annotated[
    Output, typer.Option("--output", "-o", help="text, or json: one object on standard output.")
]
Parameters = Annotated[
    list[str] | None,
    typer.Option(
        "--parameter",
        "-p",
        metavar="KIND.FIELD=VALUE",
        help="A field that is stronger than the manifest's, such as plugin.image=team/plugin-x. May be given again.",
    ),
]
