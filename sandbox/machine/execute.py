"""Runs a program to its end, and quotes its last lines where it fails."""

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
    """What the program printed, both streams as one.

    Args:
        command: Program and arguments.
        failure: The message where it fails; its exit code is added.
        advice: What to do then.
        environment: Variables to set, or to remove where the value is None.
        seconds: How long it may take.
        accept: Exit codes that are no failure.

    Raises:
        SandboxError: another exit code, or it took too long; with its last lines.
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
