"""Writes the services' configuration files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import yaml

from sandbox.machine.state import write_private

if TYPE_CHECKING:
    from pathlib import Path

    from sandbox.machine.layout import Layout
    from sandbox.spaceone.distribution import Distribution
    from sandbox.spaceone.settings import Settings


def write(layout: Layout, generation: Distribution, settings: Settings) -> list[str]:
    """Write every part's file. Returns the parts whose file has changed."""
    content = generation.configuration(settings)
    changed = []
    for part in generation.parts:
        text = yaml.safe_dump({"GLOBAL": content.of(part)}, sort_keys=True)
        path = file(layout.conf, part)
        if not path.exists() or path.read_text() != text:
            write_private(path, text)
            changed.append(part)
    return changed


def file(folder: Path, part: str) -> Path:
    """The path of a part's configuration file."""
    return folder / f"{part}.yaml"
