"""Runs a program to its end, and quotes its last lines if it fails."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

from sandbox.errors import SandboxError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from pathlib import Path

LINES = 12


def execute(
    command: Sequence[str | Path],
    failure: str,
    advice: str = "",
    *,
    environment: Mapping[str, str | None] | None = None,
    seconds: float | None = None,
    accept: Collection[int] = (0,),
) -> str:
    """The output of the program, both streams together.

    Args:
        command: Program and arguments.
        failure: The error message if the program fails; the exit code is added.
        advice: What to do in that case.
        environment: Variables to set, or to remove if the value is None.
        seconds: How long it may take.
        accept: Exit codes that are not a failure.

    Raises:
        SandboxError: another exit code (the details are the last lines), or it took too long.
    """
    variables = dict(os.environ)
    for name, value in (environment or {}).items():
        variables.pop(name, None)
        if value is not None:
            variables[name] = value
    try:
        done = subprocess.run(
            command,
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=seconds,
        )
    except subprocess.TimeoutExpired as error:
        raise SandboxError(
            f"{failure}: `{command[0]}` did not end within {seconds:.0f} s.", advice
        ) from error
    if done.returncode not in accept:
        raise SandboxError(
            f"{failure}: `{command[0]}` ended with {done.returncode}.",
            advice,
            details=done.stdout.strip().splitlines()[-LINES:],
        )
    return done.stdout
