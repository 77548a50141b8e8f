"""Known errors become one message and an exit code."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import typer
from rich.console import Console
from rich.markup import escape

from deployments.sandbox.errors import SandboxError
from flows.images import ImageError
from flows.manifest import ManifestError
from flows.spaceone import SpaceoneError
from flows.steps.errors import FlowError

#: Exit codes: a run failed; or nothing was changed, because the input or the platform does not allow it.
FAILED, REFUSED = 1, 2


@contextmanager
def failing_well(wrote: Callable[[], bool] = lambda: False) -> Iterator[None]:
    """One message on standard error for what can be known beforehand; anything else is a bug and keeps its trace.

    Args:
        wrote: Whether something has been changed by then: the exit code is 1 if so, else 2.
    """
    try:
        yield
    except (ManifestError, ImageError, SpaceoneError, FlowError) as error:
        tell(error)
        raise typer.Exit(FAILED if wrote() else REFUSED) from None
    except SandboxError as error:
        tell(error)
        raise typer.Exit(FAILED) from None


def tell(error: Exception) -> None:
    """The message, on standard error."""
    Console(stderr=True, emoji=False).print(
        f"[red]error:[/] {escape(str(error))}", soft_wrap=True, highlight=False
    )
