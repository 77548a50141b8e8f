"""How long a container that starts is waited for: as long as it works."""

from __future__ import annotations

START_SECONDS = 150.0
"""The default limit; the platform waits as long for a plugin (`wait_until_activated` of spaceone-plugin)."""

WALL_FACTOR = 6
"""In all, a container may take so many times its limit."""

WORKING_SHARE = 0.01
"""From this part of one processor on, a container works. An idle server uses less, a busy machine gives more."""


class Patience:
    """Counts the time of one container: its CPU time while it works, otherwise the time that passes.

    So a plugin that starts on a busy machine has as much time to work as on an idle one, and a plugin that waits for
    something that never comes does not keep anybody for long.

    Args:
        limit: Seconds that may be counted.
        wall: Seconds that may pass, whatever is counted.

    Attributes:
        cpu: The CPU time that it has used, in seconds.
        seconds: How long it has run.
    """

    def __init__(self, limit: float, wall: float) -> None:
        self.limit = limit
        self.wall = wall
        self.cpu = self.seconds = 0.0
        self._counted = 0.0

    def note(self, seconds: float, cpu: float) -> None:
        """Count the time since the last call.

        Args:
            seconds: How long the container has run.
            cpu: The CPU time that it has used, in seconds; 0 if it is not known.
        """
        passed, worked = seconds - self.seconds, cpu - self.cpu
        self._counted += min(worked, passed) if worked >= WORKING_SHARE * passed else passed
        self.seconds, self.cpu = seconds, max(cpu, self.cpu)

    @property
    def is_over(self) -> bool:
        """Whether it has had its time."""
        return self._counted >= self.limit or self.seconds >= self.wall

    def __str__(self) -> str:
        used = f", {self.cpu:.1f} s of CPU time" if self.cpu else ""
        return f"{self.seconds:.0f} s{used}"
