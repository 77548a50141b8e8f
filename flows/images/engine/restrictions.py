"""What a trial run forbids a plugin, one by one.

SpaceONE's supervisor forbids nothing. An installation that is run with care does, and a plugin that needs nothing
of it can be run there without exceptions.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any

TMPFS = {"/tmp": "size=256m,mode=1777"}  # noqa: S108 - inside the container
"""The only folder that a plugin without a writable file system may write to. It is in memory."""


class Restriction(StrEnum):
    """Something that a plugin's container does not have."""

    FILES = "files"
    """A read-only file system, with /tmp in memory."""
    PRIVILEGES = "privileges"
    """No capabilities, and no way to get new privileges."""
    NETWORK = "network"
    """A network of its own without a way out. What listens on all addresses of the engine's machine is reached."""

    @property
    def lacking(self) -> str:
        """What a plugin does without."""
        return _LACKING[self]


_LACKING = {
    Restriction.FILES: "a writable file system",
    Restriction.PRIVILEGES: "capabilities",
    Restriction.NETWORK: "network access",
}
ALL = frozenset(Restriction)
NONE: frozenset[Restriction] = frozenset()


def options(restrictions: frozenset[Restriction]) -> dict[str, Any]:
    """The arguments with which docker's client makes a container so; the network is given by its maker."""
    given: dict[str, Any] = {}
    if Restriction.FILES in restrictions:
        given |= {"read_only": True, "tmpfs": TMPFS}
    if Restriction.PRIVILEGES in restrictions:
        given |= {"cap_drop": ["ALL"], "security_opt": ["no-new-privileges"]}
    return given
