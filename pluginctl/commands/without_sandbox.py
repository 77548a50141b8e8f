"""Replaces the commands that use the sandbox if its packages are not installed."""

from __future__ import annotations

from typing import Annotated

import typer

from flows.errors import Cause, PipelineError
from pluginctl.exit_codes import exit_on_error

app = typer.Typer(add_completion=False)


class SandboxMissing(PipelineError):
    """The packages of the sandbox are not installed."""

    code = "sandbox-missing"
    cause = Cause.REFUSED


@app.command(context_settings={"ignore_unknown_options": True, "allow_extra_args": True})
def without_sandbox(arguments: Annotated[list[str] | None, typer.Argument(hidden=True)] = None) -> None:  # noqa: ARG001 - takes what the real command would
    """Not available: the packages of the sandbox are not installed."""
    with exit_on_error():
        raise SandboxMissing(
            "The packages of the sandbox are not installed",
            "Install them: pip install 'spaceone-plugin-pipeline[sandbox]'",
        )
