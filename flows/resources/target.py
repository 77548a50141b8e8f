"""What a release adds to a manifest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Target:
    """What the environment and the version determine.

    Attributes:
        version: The image's tag, and the collector's version.
        registry_type: The platform's type of the registry; None to use the manifest's.
        plugin_options: The environment's options of the plugin, which override the manifest's.
    """

    version: str
    registry_type: str | None = None
    plugin_options: Mapping[str, Any] = field(default_factory=dict)
