"""A Prefect server that is away for a while, such as during its restart, fails no run."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

import httpx
from prefect.logging import get_run_logger

from flows.text import printable

T = TypeVar("T")

PATIENCE_SECONDS = 120.0
PAUSE_SECONDS = 2.0


def bridge(call: Callable[[], T]) -> T:
    """Calls the server until it answers, for two minutes.

    Prefect's own client repeats a call only if it has reached the server before, and most calls have a new client.

    Raises:
        httpx.TransportError: the server is still away.
    """
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return call()
        except httpx.TransportError:
            if time.monotonic() > deadline:
                raise
            time.sleep(PAUSE_SECONDS)


def record(call: Callable[[], T], what: str) -> T | None:
    """Writes down something for people to read, as `bridge` does. A run does not fail because it cannot.

    Args:
        call: Writes it.
        what: What it is, for the warning.

    Returns:
        What the call returns; None if the server did not answer.
    """
    try:
        return bridge(call)
    except httpx.HTTPError as error:
        get_run_logger().warning("%s", printable(f"{what} could not be written: {error}"))
        return None
