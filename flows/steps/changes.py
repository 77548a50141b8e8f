"""Whether a run has changed anything yet."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Changes:
    """What a run has changed so far, for whoever catches its error.

    Attributes:
        wrote: Whether something was changed, or may have been: a call that writes got no clear answer.
    """

    wrote: bool = False

    def write(self) -> None:
        """Something was changed, or may have been."""
        self.wrote = True
