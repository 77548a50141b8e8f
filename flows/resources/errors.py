"""The error of what changed on the platform between the plan and its execution."""

from __future__ import annotations

from flows.spaceone import SpaceoneError


class MadeMeanwhile(SpaceoneError):
    """Somebody else made the same resource while the release ran, and the release cannot go on with it."""

    code = "made-meanwhile"
