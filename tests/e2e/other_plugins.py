"""Plugins of tests/plugins, released as their authors have them: a copy of the folder, with its own manifest."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import yaml

from tests import plugin_bases

PLUGINS = Path(__file__).parents[1] / "plugins"


class Plugin:
    """A copy of a plugin's repository.

    Attributes:
        source: The folder.
        image, provider: Of its manifest.
        plugin_id: What the platform calls it.
        environment: The sandbox's, with the base image of the plugin's framework.
    """

    def __init__(
        self, name: str, manifest: str, platform: Any, home: Path, folder: Path, **arguments: str
    ) -> None:
        self.source = shutil.copytree(PLUGINS / name, folder / name)
        self.manifest = self.source / manifest
        plugin = next(
            document
            for path in self.manifest.rglob("*.yaml")
            for document in yaml.safe_load_all(path.read_text())
            if "image" in document
        )
        self.image, self.provider = plugin["image"], plugin.get("provider")
        self.plugin_id = self.image.rpartition("/")[2]
        base = plugin_bases.framework(home, "1.12" if name.endswith("1.12") else "2.x")
        self.environment = folder / "environment.yaml"
        build = {"args": {"BASE_IMAGE": base, **arguments}}
        self.environment.write_text(
            yaml.safe_dump({"extends": str(platform.environment), "build": build, "plugin_options": None})
        )

    def arguments(self, environment: Path | None = None) -> list[str]:
        """`release …` for this plugin."""
        where = str(environment or self.environment)
        return ["release", where, "--source", str(self.source), "--manifest", str(self.manifest)]
