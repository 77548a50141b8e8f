"""The generations of SpaceONE that a sandbox can run, and the folder of each one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.errors import SandboxError
from sandbox.machine.layout import Layout
from sandbox.spaceone import spaceone_1_12, spaceone_2

if TYPE_CHECKING:
    from pathlib import Path

    from sandbox.spaceone.distribution import Distribution

GENERATIONS = {each.name: each for each in (spaceone_2.GENERATION, spaceone_1_12.GENERATION)}


def layout_of(home: Path, name: str) -> Layout:
    """The paths of a generation's sandbox in the sandboxes' folder.

    Raises:
        SandboxError: no such generation.
    """
    if name not in GENERATIONS:
        raise SandboxError(
            f"There is no sandbox of generation {name!r}.", f"Known: {', '.join(GENERATIONS)}."
        )
    return Layout.of(home, name)


def generation_of(layout: Layout) -> Distribution:
    """The generation of a sandbox. The sandbox's folder has the name of its generation."""
    return GENERATIONS[layout.root.name]
