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
        """Records that something was changed, or may have been."""
        self.made = True

    @contextmanager
    def mark_errors(self) -> Iterator[None]:
        """Sets on an error that leaves the block whether something was changed before."""
        try:
            yield
        except PipelineError as error:
            error.changed = error.changed or self.made
            raise
