"""The entry point: the list of commands, and what all of them share."""

from __future__ import annotations

import signal
import sys
import traceback
from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from flows.pipeline import pipeline_version
from pluginctl.exit_codes import MEANINGS
from pluginctl.output import emit, emit_traceback

#: The commands in the order of use, which is the order in `--help`.
COMMANDS = {
    "init": "pluginctl.commands.init",
    "check": "pluginctl.commands.check",
    "plan": "pluginctl.commands.plan",
    "release": "pluginctl.commands.release",
    "recollect": "pluginctl.commands.recollect",
    "history": "pluginctl.commands.history",
    "rollback": "pluginctl.commands.rollback",
    "drift": "pluginctl.commands.drift",
    "verify": "pluginctl.commands.verify",
    "show": "pluginctl.commands.show",
    "api-resources": "pluginctl.commands.api_resources",
    "deploy": "pluginctl.commands.deploy",
    "sandbox": "pluginctl.commands.sandbox",
    "demo": "pluginctl.commands.demo",
}

#: The packages of the extra `sandbox`. They are not installed on a worker.
SANDBOX_PACKAGES = frozenset({"platformdirs", "psutil", "starlette", "uvicorn"})


class Commands(TyperGroup):
    """Imports only the module of the command that is called, so that every command starts fast."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 - typer's signature
        """The names, in the order of use."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002 - typer's signature
        """The command with this name, or None."""
        if cmd_name not in COMMANDS:
            return None
        try:
            module = import_module(COMMANDS[cmd_name])
        except ModuleNotFoundError as error:
            if error.name not in SANDBOX_PACKAGES:
                raise
            module = import_module("pluginctl.commands.without_sandbox")
        command = typer.main.get_command(module.app)
        command.name = cmd_name
        return command


_EXIT_CODES = "Exit codes:\n\n" + "\n\n".join(f"{code}  {meaning}" for code, meaning in MEANINGS.items())

app = typer.Typer(
    cls=Commands,
    epilog=_EXIT_CODES,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"max_content_width": 110},
)


def _version(wanted: bool) -> None:
    if wanted:
        emit(f"pluginctl {pipeline_version()}\n")
        raise typer.Exit


@app.callback()
def pluginctl(
    show_version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Takes a SpaceONE inventory plugin from its source to collected resources."""


def main() -> None:
    """The console script. SIGTERM ends it as Ctrl-C does: it removes what it started on the Docker engine."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        app()
    except Exception as error:  # noqa: BLE001 - a bug: Python would print what its message quotes as it is
        emit_traceback("".join(traceback.format_exception(error)))
        sys.exit(1)
