"""Whether a run has changed anything yet."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from flows.errors import PipelineError


@dataclass
class Changes:
    """What a run has changed so far.

    Attributes:
        made: Whether something was changed, or may have been: a call that writes got no clear answer.
    """

    made: bool = False

    def note(self) -> None:
        """Something was changed, or may have been."""
        self.made = True

    @contextmanager
    def mark_errors(self) -> Iterator[None]:
        """An error that leaves the block says whether something was changed by then."""
        try:
            yield
        except PipelineError as error:
            error.changed = error.changed or self.made
            raise
