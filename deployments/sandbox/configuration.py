"""The services' configuration files. Each has one key, GLOBAL, laid over the package's own `global_conf`.

What stands in them is each generation's own (`spaceone_2.configuration`, `spaceone_1_12.configuration`). A value of
another type than the one it replaces is refused by spaceone-core when the service starts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import yaml

from deployments.sandbox.layout import write_private

if TYPE_CHECKING:
    from pathlib import Path

    from deployments.sandbox.layout import Layout
    from deployments.sandbox.settings import Settings


def write(layout: Layout, settings: Settings) -> list[str]:
    """Write every part's file; returns the parts whose file differs from what was there."""
    changed = []
    for part in layout.generation.parts:
        text = yaml.safe_dump({"GLOBAL": layout.generation.configuration(part, settings)}, sort_keys=True)
        path = file(layout.conf, part)
        if not path.exists() or path.read_text() != text:
            write_private(path, text)
            changed.append(part)
    return changed


def file(folder: Path, part: str) -> Path:
    """The path of a part's configuration file."""
    return folder / f"{part}.yaml"
