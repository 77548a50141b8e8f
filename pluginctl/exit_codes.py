"""How a command ends: the exit codes, and how an error is printed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import typer

from flows.errors import Cause, PipelineError, sentence
from flows.text import log_line
from pluginctl.output import Output, emit_json, literal, literal_lines, message_console

#: Shown by `pluginctl --help` and in docs/commands.md.
MEANINGS = {
    0: "done",
    1: "the run failed",
    2: "the input was rejected, or the plan is blocked; nothing was changed",
    3: "a service could not be reached or had an internal error; the message says whether something was changed",
}
SCHEMA = "error/1"
"""The value of `schema` in the JSON of an error."""


@contextmanager
def exit_on_error(output: Output = Output.TEXT) -> Iterator[None]:
    """Ends the command with one message and an exit code if a known error occurs. A bug keeps its traceback.

    Args:
        output: With JSON, the error is also printed as one document on standard output.
    """
    try:
        yield
    except PipelineError as error:
        tell(error)
        if output is Output.JSON:
            emit_json(error_document(error.as_json(), error.exit_code))
        raise typer.Exit(error.exit_code) from None
    except Exception as error:  # a bug: a program that reads JSON gets a document, too
        if output is Output.JSON:
            emit_json(error_document(_bug(error), 1))
        raise


def tell(error: PipelineError) -> None:
    """Print message, advice and details on standard error."""
    line = message_console().say
    line(f"[red]error:[/] {literal_lines(sentence(error.message))}")
    if error.advice:
        line(f"[cyan]hint:[/] {literal_lines(sentence(error.advice))}")
    for quoted in error.details:
        line(f"    [dim]{literal(log_line(quoted))}[/]")
    if error.changed:
        line("Something was changed before that. Run the same command again: it continues from there.")
    elif error.cause is Cause.UNAVAILABLE:
        line("Nothing was changed.")


def error_document(error: dict[str, Any], exit_code: int) -> dict[str, Any]:
    """One document of the schema `error/1`."""
    return {"schema": SCHEMA, "exit_code": exit_code, "error": error}


def json_schema() -> dict[str, Any]:
    """The JSON Schema of an error's document."""
    from importlib.resources import files

    text = files("pluginctl").joinpath("error.schema.json").read_text(encoding="utf-8")
    return dict(json.loads(text))


def _bug(error: Exception) -> dict[str, Any]:
    found = PipelineError(
        f"{type(error).__name__}: {error}", "This is a bug. Its traceback is on standard error"
    )
    return {**found.as_json(), "code": "bug"}
